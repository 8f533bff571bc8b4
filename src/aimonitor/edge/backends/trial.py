"""A faster way to compute, used once it has shown on this camera's own pictures that it finds the same.

Half precision and quantization change what a network says, by how much depends on the scene. So the fast detector
runs beside the exact one until enough objects were seen, and replaces it only if it found nearly all of them.
"""

import logging
from threading import Lock

from aimonitor.edge.detector import SURE, overlap
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import Detections, Picture, Size

_log = logging.getLogger(__name__)

ENOUGH_OBJECTS = 100
ENOUGH_AGREEMENT = 0.95
_SAME_IOU = 0.6
_NEARLY = 0.75


class Trial:
    """Answers with `exact` until `fast` is trusted; `agreement` is None while it is on trial. Cameras may share it."""

    def __init__(self, exact: Detector, fast: Detector, name: str, enough: int = ENOUGH_OBJECTS) -> None:
        self._exact, self._fast = exact, fast
        self._name = name
        self._enough = enough
        self._seen = self._found = 0
        self._chosen: Detector | None = None
        self._lock = Lock()

    @property
    def agreement(self) -> float | None:
        """The share of the exact detector's objects that the fast one found, once that is decided."""
        return self._found / self._seen if self._chosen else None

    @property
    def detail(self) -> Size | None:
        return self._exact.detail

    def detect(self, picture: Picture) -> Detections:
        """Return what is seen in one picture. Raises PictureError on bad bytes."""
        if self._chosen:
            return self._chosen.detect(picture)
        exact = self._exact.detect(picture)
        self._judge(exact, self._fast.detect(picture))
        return exact

    def _judge(self, exact: Detections, fast: Detections) -> None:
        seen, found = agreeing(exact, fast)
        with self._lock:
            self._seen += seen
            self._found += found
            if self._chosen or self._seen < self._enough:
                return
            good = self._found >= ENOUGH_AGREEMENT * self._seen
            self._chosen = self._fast if good else self._exact
        verdict = "used from now on" if good else f"not used: {ENOUGH_AGREEMENT:.0%} are expected"
        _log.info("%s found %d of %d objects as exact arithmetic did; %s", self._name, self._found, self._seen, verdict)


def agreeing(exact: Detections, fast: Detections) -> tuple[int, int]:
    """How many sure objects `exact` holds, and how many of them `fast` has too: place, class, and nearly as sure."""
    shares = overlap(exact.boxes, fast.boxes)
    seen = found = 0
    for place in range(len(exact)):
        if exact.scores[place] >= SURE:
            seen += 1
            found += any(
                fast.labels[other] == exact.labels[place]
                and fast.scores[other] >= _NEARLY * SURE
                and shares[place, other] > _SAME_IOU
                for other in range(len(fast))
            )
    return seen, found
