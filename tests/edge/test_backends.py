"""From an address to a detector: every scheme, one suite for all, and one line for whatever does not fit."""

import json
from dataclasses import dataclass

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from aimonitor.edge.backends import BackendError, describe, open_detector
from aimonitor.edge.backends.network import Preparer
from aimonitor.edge.backends.onnx import OnnxRuntime, input_size
from aimonitor.edge.heads import Preparation
from aimonitor.edge.types import Detections, Size
from aimonitor.models import ModelError


@dataclass
class Pixels:
    """A picture that is there already."""

    image: np.ndarray

    @property
    def width(self):
        return self.image.shape[1]

    @property
    def height(self):
        return self.image.shape[0]

    def bgr(self):
        return self.image

    def gray(self):
        return self.image[:, :, 0]

    def jpeg(self):
        raise AssertionError("no detector needs JPEG")


def noise(width=160, height=120, seed=1):
    return Pixels(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


def write_model(path, *, shape=(1, 3, 64, 64), rows=None, inputs=1, output=(1, 2, 6), notes=None):
    """A network of one constant: whatever it sees, it says `rows` (end to end, in pixels of its input)."""
    said = np.zeros(output, np.float32)
    if rows:
        said[0, : len(rows)] = rows
    names = ["images", *(f"extra{n}" for n in range(1, inputs))]
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["said", "zero"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, output)],
        [
            onnx.numpy_helper.from_array(said, "said"),
            onnx.numpy_helper.from_array(np.float32(0), "nothing"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    for key, value in (notes or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
    return path


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "mine.onnx", rows=[(0, 0, 32, 24, 0.9, 0), (32, 24, 64, 48, 0.8, 2)])


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.jsonl"
    frames = [[{"label": "person", "score": 0.9, "box": [0.1, 0.2, 0.3, 0.4]}], []]
    path.write_text("\n".join(json.dumps(frame) for frame in frames))
    return path


@pytest.mark.parametrize("scheme", ["onnx", "bare path", "motion", "scripted"])
def test_every_detector_keeps_the_promise_of_its_stage(scheme, model, script):
    spec = {"onnx": f"onnx:{model}", "bare path": str(model), "motion": "motion:", "scripted": f"scripted:{script}"}
    detector = open_detector(spec[scheme])
    for seed in range(4):
        found = detector.detect(noise(seed=seed))
        assert isinstance(found, Detections)
        assert found.boxes.dtype == found.scores.dtype == np.float32
        assert ((found.boxes >= 0) & (found.boxes <= 1)).all()
        assert (found.boxes[:, :2] <= found.boxes[:, 2:]).all()
        assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_a_model_of_ones_own_finds_what_it_says(model):
    found = open_detector(f"onnx:{model}").detect(noise(640, 480))
    assert found.labels == ("person", "car")
    np.testing.assert_allclose(found.boxes, [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])


def test_a_threshold_is_the_least_score(model):
    assert open_detector(str(model), threshold=0.95).detect(noise()).labels == ()


def test_names_come_from_the_file_or_from_a_list_of_ones_own(tmp_path):
    noted = write_model(tmp_path / "noted.onnx", rows=[(0, 0, 9, 9, 0.9, 1)], notes={"names": "{0: 'cat', 1: 'dog'}"})
    assert open_detector(str(noted)).detect(noise()).labels == ("dog",)
    names = tmp_path / "names.txt"
    names.write_text("truck\nperson\n")
    assert open_detector(f"onnx:{noted}?names={names}").detect(noise()).labels == ("person",)


def test_a_file_that_is_no_model_is_one_line_that_says_what_to_do(tmp_path):
    for content in (b"", b"<html>not found</html>" * 100):
        bad = tmp_path / "bad.onnx"
        bad.write_bytes(content)
        with pytest.raises(BackendError) as caught:
            open_detector(str(bad))
        message = str(caught.value)
        assert message.startswith(f"{bad} cannot be used as a model: ")
        assert "Give an ONNX file of a detector" in message
        assert "\n" not in message


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"output": (1, 1000)}, r"outputs 1x1000 of a 64x64 input do not fit any head"),
        ({"shape": (1, 10)}, r"expected a network that takes one image, 1x3xHEIGHTxWIDTH, got one that takes 1x10"),
        ({"shape": (8, 3, 64, 64)}, r"got one that takes 8x3x64x64"),
        ({"inputs": 2}, r"got one that also takes extra1"),
        ({"output": (1, 7, 83)}, r"outputs 1x7x83"),
    ],
)
def test_a_network_that_does_not_fit_is_told_what_was_seen(tmp_path, fault, said):
    path = write_model(tmp_path / "odd.onnx", **fault)
    with pytest.raises(BackendError, match=said):
        open_detector(str(path))


def test_names_that_do_not_match_the_network_are_refused(tmp_path):
    path = write_model(tmp_path / "three.onnx", output=(1, 7, 84))  # 84 cells of a 64x64 input, three classes
    with pytest.raises(BackendError, match="tells 3 classes apart, and 80 names are known"):
        open_detector(str(path))
    (tmp_path / "names.txt").write_text("one\ntwo\nthree\n")
    open_detector(f"onnx:{path}?names={tmp_path}/names.txt")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("tensorrt:x", "there is no detector 'tensorrt:x': expected one of yolox-nano"),
        ("onnx:{model}?heat=1", "onnx: has no option 'heat': expected one of head, names"),
        ("onnx:{model}?head", "the detector's option 'head' has no value"),
        ("onnx:{model}?head=yolox", "do not fit the head yolox"),
        ("onnx:{model}?head=ssd", "there is no head 'ssd'"),
        ("onnx:{model}?names=/nowhere.txt", "the names cannot be read from /nowhere.txt"),
        ("onnx:{model}?size=big", "expected size=WIDTHxHEIGHT"),
        ("motion:?speed=2", "motion: has no option 'speed': it takes none"),
        ("scripted:/nowhere", "the script /nowhere cannot be read"),
    ],
)
def test_an_address_that_is_wrong_says_what_was_expected(spec, said, model):
    with pytest.raises(BackendError, match=said):
        open_detector(spec.format(model=model))


def test_an_unknown_name_is_an_error_of_the_models():
    with pytest.raises(ModelError, match="there is no model 'yolo'"):
        open_detector("yolo")


@pytest.mark.parametrize(
    "content", ["", "{}x", '[{"label": "a"}]', '[{"label": "a", "box": [1, 2]}]', "[1]", '{"a": 1}', "\xff"]
)
def test_a_script_that_is_none_says_where(tmp_path, content):
    path = tmp_path / "script"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BackendError, match=str(path)):
        open_detector(f"scripted:{path}")


def test_a_script_begins_again_after_its_end(script):
    detector = open_detector(f"scripted:{script}")
    assert [len(detector.detect(noise())) for _ in range(5)] == [1, 0, 1, 0, 1]


def test_motion_is_found_where_something_moves():
    detector = open_detector("motion:")
    random = np.random.default_rng(2)
    still = random.integers(60, 180, (120, 160, 1), dtype=np.uint8).repeat(3, axis=2)
    for _ in range(20):
        assert len(detector.detect(Pixels(still))) == 0
    moved = still.copy()
    moved[40:70, 60:80] = 255
    found = detector.detect(Pixels(moved))
    assert found.labels == ("motion",)
    np.testing.assert_allclose(found.boxes[0], [60 / 160, 40 / 120, 80 / 160, 70 / 120], atol=0.04)


def test_describe_says_what_a_model_is(model):
    said = describe(str(model))
    for words in ("mine: fits", "64x64", "end2end", "1x2x6", "80: person, bicycle", "ms a picture"):
        assert words in said
    with pytest.raises(BackendError, match="motion: is no model file"):
        describe("motion:")


@pytest.mark.parametrize(
    ("shape", "asked", "size"),
    [
        ([1, 3, 416, 640], None, (640, 416)),
        (["batch", 3, "h", "w"], None, (640, 640)),
        ([None, 3, None, None], Size(416, 320), (416, 320)),
        ([1, 3, 416, 416], Size(416, 416), (416, 416)),
    ],
)
def test_the_size_of_the_input_is_the_networks_or_what_was_asked_for(shape, asked, size):
    assert input_size(shape, asked) == size


def test_a_fixed_size_cannot_be_asked_away(model):
    with pytest.raises(BackendError, match="its input is 64x64 for good, and 96x64 was asked for"):
        OnnxRuntime(model, asked=Size(96, 64))


def test_preparation_letterboxes_at_the_top_left_with_its_fill():
    image = np.full((50, 100, 3), (10, 20, 30), np.uint8)
    tensor, content = Preparer(Size(64, 64), Preparation("bgr")).prepare(image)
    assert content == (64, 32)
    assert tensor.shape == (1, 3, 64, 64)
    assert tensor[0, :, 10, 10].tolist() == [10, 20, 30]
    assert tensor[0, :, 40, 10].tolist() == [114, 114, 114]


def test_preparation_orders_and_scales():
    image = np.full((64, 64, 3), (10, 20, 30), np.uint8)
    how = Preparation("rgb", mean=(5.0, 0.0, 0.0), std=(5.0, 10.0, 2.0))
    tensor, _ = Preparer(Size(64, 64), how).prepare(image)
    np.testing.assert_allclose(tensor[0, :, 3, 3], [5, 2, 5])


def test_preparation_of_one_size_leaves_nothing_in_the_next():
    preparer = Preparer(Size(64, 64), Preparation("bgr"))
    preparer.prepare(np.full((64, 64, 3), 255, np.uint8))
    tensor, content = preparer.prepare(np.zeros((32, 64, 3), np.uint8))
    assert content == (64, 32)
    assert set(tensor[0, :, 32:].reshape(-1)) == {114}


def test_onnxruntime_has_the_threads_it_is_given_and_they_do_not_spin(model):
    options = OnnxRuntime(model, threads=2)._session.get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
