"""RTSP cameras and webcams, through OpenCV.

A driver may block for as long as it likes and cannot be interrupted. So each connection has a thread of its own that
does nothing but read, hands over the newest picture and is left behind when it hangs; FFmpeg's own limits end it some
seconds later. Pictures that FFmpeg hoarded while it opened the stream fall out on the way: the newest wins.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import cv2
import numpy as np

from aimonitor.common.clock import Clock
from aimonitor.common.mailbox import Latest
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.sources import SourceOptions, Timeouts
from aimonitor.edge.sources.address import check_literal, pinned, without_secrets
from aimonitor.edge.sources.file import reduced

log = logging.getLogger(__name__)

_NAP_S = 0.1
_LEFT_BEHIND_LIMIT = 3
_DEVICE = re.compile(r"\d{1,3}|/dev/video\d{1,3}|/dev/v4l/by-(?:id|path)/[\w.:+-]+")

OpenVideo = Callable[[], cv2.VideoCapture]
"""Opens a connection, in a thread of its own; may raise SourceError."""


class VideoSource:
    """Anything that OpenCV opens. `name` is shown to people, `advice` when it does not open."""

    living = True
    damaged = 0

    def __init__(
        self, kind: str, name: str, open_video: OpenVideo, *, advice: str, timeouts: Timeouts, clock: Clock
    ) -> None:
        self.kind = kind
        self._name, self._advice = name, advice
        self._open_video = open_video
        self._timeouts, self._clock = timeouts, clock
        self._left_behind: list[_Reader] = []

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """See Source."""
        self._left_behind = [reader for reader in self._left_behind if reader.is_alive()]
        if len(self._left_behind) >= _LEFT_BEHIND_LIMIT:
            raise SourceError(f"{self._name}: {_LEFT_BEHIND_LIMIT} connections still hang in the driver")
        reader = _Reader(self._name, self._open_video)
        reader.start()
        try:
            yield from self._take(reader, stop)
        finally:
            reader.give_up()
            reader.join(0.25)
            if reader.is_alive():
                self._left_behind.append(reader)

    def _take(self, reader: "_Reader", stop: threading.Event) -> Iterator[Arrival]:
        limit_s = self._timeouts.connect_s + self._timeouts.first_byte_s
        since_at = self._clock.monotonic()
        while not stop.is_set():
            picture = reader.pictures.get(_NAP_S)
            if picture is not None:
                yield Arrival(picture)
                since_at, limit_s = self._clock.monotonic(), self._timeouts.frame_gap_s
            elif reader.pictures.closed:
                words = self._advice if reader.count == 0 else "the stream ended"
                raise reader.trouble or SourceError(f"{self._name}: {words}")
            elif self._clock.monotonic() - since_at > limit_s:
                raise SourceError(f"{self._name}: no picture for {limit_s:.0f} s")


class _Reader(threading.Thread):
    """Reads one connection until it ends or is given up, and closes `pictures` then."""

    def __init__(self, name: str, open_video: OpenVideo) -> None:
        super().__init__(name=f"video-{name}", daemon=True)
        self.pictures: Latest[ArrayPicture] = Latest()
        self.count = 0
        self.trouble: SourceError | None = None
        self._open_video = open_video
        self._given_up = threading.Event()

    def give_up(self) -> None:
        self._given_up.set()
        self.pictures.close()

    def run(self) -> None:
        try:
            self._read()
        except SourceError as error:
            self.trouble = error
        except Exception:  # top of the thread: whatever a driver throws ends this connection only
            log.exception("%s", self.name)
        finally:
            while not self._given_up.is_set() and not self.pictures.wait_taken(_NAP_S):
                pass
            self.pictures.close()

    def _read(self) -> None:
        video = self._open_video()
        try:
            while not self._given_up.is_set():
                done, image = video.read()
                if not done:
                    return
                self.count += 1
                self.pictures.put(ArrayPicture(reduced(np.asarray(image, np.uint8))))
        finally:
            video.release()


def open_rtsp(address: str, options: SourceOptions, clock: Clock) -> VideoSource:
    """`rtsp://[user:password@]host[:port]/path`, over TCP. Raises SourceError when it is no such address."""
    shown = without_secrets(address)
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    if not host:
        raise SourceError(f"camera address {shown[:80]!r}: expected rtsp://host[:port]/path", retryable=False)
    check_literal(host)
    timeouts = options.timeouts
    parameters: Sequence[int] = (
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(timeouts.connect_s * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(timeouts.frame_gap_s * 500),
        cv2.CAP_PROP_N_THREADS, 1,
    )  # fmt: skip
    return VideoSource(
        "rtsp",
        shown,
        lambda: cv2.VideoCapture(pinned(address), cv2.CAP_FFMPEG, parameters),
        advice="no stream; is the camera on, and are path, user and password right?",
        timeouts=timeouts,
        clock=clock,
    )


def open_usb(address: str, options: SourceOptions, clock: Clock) -> VideoSource:
    """`usb:N`, a bare `N`, or `usb:/dev/videoN`. Raises SourceError for others, which OpenCV would take for files."""
    device = address.partition(":")[2] or address
    if not _DEVICE.fullmatch(device):
        raise SourceError(
            f"camera address {address[:80]!r}: expected usb:N or usb:/dev/videoN, got {device[:40]!r}", retryable=False
        )
    name: int | str = int(device) if device.isdigit() else device

    def open_video() -> cv2.VideoCapture:
        video = cv2.VideoCapture(name)
        video.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return video

    return VideoSource(
        "usb",
        f"webcam {device}",
        open_video,
        advice="it does not open; is it plugged in, and does no other program use it?",
        timeouts=options.timeouts,
        clock=clock,
    )
