"""One detector, many shapes of picture: each shape gets the network at the input size that fits it."""

import logging
from collections.abc import Callable
from threading import Lock

from aimonitor.edge.backends.assembly import Loaded, asked_size
from aimonitor.edge.backends.elastic import ELASTIC, resized, snug
from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.inference import Turns
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import Detections, Picture, Size
from aimonitor.models import ModelFile, resolve

_log = logging.getLogger(__name__)

Load = Callable[[ModelFile, bytes | None, Size | None, Turns], Loaded]
"""Loads a model's file, or the given content made from it, at the given size where the file leaves it open."""


def open_fitted(request: Request, load: Load) -> Detector:
    """Return the detector of a registered model or of a file, through a runtime's `load`."""
    file, turns = resolve(request.rest, request.watch), Turns()

    def build(size: Size) -> Detector:
        return load(file, resized(file.path, size), None, turns).detector

    asked = asked_size(request)
    if asked and (request.options.get("head") or file.architecture) in ELASTIC:
        return build(asked)
    nominal = load(file, None, asked, turns)
    if asked or nominal.head not in ELASTIC:
        return nominal.detector
    return FittedDetector(nominal.detector, nominal.size, build)


class FittedDetector:
    """Looks with the network at its nominal size, or at a smaller one that holds the picture in the same detail.

    Networks are made at the first picture of a shape. Cameras may share it.
    """

    def __init__(self, nominal: Detector, size: Size, build: Callable[[Size], Detector]) -> None:
        self._size = size
        self._build = build
        self._detectors = {size: nominal}
        self._lock = Lock()

    @property
    def detail(self) -> Size:
        return self._size

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
