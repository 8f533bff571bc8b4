"""Motion JPEG over HTTP: an endless multipart answer, or one picture that is asked for again and again."""

import re
import threading
from collections.abc import Iterator, Mapping

from aimonitor.common.clock import Clock
from aimonitor.edge.multipart import PART_LIMIT, MultipartReader, Part
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.sources import SourceOptions
from aimonitor.edge.sources.address import HttpAddress, parse_http
from aimonitor.edge.sources.http import Head, HttpStream
from aimonitor.edge.types import PictureError

POLL_INTERVAL_S = 1.0
"""From one single picture to the request for the next; there is never more than one."""

_BOUNDARY = re.compile(r"boundary=\"?([^\";,\s]+)", re.IGNORECASE)
_PICTURES = ("multipart/", "image/jpeg", "application/octet-stream")
"""Content types that may be pictures; FFmpeg's server knows no better than the last."""

_ADVICE = {
    401: "it wants a user and a password: http://user:password@host/…",
    403: "it refuses this user",
    404: "nothing is at this path; an ESP32-CAM streams at :81/stream",
    431: "it finds the request too long",
    500: "it could not take a picture",
    503: "it is busy; does another viewer hold the stream?",
}


class MjpegSource:
    """A camera at an HTTP address; what it answers decides whether it is streamed or polled."""

    kind = "http+mjpeg"
    living = True

    def __init__(self, address: str | HttpAddress, options: SourceOptions, clock: Clock) -> None:
        self.damaged = 0
        self._address = address if isinstance(address, HttpAddress) else parse_http(address)
        self._timeouts = options.timeouts
        self._clock = clock

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """See Source."""
        try:
            while not stop.is_set():
                with HttpStream(self._address, timeouts=self._timeouts, clock=self._clock, stop=stop) as answer:
                    self._check(answer.head)
                    if answer.head.content_type == "image/jpeg":
                        yield from self._single(answer)
                    else:
                        yield from self._stream(answer, stop)
                stop.wait(POLL_INTERVAL_S)
        except SourceError:
            if not stop.is_set():
                raise

    def _stream(self, answer: HttpStream, stop: threading.Event) -> Iterator[Arrival]:
        """Pictures until the stream breaks, which it always does: this ends with a SourceError unless stopped."""
        found = _BOUNDARY.search(answer.head.headers.get("content-type", ""))
        reader = MultipartReader(found[1] if found else None)
        deadline = self._clock.monotonic() + self._timeouts.first_byte_s
        silence = "no picture in time; does another viewer hold the stream?"
        while not stop.is_set():
            try:
                data = answer.read(deadline)
            except SourceError as error:
                late = self._clock.monotonic() >= deadline
                raise self._broken(silence if late else str(error)) from None
            if stop.is_set():
                return
            for part in reader.feed(data):
                arrival = self._open(part)
                if arrival is not None:
                    yield arrival
                    deadline = self._clock.monotonic() + self._timeouts.frame_gap_s
                    silence = f"no whole picture for {self._timeouts.frame_gap_s:.0f} s"
            if not data or reader.finished:
                raise self._broken("the camera closed the stream")

    def _single(self, answer: HttpStream) -> Iterator[Arrival]:
        """The one picture in `answer`, unless it is damaged."""
        arrival = self._open(Part(answer.head.headers, answer.read_all(PART_LIMIT)))
        if arrival is not None:
            yield arrival

    def _check(self, head: Head) -> None:
        """Raise SourceError unless pictures follow."""
        if head.status != 200:
            advice = _ADVICE.get(head.status, "expected 200")
            raise SourceError(f"{self._address}: it answered {head.status}: {advice}")
        if not head.content_type.startswith(_PICTURES):
            raise SourceError(
                f"{self._address}: expected Motion JPEG or a JPEG, got {head.content_type[:40] or 'no content type'}; "
                "is this the stream's address? An ESP32-CAM streams at :81/stream"
            )

    def _open(self, part: Part) -> Arrival | None:
        """The picture in `part`; None, and counted, when it is damaged; None when it is text."""
        if part.headers.get("content-type", "image/jpeg").partition("/")[0].lower() != "image":
            return None
        try:
            picture = JpegPicture(part.body) if part.whole else None
        except PictureError:
            picture = None
        if picture is None:
            self.damaged += 1
            return None
        return Arrival(picture, device_s=seconds_in(part.headers))

    def _broken(self, words: str) -> SourceError:
        """The stream broke: the camera needs its rest, because an ESP32 notices a lost viewer only after seconds."""
        return SourceError(
            words if str(self._address) in words else f"{self._address}: {words}", rest_s=self._timeouts.rest_s
        )


def seconds_in(headers: Mapping[str, str]) -> float | None:
    """The camera's clock in a part's X-Timestamp, which stock firmwares send as seconds since boot."""
    try:
        value = float(headers.get("x-timestamp", ""))
    except ValueError:
        return None
    return value if 0 <= value < 1e11 else None
