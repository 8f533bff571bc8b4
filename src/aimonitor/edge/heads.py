"""What a network's numbers mean: one head per family of detectors, told by the shapes of the outputs or by name.

A head turns raw outputs into candidates, in pixels of the network's input; thresholds come first, so that only rows
that matter are decoded. Papers: YOLOX (arXiv 2107.08430), NanoDet after Generalized Focal Loss (arXiv 2006.04388),
YOLOv8/11 (Ultralytics export), YOLOv10 end to end (arXiv 2405.14458), DETR (arXiv 2005.12872) and its real-time kin.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from aimonitor.edge.types import Floats, Size

Shape = tuple[int, ...]
Indices = npt.NDArray[np.intp]

_MOST = 300
"""Candidates of a frame that are looked at, best first; the field's usual limit."""


class HeadError(ValueError):
    """The outputs fit no head that we know, or not the one that was named."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a family wants its picture: `(x - mean) / std` per channel, in `order`, letterboxed or stretched.

    A letterboxed picture lies at the top left; the rest of the input is filled with `fill` (0..255).
    """

    order: Literal["bgr", "rgb"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    letterbox: bool = True
    fill: int = 114


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes (n, 4) float32 x1 y1 x2 y2 in input pixels, scores (n,) float32, classes (n,) indices."""

    boxes: Floats
    scores: Floats
    classes: Indices


class Head(Protocol):
    """The decoder of one family. `overlaps` is False when the network itself leaves no duplicates.

    `classes` is how many the network tells apart, 0 when its outputs do not say.
    """

    @property
    def name(self) -> str: ...
    @property
    def preparation(self) -> Preparation: ...
    @property
    def overlaps(self) -> bool: ...
    @property
    def classes(self) -> int: ...
    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        """Candidates of one picture that score at least `threshold`, best first, at most 300."""
        ...


def recognize(input_size: Size, shapes: Sequence[Shape], name: str | None = None) -> Head:
    """Return the head that fits the outputs, or the named one. Raises HeadError saying what was seen."""
    if name is not None and name not in _FAMILIES:
        raise HeadError(f"there is no head {name!r}: expected one of {', '.join(_FAMILIES)}")
    for family in (name,) if name else _TOLD_BY_SHAPES:
        head = _FAMILIES[family](input_size, tuple(shapes))
        if head is not None:
            return head
    seen = ", ".join("x".join(map(str, shape)) for shape in shapes) or "no outputs"
    wanted = f"the head {name}" if name else f"any head ({', '.join(_FAMILIES)})"
    raise HeadError(f"outputs {seen} of a {input_size.width}x{input_size.height} input do not fit {wanted}")


_YOLOX_INPUT = Preparation("bgr")
_NANODET_INPUT = Preparation("bgr", mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395), fill=0)
_YOLO_INPUT = Preparation("rgb", std=(255.0, 255.0, 255.0))
_DETR_INPUT = Preparation("rgb", std=(255.0, 255.0, 255.0), letterbox=False)


@dataclass(frozen=True, slots=True)
class _Yolox:
    """[1, cells, 5 + classes]: cell offsets, log sizes, objectness and class scores in 0..1."""

    cells: Floats
    strides: Floats
    classes: int
    name: str = "yolox"
    preparation: Preparation = _YOLOX_INPUT
    overlaps: bool = True

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] < 6:
            return None
        cells, strides = _cells(size, (8, 16, 32))
        return cls(cells, strides, shapes[0][2] - 5) if shapes[0][:2] == (1, len(cells)) else None

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        rows, scores, classes = _objects_of_class(outputs[0][0], threshold)
        raw, stride = outputs[0][0][rows, :4], self.strides[rows, None]
        centers = (raw[:, :2] + self.cells[rows]) * stride
        return Candidates(_from_centers(centers, np.exp(np.minimum(raw[:, 2:], 12.0)) * stride), scores, classes)


@dataclass(frozen=True, slots=True)
class _Yolov5:
    """[1, n, 5 + classes] decoded by the network: centre, size in pixels; also YOLOX exported with its decoder."""

    classes: int
    name: str = "yolov5"
    preparation: Preparation = _YOLO_INPUT
    overlaps: bool = True

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        fits = len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][0] == 1 and shapes[0][2] >= 6
        return cls(shapes[0][2] - 5) if fits and shapes[0][1] == 3 * len(_cells(size, (8, 16, 32))[0]) else None

    @classmethod
    def decoded_yolox(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        return cls(shapes[0][2] - 5, "yolox-decoded", _YOLOX_INPUT) if _Yolox.fit(size, shapes) else None

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        rows, scores, classes = _objects_of_class(outputs[0][0], threshold)
        boxes = outputs[0][0][rows, :4]
        return Candidates(_from_centers(boxes[:, :2], boxes[:, 2:]), scores, classes)


@dataclass(frozen=True, slots=True)
class _Yolov8:
    """[1, 4 + classes, cells] decoded by the network: centre, size in pixels, class scores in 0..1."""

    classes: int
    name: str = "yolov8"
    preparation: Preparation = _YOLO_INPUT
    overlaps: bool = True

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        fits = len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][0] == 1 and shapes[0][1] >= 5
        return cls(shapes[0][1] - 4) if fits and shapes[0][2] == len(_cells(size, (8, 16, 32))[0]) else None

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        table = outputs[0][0]
        columns, scores, classes = _best(table[4:].T, threshold)
        boxes = table[:4, columns].T
        return Candidates(_from_centers(boxes[:, :2], boxes[:, 2:]), scores, classes)


@dataclass(frozen=True, slots=True)
class _EndToEnd:
    """[1, n, 6]: x1 y1 x2 y2 in pixels, score, class; no duplicates (YOLOv10, YOLO26)."""

    classes: int = 0
    name: str = "end2end"
    preparation: Preparation = _YOLO_INPUT
    overlaps: bool = False

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        fits = len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][0] == 1 and shapes[0][2] == 6
        return cls() if fits and 0 < shapes[0][1] <= 1000 else None

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        table = outputs[0][0]
        rows = _strongest(table[:, 4], threshold)
        return Candidates(table[rows, :4], table[rows, 4], _as_classes(table[rows, 5]))


@dataclass(frozen=True, slots=True)
class _Detr:
    """[1, n, 4] centre and size in fractions, [1, n, classes] logits, as RT-DETR and D-FINE are trained."""

    size: Size
    boxes: int
    classes: int
    name: str = "detr"
    preparation: Preparation = _DETR_INPUT
    overlaps: bool = False

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        if len(shapes) != 2 or any(len(shape) != 3 or shape[0] != 1 for shape in shapes):
            return None
        if shapes[0][1] != shapes[1][1] or (shapes[0][2] == 4) == (shapes[1][2] == 4):
            return None
        boxes = 0 if shapes[0][2] == 4 else 1
        return cls(size, boxes, shapes[1 - boxes][2])

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        rows, scores, classes = _best(_sigmoid(outputs[1 - self.boxes][0]), threshold)
        boxes = outputs[self.boxes][0][rows] * np.array(self.size * 2, np.float32)
        return Candidates(_from_centers(boxes[:, :2], boxes[:, 2:]), scores, classes)


@dataclass(frozen=True, slots=True)
class _DetrDeployed:
    """labels [1, n], boxes [1, n, 4] x1 y1 x2 y2 in pixels, scores [1, n], as RT-DETR and D-FINE are deployed."""

    classes: int = 0
    name: str = "detr-deployed"
    preparation: Preparation = _DETR_INPUT
    overlaps: bool = False

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        n = shapes[0][1] if len(shapes) == 3 and len(shapes[0]) == 2 else 0
        return cls() if n and shapes == ((1, n), (1, n, 4), (1, n)) else None

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        labels, boxes, scores = (output[0] for output in outputs)
        rows = _strongest(scores, threshold)
        return Candidates(boxes[rows], scores[rows], _as_classes(labels[rows]))


_BINS = 11
"""NanoDet's distances to the sides are the mean of a distribution over 0..10 strides."""


@dataclass(frozen=True, slots=True)
class _NanoDet:
    """Per stride 8, 16, 32: class scores [1, cells, classes] in 0..1 and distributions [1, cells, 4 * 11]."""

    cells: Floats
    strides: Floats
    scores: tuple[int, ...]
    distances: tuple[int, ...]
    classes: int
    name: str = "nanodet"
    preparation: Preparation = _NANODET_INPUT
    overlaps: bool = True

    @classmethod
    def fit(cls, size: Size, shapes: tuple[Shape, ...]) -> "Head | None":
        if len(shapes) != 6 or any(len(shape) != 3 or shape[0] != 1 for shape in shapes):
            return None
        counts = [len(_cells(size, (stride,))[0]) for stride in (8, 16, 32)]
        places = {(shape[1], shape[2] == 4 * _BINS): place for place, shape in enumerate(shapes)}
        wanted = [(count, kind) for kind in (False, True) for count in counts]
        if set(places) != set(wanted):
            return None
        order = tuple(places[each] for each in wanted)
        return cls(*_cells(size, (8, 16, 32)), order[:3], order[3:], shapes[order[0]][2])

    def decode(self, outputs: Sequence[Floats], threshold: float) -> Candidates:
        rows, scores, classes = _best(np.concatenate([outputs[place][0] for place in self.scores]), threshold)
        raw = np.concatenate([outputs[place][0] for place in self.distances])[rows].reshape(-1, 4, _BINS)
        sides = _softmax(raw) @ np.arange(_BINS, dtype=np.float32) * self.strides[rows, None]
        centers = (self.cells[rows] + 0.5) * self.strides[rows, None]
        return Candidates(np.hstack([centers - sides[:, :2], centers + sides[:, 2:]]), scores, classes)


def _cells(size: Size, strides: Sequence[int]) -> tuple[Floats, Floats]:
    """Column and row of every cell (n, 2) and its stride (n,), stride after stride, row by row."""
    grids, steps = [], []
    for stride in strides:
        rows, columns = -(-size.height // stride), -(-size.width // stride)
        grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
        grids.append(grid)
        steps.append(np.full(len(grid), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)


def _objects_of_class(table: Floats, threshold: float) -> tuple[Indices, Floats, Indices]:
    """Rows whose objectness times best class score reaches `threshold`, for rows of 4 + 1 + classes."""
    likely = np.flatnonzero(table[:, 4] >= threshold)  # class scores are at most 1
    rows, scores, classes = _best(table[likely, 5:] * table[likely, 4:5], threshold)
    return likely[rows], scores, classes


def _best(scores: Floats, threshold: float) -> tuple[Indices, Floats, Indices]:
    """Rows of (n, classes) whose best score reaches `threshold`, best first, with score and class."""
    tops = scores.max(axis=1, initial=0.0)
    rows = _strongest(tops, threshold)
    return rows, tops[rows], scores[rows].argmax(axis=1)


def _strongest(scores: Floats, threshold: float) -> Indices:
    """Places of the scores that reach `threshold`, best first, at most 300; NaN never does."""
    places = np.flatnonzero(scores >= threshold)
    return places[np.argsort(-scores[places], kind="stable")[:_MOST]]


def _from_centers(centers: Floats, sizes: Floats) -> Floats:
    return np.hstack([centers - sizes / 2, centers + sizes / 2])


def _as_classes(values: npt.NDArray[Any]) -> Indices:
    """Class numbers that came as floats; what is no number becomes -1, which is no class."""
    indices: Indices = np.nan_to_num(values, nan=-1.0, posinf=-1.0, neginf=-1.0).clip(-1, 1 << 20).astype(np.intp)
    return indices


def _sigmoid(logits: Floats) -> Floats:
    odds: Floats = np.exp(-logits.clip(-60.0, 60.0))
    return 1.0 / (1.0 + odds)


def _softmax(logits: Floats) -> Floats:
    powers: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


_FAMILIES: Mapping[str, Callable[[Size, tuple[Shape, ...]], Head | None]] = {
    "yolox": _Yolox.fit,
    "nanodet": _NanoDet.fit,
    "yolov8": _Yolov8.fit,
    "yolov5": _Yolov5.fit,
    "end2end": _EndToEnd.fit,
    "detr": _Detr.fit,
    "detr-deployed": _DetrDeployed.fit,
    "yolox-decoded": _Yolov5.decoded_yolox,
}
_TOLD_BY_SHAPES = tuple(name for name in _FAMILIES if name != "yolox-decoded")
"""Raw and decoded YOLOX have the same shape: raw is what its releases are, decoded must be named."""
