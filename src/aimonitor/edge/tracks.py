"""What is found in a picture, and what is followed from one to the next."""

from dataclasses import dataclass
from typing import Final

from aimonitor.edge.kalman import LEAST_SIDE, Motion, Shape
from aimonitor.edge.types import ANIMALS, VEHICLES, Detections

_INFINITE: Final = float("inf")


class Found:
    """One valid detection: center x and y, width and height, in heights of the picture.

    Labels that a detector takes for one another are of one kind. No dataclass: compiled, only an `__init__` that is
    written out is quick.
    """

    __slots__ = ("height", "kind", "label", "score", "width", "x", "y")

    def __init__(self, shape: Shape, score: float, label: str, kind: str) -> None:
        self.x, self.y, self.width, self.height = shape
        self.score = score
        self.label = label
        self.kind = kind

    @property
    def shape(self) -> Shape:
        """Where it is."""
        return self.x, self.y, self.width, self.height


@dataclass(slots=True)
class Target:
    """One object that is followed. It has no id (0) until it is confirmed.

    unseen_s: how long it was missing while somebody looked
    votes:    stand behind the label (Boyer and Moore, 1981)
    proof:    sum of the scores of all its detections
    """

    center: Motion
    size: Motion
    score: float
    label: str
    kind: str
    first_at: float
    seen_at: float
    votes: float
    proof: float
    unseen_s: float = 0.0
    track_id: int = 0

    @property
    def shape(self) -> Shape:
        """Where it should be."""
        center, size = self.center, self.size
        return center.x, center.y, size.x, size.y

    @classmethod
    def begin(cls, center: Motion, size: Motion, one: Found, at: float) -> "Target":
        """Of a first detection."""
        return cls(center, size, one.score, one.label, one.kind, at, at, one.score, one.score)

    def see(self, score: float, label: str, at: float) -> None:
        """A detection was found for it. The label is the majority's, by score."""
        self.score, self.seen_at, self.unseen_s = score, at, 0.0
        self.proof += score
        if label == self.label:
            self.votes += score
            return
        self.votes -= score
        if self.votes < 0.0:
            self.label, self.votes = label, -self.votes


def kind_of(label: str) -> str:
    """One name for all labels that a detector takes for one another."""
    return next((min(family) for family in (VEHICLES, ANIMALS) if label in family), label)


class Reader:
    """Reads the detections of one camera."""

    def __init__(self, aspect: float) -> None:
        """`aspect` is width / height of the picture."""
        self._aspect = aspect
        self._kinds: dict[str, str] = {}

    def read(self, detections: Detections) -> list[Found]:
        """The valid ones of `detections`."""
        aspect, kinds, found = self._aspect, self._kinds, []
        rows = zip(detections.boxes.tolist(), detections.scores.tolist(), detections.labels, strict=True)
        for (x1, y1, x2, y2), score, label in rows:
            width, height = aspect * (x2 - x1), y2 - y1
            if width >= LEAST_SIDE and height >= LEAST_SIDE and abs(x1 + x2 + y1 + y2 + score) < _INFINITE:
                shape = 0.5 * aspect * (x1 + x2), 0.5 * (y1 + y2), width, height
                kind = kinds.get(label)
                if kind is None:
                    kind = kinds[label] = kind_of(label)
                found.append(Found(shape, score, label, kind))
        return found
