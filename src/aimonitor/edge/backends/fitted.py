"""One detector, many shapes of picture: each shape gets the network at the input size that fits it."""

import logging
from collections.abc import Callable
from threading import Lock

from aimonitor.edge.backends.elastic import snug
from aimonitor.edge.backends.request import BackendError
from aimonitor.edge.detector import Detector
from aimonitor.edge.types import Detections, Picture, Size

_log = logging.getLogger(__name__)


class FittedDetector:
    """Looks with the network at its nominal size, or at a smaller one that holds the picture in the same detail.

    Networks are made at the first picture of a shape. Cameras may share it.
    """

    def __init__(self, nominal: Detector, size: Size, build: Callable[[Size], Detector]) -> None:
        self._size = size
        self._build = build
        self._detectors = {size: nominal}
        self._lock = Lock()

    def detect(self, picture: Picture) -> Detections:
        """Return what is seen in one picture. Raises PictureError on bad bytes."""
        return self._fitting(snug(Size(picture.width, picture.height), self._size)).detect(picture)

    def _fitting(self, size: Size) -> Detector:
        with self._lock:
            if size not in self._detectors:
                try:
                    self._detectors[size] = self._build(size)
                except BackendError as error:
                    _log.warning("the detector stays at %dx%d: %s", *self._size, error)
                    self._detectors[size] = self._detectors[self._size]
            return self._detectors[size]
