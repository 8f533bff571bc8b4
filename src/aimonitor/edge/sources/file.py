"""A video file as a camera: paced by its own frame times, once or in a loop, or as fast as its pictures are taken."""

import threading
from collections.abc import Iterator

import cv2
import numpy as np

from aimonitor.common.clock import Clock
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.sources import SourceOptions
from aimonitor.edge.sources.playback import local_path, play
from aimonitor.edge.types import Image

PIXEL_LIMIT = 1920 * 1200
"""Pictures with more pixels are reduced when read: no detector here uses them, and every viewer would pay for them."""

_DEFAULT_FPS = 25.0


class FileSource:
    """Any video that OpenCV's FFmpeg opens. Raises SourceError, not retryable, when there is no such file."""

    kind = "file"
    living = False
    damaged = 0

    def __init__(self, address: str, options: SourceOptions, clock: Clock) -> None:
        self._path = local_path(address)
        self._options = options
        self._clock = clock
        if not self._path.is_file():
            raise self._refusal("a video file", "none; check the path")

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """See Source."""
        return play(self._read_once, self._options, self._clock, stop)

    def _refusal(self, expected: str, got: str) -> SourceError:
        return SourceError(f"camera file {str(self._path)!r}: expected {expected}, got {got}", retryable=False)

    def _read_once(self, stop: threading.Event) -> Iterator[Arrival]:
        """From the first picture to the last, with times that start at 0 and never run backwards."""
        video = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, (cv2.CAP_PROP_N_THREADS, 1))
        try:
            if not video.isOpened():
                raise self._refusal("a video", "something else")
            fps = video.get(cv2.CAP_PROP_FPS)
            interval_s = 1 / fps if 0.1 < fps < 1000 else 1 / _DEFAULT_FPS
            first_s: float | None = None
            last_s = -interval_s
            while not stop.is_set():
                done, image = video.read()
                if not done and first_s is None:
                    raise self._refusal("a video", "no picture")
                if not done:
                    return
                told_s = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
                first_s = told_s if first_s is None else first_s
                media_s = told_s - first_s
                if not last_s < media_s <= last_s + 10:  # no frame times, or broken ones
                    media_s = last_s + interval_s
                last_s = media_s
                yield Arrival(ArrayPicture(reduced(np.asarray(image, np.uint8))), media_s=media_s)
        finally:
            video.release()


def reduced(image: Image) -> Image:
    """The (height, width, 3) picture, halved until it has at most PIXEL_LIMIT pixels."""
    while image.shape[0] * image.shape[1] > PIXEL_LIMIT:
        size = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return image
