"""Recorded sessions: a camera's own pictures, byte for byte, played again at the pace at which they came.

A session is a plain multipart stream in a file, `X-Timestamp` being the seconds of each part. What
`curl http://camera:81/stream > session.mjpeg` writes is one as well.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from aimonitor.common.clock import Clock
from aimonitor.edge.multipart import MultipartReader
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.sources import SourceOptions
from aimonitor.edge.sources.mjpeg import seconds_in
from aimonitor.edge.sources.playback import DEFAULT_INTERVAL_S, local_path, play
from aimonitor.edge.types import Frame, PictureError

_BOUNDARY = "aimonitor-session"
_READ = 256 * 1024
_LONGEST_GAP_S = 60.0


class ReplaySource:
    """`replay:PATH`. Raises SourceError, not retryable, when there is no such file."""

    kind = "replay"
    living = False

    def __init__(self, address: str, options: SourceOptions, clock: Clock) -> None:
        self.damaged = 0
        self._path = local_path(address)
        self._options, self._clock = options, clock
        if not self._path.is_file():
            raise self._refusal("none; check the path")

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """See Source."""
        return play(self._read_once, self._options, self._clock, stop)

    def _refusal(self, got: str) -> SourceError:
        return SourceError(f"session {str(self._path)!r}: expected a recorded session, got {got}", retryable=False)

    def _read_once(self, stop: threading.Event) -> Iterator[Arrival]:
        reader, media_s, told_s, came = MultipartReader(), 0.0, None, False
        with self._path.open("rb") as file:
            while not stop.is_set() and not reader.finished and (data := file.read(_READ)):
                for part in reader.feed(data):
                    try:
                        picture = JpegPicture(part.body)
                    except PictureError:
                        self.damaged += 1
                        continue
                    now_s = seconds_in(part.headers)
                    if came:
                        media_s += _step(told_s, now_s)
                    told_s, came = now_s, True
                    yield Arrival(picture, media_s=media_s)
        if not came and not stop.is_set():
            raise self._refusal("no picture")


def _step(before_s: float | None, now_s: float | None) -> float:
    """Seconds between two parts; a plain step where the recording does not tell, or its camera restarted."""
    if before_s is None or now_s is None or not 0 < now_s - before_s < _LONGEST_GAP_S:
        return DEFAULT_INTERVAL_S
    return now_s - before_s


class Recorder:
    """Writes a session that ReplaySource plays; use as a context manager. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._began_at: float | None = None

    def write(self, frame: Frame) -> None:
        """Append the picture of `frame`, as the camera sent it."""
        jpeg = frame.picture.jpeg()
        self._began_at = frame.at if self._began_at is None else self._began_at
        head = (
            f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n"
            f"X-Timestamp: {frame.at - self._began_at:.6f}\r\n\r\n"
        )
        self._file.write(head.encode("ascii") + jpeg + b"\r\n")

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
