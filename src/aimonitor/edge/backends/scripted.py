"""A detector that says what a file says: for demonstrations and tests without a network.

The file holds one JSON array a frame (JSON Lines), of objects `{"label": "person", "score": 0.9, "box": [x1, y1, x2,
y2]}` with the box in fractions of the picture; after the last line it begins again.
"""

import json
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from threading import Lock

import numpy as np

from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.types import Detections, Picture


class ScriptedDetector:
    """Gives its detections in turn, whatever the picture."""

    def __init__(self, script: Sequence[Detections]) -> None:
        if not script:
            raise ValueError("expected at least one frame in the script")
        self._next = cycle(script)
        self._lock = Lock()

    detail = None

    def detect(self, picture: Picture) -> Detections:
        with self._lock:
            return next(self._next)


def open_scripted(request: Request) -> ScriptedDetector:
    """Return the detector of a script's path."""
    request.only()
    path = Path(request.rest).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackendError(f"the script {path} cannot be read: {error}") from None
    script = [_frame(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not script:
        raise BackendError(f"the script {path} is empty: expected one JSON array a line")
    return ScriptedDetector(script)


def _frame(line: str, where: str) -> Detections:
    try:
        found = json.loads(line)
        boxes = np.array([each["box"] for each in found], np.float32).reshape(len(found), 4)
        scores = np.array([each.get("score", 1.0) for each in found], np.float32)
        return Detections(boxes, scores, tuple(str(each["label"]) for each in found))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackendError(
            f'{where}: expected an array of {{"label": …, "score": …, "box": [x1, y1, x2, y2]}}: {error!r}'
        ) from None
