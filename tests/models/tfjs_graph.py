"""A small tfjs graph model that has every operator, with what TensorFlow would compute from it, in numpy."""

import base64
import json

import numpy as np

RANDOM = np.random.default_rng(7)


class Graph:
    """A tfjs graph model in the making, and what TensorFlow would compute from it."""

    def __init__(self, image):
        self.nodes = []
        self.weights = []
        self.values = {}
        self.add("Placeholder", "image", [], image, shape={"shape": shape_of(image)})

    def add(self, op, name, inputs, value, **attributes):
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": attributes})
        self.values[name] = value
        return name

    def constant(self, name, values, stored=None):
        values = np.asarray(values)
        kept = values.astype(stored) if stored else values
        self.weights.append((name, values, kept))
        return self.add("Const", name, [], kept.astype(values.dtype))

    def model(self, outputs):
        entries = []
        for name, values, kept in self.weights:
            entry = {"name": name, "shape": list(values.shape), "dtype": str(values.dtype)}
            if kept.dtype != values.dtype:
                entry["quantization"] = {"dtype": str(kept.dtype), "original_dtype": str(values.dtype)}
            entries.append(entry)
        topology = {
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": ["w.bin"], "weights": entries}],
            "signature": {"outputs": {f"{name}:0": {"tensorShape": shape_of(self.values[name])} for name in outputs}},
        }
        return json.dumps(topology).encode(), b"".join(kept.tobytes() for _, _, kept in self.weights)


def shape_of(values):
    return {"dim": [{"size": str(size)} for size in values.shape]}


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def ints(*values):
    return {"list": {"i": [str(value) for value in values]}}


def slide(image, height, width, stride):
    """Every window of an NHWC image: (1, rows, columns, height, width, channels)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(1, 2))
    return np.moveaxis(windows[:, ::stride, ::stride], 3, -1)


def bilinear(image, height, width):
    """TensorFlow's ResizeBilinear with half pixel centers, in NHWC."""

    def places(new, old):
        at = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, old - 1), at - low

    y0, y1, fy = places(height, image.shape[1])
    x0, x1, fx = places(width, image.shape[2])
    fx = fx[:, None]
    top = image[:, y0][:, :, x0] * (1 - fx) + image[:, y0][:, :, x1] * fx
    bottom = image[:, y1][:, :, x0] * (1 - fx) + image[:, y1][:, :, x1] * fx
    fy = fy[:, None, None]
    return top * (1 - fy) + bottom * fy


def small_network():
    """NCHW in, as a network that came from PyTorch through TensorFlow: transposes wherever an image is touched."""
    image = RANDOM.normal(size=(1, 3, 12, 10)).astype(np.float32)
    g = Graph(image)
    v = g.values
    g.constant("pads", np.array([[0, 0], [0, 0], [1, 1], [2, 0]], np.int32))
    g.add("Pad", "pad", ["image", "pads"], np.pad(image, [(0, 0), (0, 0), (1, 1), (2, 0)]))
    g.constant("to_nhwc", np.array([0, 2, 3, 1], np.int32))
    g.constant("to_nchw", np.array([0, 3, 1, 2], np.int32))
    g.add("Transpose", "nhwc", ["pad", "to_nhwc"], v["pad"].transpose(0, 2, 3, 1))
    kernel = g.constant("kernel", RANDOM.normal(size=(3, 3, 3, 8)).astype(np.float32), stored=np.float16)
    conv = np.einsum("nyxhwc,hwco->nyxo", slide(v["nhwc"], 3, 3, 2), v[kernel])
    how = {"padding": text("VALID"), "data_format": text("NHWC")}
    g.add("Conv2D", "conv", ["nhwc", kernel], conv, strides=ints(1, 2, 2, 1), dilations=ints(1, 1, 1, 1), **how)
    g.constant("bias", RANDOM.normal(size=8).astype(np.float32))
    g.add("Add", "biased", ["conv", "bias"], conv + v["bias"])
    g.add("Transpose", "back", ["biased", "to_nchw"], v["biased"].transpose(0, 3, 1, 2))
    g.add("LeakyRelu", "leaky", ["back"], np.where(v["back"] > 0, v["back"], v["back"] * 0.1), alpha={"f": 0.1})
    g.constant("lowest", np.float32(-9))
    g.add(
        "PadV2",
        "pooling_pad",
        ["leaky", "pads", "lowest"],
        np.pad(v["leaky"], [(0, 0), (0, 0), (1, 1), (2, 0)], constant_values=-9),
    )
    g.add("Transpose", "pool_in", ["pooling_pad", "to_nhwc"], v["pooling_pad"].transpose(0, 2, 3, 1))
    pooled = slide(v["pool_in"], 3, 3, 2).max(axis=(3, 4))
    g.add("MaxPool", "pool", ["pool_in"], pooled, ksize=ints(1, 3, 3, 1), strides=ints(1, 2, 2, 1), **how)
    rows, columns = v["leaky"].shape[2:]
    g.constant("size", np.array([rows, columns], np.int32))
    half = {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}}
    g.add("ResizeBilinear", "larger", ["pool", "size"], bilinear(pooled, rows, columns), **half)
    g.add("Transpose", "larger_back", ["larger", "to_nchw"], v["larger"].transpose(0, 3, 1, 2))
    g.add("Add", "sum", ["leaky", "larger_back"], v["leaky"] + v["larger_back"])
    g.constant("channels", np.int32(1))
    joined = np.concatenate([v["sum"], v["leaky"]], axis=1)
    g.add("ConcatV2", "joined", ["sum", "leaky", "channels"], joined)
    g.constant("sizes", np.array([6, 10], np.int32))
    g.add("SplitV", "split", ["joined", "sizes", "channels"], joined[:, :6], num_split={"i": "2"})
    g.add("Sigmoid", "scores", ["split"], 1 / (1 + np.exp(-joined[:, :6])))
    g.constant("where", np.zeros((0, 1), np.int32))
    g.constant("three", np.array([3], np.int32))
    g.constant("nothing", np.zeros(0, np.int32))
    g.constant("zero", np.int32(0))
    g.add("SparseToDense", "zeros", ["where", "three", "nothing", "zero"], np.zeros(3, np.int32))
    g.constant("wanted", np.array([1, 10, rows * columns], np.int32))
    g.add("AddV2", "flat_shape", ["wanted", "zeros"], v["wanted"])
    flat = joined[:, 6:].reshape(1, 10, -1)
    g.add("Reshape", "flat", ["split:1", "flat_shape"], flat)
    g.constant("swap", np.array([0, 2, 1], np.int32))
    g.add("Transpose", "rows", ["flat", "swap"], flat.transpose(0, 2, 1))
    g.add("Identity", "distances", ["rows"], v["rows"])
    return image, g
