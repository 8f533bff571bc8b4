"""Stage 2: what is in the picture. A network looks, its head reads the numbers, duplicates go, the rest is named.

The stage is pure: the network is handed in and hides runtime, decoding and resizing.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aimonitor.edge.heads import Candidates, Head, Indices
from aimonitor.edge.types import ANIMALS, Detections, Floats, Picture, Size

OF_INTEREST = frozenset({"person", "bicycle", "car", "motorcycle", "bus", "truck"}) | ANIMALS
"""What is reported unless asked otherwise: everything else that COCO knows is furniture here."""


@dataclass(frozen=True, slots=True)
class Inference:
    """Raw outputs of a network for one picture, which covered `content` (pixels) from the input's top left."""

    outputs: Sequence[Floats]
    content: Size


class Network(Protocol):
    """A model in a runtime. `size` is that of its input."""

    @property
    def size(self) -> Size: ...

    def run(self, picture: Picture) -> Inference:
        """Look at one picture. Raises PictureError on bad bytes."""
        ...


SURE = 0.4
"""The score from which a detection stands on its own, of any network and in a picture of any size."""

LEAST = 0.1
"""The least score that is reported unless asked otherwise: weak ones help the tracker to hold what it has."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The raw score at which a network's precision and recall balance: lower for small pictures, which are enlarged.

    `small` holds up to 120 lines (QQVGA), `large` from 480 (VGA) on, linear in between. Scores are reported on a scale
    on which that point is `SURE`: 0 stays 0, 1 stays 1, order stays order.
    """

    small: float = SURE
    large: float = SURE

    def __post_init__(self) -> None:
        if not (0 < self.small < 1 and 0 < self.large < 1):
            raise ValueError(f"expected scores between 0 and 1, got {self}")

    def threshold(self, size: Size) -> float:
        """The raw score that counts as `SURE` in pictures of this size."""
        share = (size.height - 120) / (480 - 120)
        return self.small + min(1.0, max(0.0, share)) * (self.large - self.small)

    def exponent(self, size: Size) -> float:
        """What raw scores are raised to."""
        return math.log(SURE) / math.log(self.threshold(size))


class Detector:
    """Finds objects in single pictures and remembers nothing of them; cameras may share one if its network may be."""

    def __init__(
        self,
        network: Network,
        head: Head,
        classes: Sequence[str],
        calibration: Calibration,
        *,
        keep: Collection[str] = OF_INTEREST,
        least: float = LEAST,
        iou: float = 0.5,
    ) -> None:
        """`least` is the least score that is reported, `iou` the overlap from which two boxes of a class are one."""
        self._network = network
        self._head = head
        self._classes = tuple(classes)
        self._kept = np.array([name in keep for name in classes], dtype=np.bool_)
        self._calibration = calibration
        self._least = least
        self._iou = iou

    @property
    def detail(self) -> Size:
        """A picture is looked at in this size; what is larger loses detail."""
        return self._network.size

    def detect(self, picture: Picture) -> Detections:
        """Return what is seen in one picture, best first. Raises PictureError on bad bytes."""
        found = self._network.run(picture)
        exponent = self._calibration.exponent(Size(picture.width, picture.height))
        with np.errstate(all="ignore"):  # a network may say anything; what is no box is dropped below
            raw = self._head.decode(found.outputs, self._least ** (1 / exponent))
            candidates = self._plausible(to_fractions(raw, found.content))
        if self._head.overlaps:
            candidates = _take(candidates, nms(candidates, self._iou))
        labels = tuple(self._classes[index] for index in candidates.classes)
        return Detections(candidates.boxes, candidates.scores ** np.float32(exponent), labels)

    def _plausible(self, candidates: Candidates) -> Candidates:
        """Those of a kept class whose box has an area inside the picture."""
        boxes, classes = candidates.boxes, candidates.classes
        known = (classes >= 0) & (classes < len(self._kept))
        good = known & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        good[known] &= self._kept[classes[known]]
        return _take(candidates, np.flatnonzero(good))


def fit(picture: Size, network: Size, *, letterbox: bool) -> Size:
    """Return the size that a picture takes in the network's input, its shape kept when letterboxed."""
    if not letterbox:
        return network
    scale = min(network.width / picture.width, network.height / picture.height)
    width, height = round(picture.width * scale), round(picture.height * scale)
    return Size(min(network.width, max(1, width)), min(network.height, max(1, height)))


def to_fractions(candidates: Candidates, content: Size) -> Candidates:
    """Boxes in pixels of the input become fractions of the picture, clipped to it. NaN stays, and fails every test."""
    boxes = candidates.boxes / np.array([*content, *content], np.float32)
    return Candidates(boxes.clip(0.0, 1.0), candidates.scores.clip(0.0, 1.0), candidates.classes)


def nms(candidates: Candidates, iou: float, across: float = 0.85) -> Indices:
    """Non-maximum suppression: the places to keep of candidates in descending order of score.

    A box goes when a better one of its class overlaps it by more than `iou`, or one of another class by more than
    `across`: then both are one object that the network cannot name (a van as car and as truck).
    """
    limit = np.where(candidates.classes[:, None] == candidates.classes[None, :], iou, across)
    doubles = overlap(candidates.boxes, candidates.boxes) > limit
    alive = np.ones(len(candidates.scores), dtype=np.bool_)
    for place in range(len(alive)):
        if alive[place]:
            alive[place + 1 :] &= ~doubles[place, place + 1 :]
    return np.flatnonzero(alive)


def overlap(ours: Floats, theirs: Floats) -> Floats:
    """Intersection over union of every box of `ours` (n, 4) with every one of `theirs` (m, 4): (n, m)."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    sides = (high - low).clip(0.0)
    shared: Floats = sides[..., 0] * sides[..., 1]
    union = _areas(ours)[:, None] + _areas(theirs)[None, :] - shared
    share: Floats = shared / np.maximum(union, np.float32(1e-9))
    return share


def _areas(boxes: Floats) -> Floats:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _take(candidates: Candidates, places: Indices) -> Candidates:
    return Candidates(candidates.boxes[places], candidates.scores[places], candidates.classes[places])
