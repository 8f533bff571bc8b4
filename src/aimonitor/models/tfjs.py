"""A TensorFlow.js graph model into ONNX, in numpy: for convolutional networks of static shape, as NanoDet is.

TensorFlow keeps images as NHWC and its graph transposes before and after every convolution. Here such a transpose
writes no node: each tensor carries the order in which its ONNX twin holds the axes, a transpose changes only that
order, and so convolutions meet the NCHW that ONNX wants. Operators follow the TensorFlow raw_ops reference and ONNX
opset 18. An operator or attribute that is not known here raises ConversionError; nothing is guessed.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]
Order = tuple[int, ...]
Node = Mapping[str, Any]

_OPSET = 18
_IR_VERSION = 10  # read by every onnxruntime since 1.18
_NHWC: Order = (0, 2, 3, 1)
_DTYPES = {"float16": "<f2", "float32": "<f4", "int32": "<i4"}


class ConversionError(ValueError):
    """The graph holds something that this converter does not know."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A TensorFlow tensor: the ONNX tensor `name` with its axes transposed by `order`."""

    name: str
    order: Order


def convert(topology: bytes, weights: bytes) -> onnx.ModelProto:
    """Return the ONNX model of a tfjs graph model: its JSON and the content of its one weight file."""
    document = json.loads(topology)
    graph = _Graph(_constants(document, weights))
    for node in document["modelTopology"]["node"]:
        _take(graph, node)
    outputs = document["signature"]["outputs"]
    return graph.finish({name.split(":")[0]: _shape(outputs[name]["tensorShape"]) for name in sorted(outputs)})


def _constants(document: Mapping[str, Any], weights: bytes) -> dict[str, Array]:
    """Read the weight file: the tensors of the manifest one after another, float16 widened to float32."""
    found: dict[str, Array] = {}
    offset = 0
    for entry in (entry for group in document["weightsManifest"] for entry in group["weights"]):
        stored = entry.get("quantization", entry)["dtype"]
        if stored not in _DTYPES:
            raise ConversionError(f"{entry['name']}: expected weights as one of {', '.join(_DTYPES)}, got {stored}")
        dtype = np.dtype(_DTYPES[stored])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        end = offset + count * dtype.itemsize
        if end > len(weights):
            raise ConversionError(f"{entry['name']}: expected {end:,} bytes of weights or more, got {len(weights):,}")
        found[entry["name"]] = np.frombuffer(weights[offset:end], dtype).reshape(entry["shape"]).astype(entry["dtype"])
        offset = end
    if offset != len(weights):
        raise ConversionError(f"expected {offset:,} bytes of weights, got {len(weights):,}")
    return found


class _Graph:
    """The ONNX graph in the making: constants by name, tensors by TensorFlow's name."""

    def __init__(self, constants: dict[str, Array]) -> None:
        self.constants = constants
        self.tensors: dict[str, _Tensor] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def input(self, name: str, shape: Sequence[int]) -> None:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.tensors[name] = _Tensor(name, tuple(range(len(shape))))

    def emit(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> None:  # noqa: ANN401
        self._nodes.append(helper.make_node(op, inputs, outputs, name=outputs[0], **attributes))

    def initializer(self, name: str, values: Array) -> str:
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def stored_as(self, name: str, order: Order) -> str:
        """The ONNX name of a tensor held in `order`; transposed for real only when it is not held so already."""
        tensor = self.tensors[name]
        if tensor.order == order:
            return tensor.name
        moved = f"{tensor.name}/as{''.join(map(str, order))}"
        back = tuple(int(place) for place in np.argsort(order))  # TensorFlow's axis that each ONNX axis shall hold
        self.emit("Transpose", [tensor.name], [moved], perm=[tensor.order[axis] for axis in back])
        return moved

    def finish(self, outputs: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
        """The checked model whose outputs bear TensorFlow's names and shapes."""
        infos = []
        for name, shape in outputs.items():
            self.emit("Identity", [self.stored_as(name, tuple(range(len(shape))))], [f"{name}:0"])
            infos.append(helper.make_tensor_value_info(f"{name}:0", TensorProto.FLOAT, shape))
        graph = helper.make_graph(self._nodes, "tfjs", self._inputs, infos, self._initializers)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="aimonitor")
        onnx.checker.check_model(model, full_check=True)
        return model


def _take(graph: _Graph, node: Node) -> None:
    op, names = node["op"], _input_names(node)
    if op == "Const":
        return
    if op in _FOLDS and all(name in graph.constants for name in names):
        graph.constants[node["name"]] = _FOLDS[op](*(graph.constants[name] for name in names))
    elif op in _RULES:
        _RULES[op](graph, node, names)
    else:
        raise ConversionError(f"{node['name']}: operator {op} is not known")


def _input_names(node: Node) -> list[str]:
    return [name.removesuffix(":0") for name in node.get("input", ()) if not name.startswith("^")]


def _shape(shape: Mapping[str, Any]) -> list[int]:
    return [int(dim.get("size", 0)) for dim in shape.get("dim", ())]


def _expect(node: Node, what: str, got: object, expected: object) -> None:
    if got != expected:
        raise ConversionError(f"{node['name']}: expected {what} {expected}, got {got}")


def _text(node: Node, attribute: str) -> str:
    return base64.b64decode(node["attr"][attribute]["s"]).decode()


def _ints(node: Node, attribute: str) -> list[int]:
    return [int(value) for value in node["attr"][attribute]["list"].get("i", ())]


# Rules: what one TensorFlow operator becomes. Each writes its nodes and says how the result is held.


def _placeholder(graph: _Graph, node: Node, names: list[str]) -> None:
    graph.input(node["name"], _shape(node["attr"]["shape"]["shape"]))


def _identity(graph: _Graph, node: Node, names: list[str]) -> None:
    graph.tensors[node["name"]] = graph.tensors[names[0]]


def _transpose(graph: _Graph, node: Node, names: list[str]) -> None:
    tensor = graph.tensors[names[0]]
    order = tuple(tensor.order[axis] for axis in graph.constants[names[1]])
    graph.tensors[node["name"]] = _Tensor(tensor.name, order)


def _conv2d(graph: _Graph, node: Node, names: list[str]) -> None:
    name = node["name"]
    _expect(node, "data format", _text(node, "data_format"), "NHWC")
    _expect(node, "padding", _text(node, "padding"), "VALID")
    held = graph.stored_as(names[0], _NHWC)
    kernel = graph.initializer(f"{name}/kernel", graph.constants[names[1]].transpose(3, 2, 0, 1))  # HWIO to OIHW
    strides, dilations = _ints(node, "strides")[1:3], _ints(node, "dilations")[1:3]
    graph.emit("Conv", [held, kernel], [name], strides=strides, dilations=dilations)
    graph.tensors[name] = _Tensor(name, _NHWC)


def _max_pool(graph: _Graph, node: Node, names: list[str]) -> None:
    name = node["name"]
    _expect(node, "data format", _text(node, "data_format"), "NHWC")
    _expect(node, "padding", _text(node, "padding"), "VALID")
    held = graph.stored_as(names[0], _NHWC)
    graph.emit("MaxPool", [held], [name], kernel_shape=_ints(node, "ksize")[1:3], strides=_ints(node, "strides")[1:3])
    graph.tensors[name] = _Tensor(name, _NHWC)


def _add(graph: _Graph, node: Node, names: list[str]) -> None:
    name = node["name"]
    first, second = names if names[0] in graph.tensors else reversed(names)
    tensor = graph.tensors[first]
    if second in graph.constants:
        bias = graph.constants[second]
        padded = bias.reshape((1,) * (len(tensor.order) - bias.ndim) + bias.shape)  # broadcasts from the last axis
        other = graph.initializer(f"{name}/bias", padded.transpose(np.argsort(tensor.order)))
    else:
        other = graph.stored_as(second, tensor.order)
    graph.emit("Add", [tensor.name, other], [name])
    graph.tensors[name] = _Tensor(name, tensor.order)


def _pad(graph: _Graph, node: Node, names: list[str]) -> None:
    name, tensor = node["name"], graph.tensors[names[0]]
    held = graph.constants[names[1]][np.argsort(tensor.order)]  # (axes, 2): before, after
    inputs = [tensor.name, graph.initializer(f"{name}/pads", held.T.reshape(-1).astype(np.int64))]
    if len(names) > 2:
        inputs.append(graph.initializer(f"{name}/value", graph.constants[names[2]].astype(np.float32)))
    graph.emit("Pad", inputs, [name])
    graph.tensors[name] = _Tensor(name, tensor.order)


def _leaky_relu(graph: _Graph, node: Node, names: list[str]) -> None:
    name, tensor = node["name"], graph.tensors[names[0]]
    graph.emit("LeakyRelu", [tensor.name], [name], alpha=float(node["attr"]["alpha"]["f"]))
    graph.tensors[name] = _Tensor(name, tensor.order)


def _sigmoid(graph: _Graph, node: Node, names: list[str]) -> None:
    name, tensor = node["name"], graph.tensors[names[0]]
    graph.emit("Sigmoid", [tensor.name], [name])
    graph.tensors[name] = _Tensor(name, tensor.order)


def _concat(graph: _Graph, node: Node, names: list[str]) -> None:
    name, parts = node["name"], names[:-1]
    order = graph.tensors[parts[0]].order
    axis = order[int(graph.constants[names[-1]])]
    graph.emit("Concat", [graph.stored_as(part, order) for part in parts], [name], axis=axis)
    graph.tensors[name] = _Tensor(name, order)


def _split(graph: _Graph, node: Node, names: list[str]) -> None:
    name, tensor = node["name"], graph.tensors[names[0]]
    sizes = graph.initializer(f"{name}/sizes", graph.constants[names[1]].astype(np.int64))
    parts = [name if part == 0 else f"{name}:{part}" for part in range(int(node["attr"]["num_split"]["i"]))]
    graph.emit("Split", [tensor.name, sizes], parts, axis=tensor.order[int(graph.constants[names[2]])])
    graph.tensors.update({part: _Tensor(part, tensor.order) for part in parts})


def _resize_bilinear(graph: _Graph, node: Node, names: list[str]) -> None:
    name, attributes = node["name"], node["attr"]
    _expect(node, "half_pixel_centers", attributes["half_pixel_centers"]["b"], True)
    _expect(node, "align_corners", attributes["align_corners"]["b"], False)
    held = graph.stored_as(names[0], _NHWC)
    sizes = graph.initializer(f"{name}/sizes", graph.constants[names[1]].astype(np.int64))
    graph.emit("Resize", [held, "", "", sizes], [name], axes=[2, 3], mode="linear")
    graph.tensors[name] = _Tensor(name, _NHWC)


def _reshape(graph: _Graph, node: Node, names: list[str]) -> None:
    name, shape = node["name"], graph.constants[names[1]].astype(np.int64)
    held = graph.stored_as(names[0], tuple(range(len(graph.tensors[names[0]].order))))
    graph.emit("Reshape", [held, graph.initializer(f"{name}/shape", shape)], [name])
    graph.tensors[name] = _Tensor(name, tuple(range(shape.size)))


def _sparse_to_dense(indices: Array, shape: Array, values: Array, default: Array) -> Array:
    dense = np.full(tuple(shape), default)
    dense[tuple(indices.reshape(-1, dense.ndim).T)] = values
    return dense


_RULES: Mapping[str, Callable[[_Graph, Node, list[str]], None]] = {
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": _concat,
    "Conv2D": _conv2d,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Placeholder": _placeholder,
    "Reshape": _reshape,
    "ResizeBilinear": _resize_bilinear,
    "Sigmoid": _sigmoid,
    "SplitV": _split,
    "Transpose": _transpose,
}

_FOLDS: Mapping[str, Callable[..., Array]] = {
    "Add": np.add,
    "AddV2": np.add,
    "SparseToDense": _sparse_to_dense,
}
"""What is worked out at once when all inputs are constants: the arithmetic of shapes."""
