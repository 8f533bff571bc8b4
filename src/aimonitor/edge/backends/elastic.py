"""A convolutional network at another input size: the padding that a camera's shape would need is not computed.

A 4:3 picture fills three quarters of a square input; the rest is gray and costs as much as the picture. YOLOX and
NanoDet are convolutions throughout, so their files need only be told: the input's shape, the sizes of upsampling
and the number of cells in reshapes. What the network then says is checked by running it (the head counts its cells).
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from aimonitor.edge.backends.request import BackendError
from aimonitor.edge.types import Size

ELASTIC = frozenset({"yolox", "nanodet"})
"""Heads whose networks this is true of."""

STRIDE = 32
"""The coarsest grid of these networks, of which input sides must be multiples."""

_STRIDES = (8, 16, 32)


def snug(picture: Size, nominal: Size) -> Size:
    """The smallest input that holds the picture at the scale at which `nominal` would: no less detail, less padding."""
    scale = min(nominal.width / picture.width, nominal.height / picture.height)
    width, height = (STRIDE * max(1, math.ceil(side * scale / STRIDE - 1e-9)) for side in picture)
    return Size(min(width, nominal.width), min(height, nominal.height))


def resized(path: Path, size: Size) -> bytes:
    """Return the file's network for another input size. Raises BackendError when its input is no fixed image."""
    if size.width % STRIDE or size.height % STRIDE:
        raise BackendError(f"expected an input size in multiples of {STRIDE}, got {size.width}x{size.height}")
    model = onnx.load(str(path))
    dims = model.graph.input[0].type.tensor_type.shape.dim
    if len(dims) != 4 or not (dims[2].dim_value and dims[3].dim_value):
        raise BackendError(f"{path}: expected an input of fixed size to change to {size.width}x{size.height}")
    old = Size(dims[3].dim_value, dims[2].dim_value)
    dims[2].dim_value, dims[3].dim_value = size.height, size.width
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    constants |= {node.output[0]: node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"}
    for node in model.graph.node:
        place = {"Reshape": 1, "Resize": 3}.get(node.op_type)
        tensor = constants.get(node.input[place]) if place is not None and len(node.input) > place else None
        if tensor is not None:
            values = numpy_helper.to_array(tensor)
            changed = _cells_left_open(values, old) if node.op_type == "Reshape" else _scaled(values, old, size)
            tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
    return bytes(model.SerializeToString())


def _cells_left_open(shape: npt.NDArray[Any], old: Size) -> npt.NDArray[Any]:
    """A reshape's target with the number of cells of a grid replaced by -1, whatever it comes to."""
    cells = {(old.width // stride) * (old.height // stride) for stride in _STRIDES}
    return shape if -1 in shape else np.array([-1 if value in cells else value for value in shape], shape.dtype)


def _scaled(sizes: npt.NDArray[Any], old: Size, new: Size) -> npt.NDArray[Any]:
    """The target of an upsampling, height and width last, in the new proportion."""
    changed = sizes.copy()
    changed[-2:] = sizes[-2] * new.height // old.height, sizes[-1] * new.width // old.width
    return changed
