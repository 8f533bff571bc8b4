"""The converter against TensorFlow's operators written out in numpy, on a small graph that has them all."""

import numpy as np
import onnxruntime
import pytest
from tfjs_graph import small_network, text

from aimonitor.models.tfjs import ConversionError, convert


def test_every_operator_computes_what_tensorflow_computes():
    image, graph = small_network()
    model = convert(*graph.model(["scores", "distances", "larger"]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert names == ["distances:0", "larger:0", "scores:0"]
    for name, values in zip(names, session.run(None, {"image": image}), strict=True):
        np.testing.assert_allclose(values, graph.values[name.removesuffix(":0")], atol=1e-5, err_msg=name)


def test_transposes_between_convolutions_write_no_nodes():
    _, graph = small_network()
    model = convert(*graph.model(["scores"]))
    assert "Transpose" not in {node.op_type for node in model.graph.node}


def test_an_unknown_operator_is_named():
    _, graph = small_network()
    graph.add("Einsum", "strange", ["scores"], graph.values["scores"])
    with pytest.raises(ConversionError, match="strange: operator Einsum is not known"):
        convert(*graph.model(["scores"]))


def test_weights_of_another_length_are_refused():
    _, graph = small_network()
    topology, weights = graph.model(["scores"])
    with pytest.raises(ConversionError, match="bytes of weights"):
        convert(topology, weights + b"xx")
    with pytest.raises(ConversionError, match=r"wanted: expected .* bytes of weights"):
        convert(topology, weights[:-13])


def test_an_attribute_that_would_change_the_result_is_refused():
    _, graph = small_network()
    conv = next(node for node in graph.nodes if node["op"] == "Conv2D")
    conv["attr"]["padding"] = text("SAME")
    with pytest.raises(ConversionError, match="conv: expected padding VALID, got SAME"):
        convert(*graph.model(["scores"]))
