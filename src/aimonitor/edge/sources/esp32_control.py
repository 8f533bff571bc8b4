"""The control side of an ESP32-CAM with an Arduino firmware: `/status`, `/control`, `/capture` on its first port."""

import threading
from collections.abc import Mapping

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts
from aimonitor.edge.sources.address import HttpAddress
from aimonitor.edge.sources.frame_sizes import DRIVERS, SIZES, Driver, consistent, number_of, telling_number
from aimonitor.edge.sources.http import fetch
from aimonitor.edge.types import PictureError, Size

RANGES: Mapping[str, range] = {
    "quality": range(4, 64),
    "brightness": range(-2, 3),
    "contrast": range(-2, 3),
    "saturation": range(-2, 3),
    "hmirror": range(2),
    "vflip": range(2),
    "led_intensity": range(256),
}
"""What may be set besides the frame size, and to which numbers. A quality below 4 overflows the driver's buffer."""

_STATUS_LIMIT = 16 * 1024
_PICTURE_LIMIT = 2 * 1024 * 1024
_STALE_PICTURES = 3
"""After a change as many pictures may still be of the old size: the driver's buffers hold them."""

_PAUSE_S = 0.2
"""After each command: the same small processor is busy with the stream."""


class Esp32Control:
    """Talks to one camera, a request at a time. Every method raises SourceError."""

    def __init__(self, address: HttpAddress, *, timeouts: Timeouts, clock: Clock) -> None:
        self._address, self._timeouts, self._clock = address, timeouts, clock
        self._drivers: list[Driver] = list(DRIVERS.values())
        self._lock = threading.Lock()

    def status(self, stop: threading.Event) -> Mapping[str, int]:
        """What /status says: the numbers by name. Any other answer than such an object is a SourceError."""
        body = self._get("/status", stop, _STATUS_LIMIT)
        try:
            answer = msgspec.json.decode(body, type=dict[str, object])
        except msgspec.MsgspecError:
            raise SourceError(f"{self._address.at('/status')}: expected the state as JSON, got {body[:40]!r}") from None
        return {name: value for name, value in answer.items() if isinstance(value, int)}

    def capture(self, stop: threading.Event) -> JpegPicture:
        """One picture."""
        try:
            return JpegPicture(self._get("/capture", stop, _PICTURE_LIMIT))
        except PictureError as error:
            raise SourceError(f"{self._address.at('/capture')}: {error}") from None

    def set(self, name: str, number: int, stop: threading.Event) -> None:
        """Set one of RANGES."""
        if name not in RANGES or number not in RANGES[name]:
            allowed = RANGES.get(name)
            expected = f"{name} of {allowed[0]} to {allowed[-1]}" if allowed else f"one of {', '.join(RANGES)}"
            raise SourceError(f"camera setting: expected {expected}, got {name}={number}", retryable=False)
        self._send(name, number, stop)

    def set_frame_size(self, name: str, stop: threading.Event) -> Size:
        """Make pictures of the size called `name`, measured by taking one; otherwise the old size is put back."""
        wanted = SIZES.get(name.upper())
        if wanted is None:
            raise SourceError(f"frame size: expected one of {', '.join(SIZES)}, got {name!r}", retryable=False)
        with self._lock:
            return self._find_frame_size(name.upper(), wanted, stop)

    def _find_frame_size(self, name: str, wanted: Size, stop: threading.Event) -> Size:
        before = self.status(stop).get("framesize", -1)
        size = self._measure(stop)
        self._learn(before, size)
        if size == wanted:
            return size
        for _ in range(len(DRIVERS)):
            number = number_of(self._drivers, name)
            if number is None:
                number = telling_number(self._drivers)
            if number is None:
                break
            self._send("framesize", number, stop)
            size = self._measure(stop, unlike=size)
            self._learn(number, size)
            if size == wanted:
                return size
        self._send("framesize", before, stop)
        raise SourceError(
            f"{self._address}: it cannot make {name} ({wanted.width}x{wanted.height}) pictures", retryable=False
        )

    def _learn(self, number: int, size: Size) -> None:
        """Keep the drivers in which `number` means `size`; when there is none the camera was changed: start anew."""
        self._drivers = consistent(self._drivers, number, size) or consistent(DRIVERS.values(), number, size)
        if not self._drivers:
            raise SourceError(
                f"{self._address}: its driver is not known: frame size {number} gives {size.width}x{size.height}",
                retryable=False,
            )

    def _measure(self, stop: threading.Event, unlike: Size | None = None) -> Size:
        """The size of the pictures now; `unlike` is the one from before, which the first ones may still have."""
        for _ in range(_STALE_PICTURES):
            picture = self.capture(stop)
            size = Size(picture.width, picture.height)
            if size != unlike:
                break
        return size

    def _send(self, name: str, number: int, stop: threading.Event) -> None:
        self._get(f"/control?var={name}&val={number}", stop, _STATUS_LIMIT)
        stop.wait(_PAUSE_S)

    def _get(self, target: str, stop: threading.Event, limit: int) -> bytes:
        address = self._address.at(target)
        head, body = fetch(address, timeouts=self._timeouts, clock=self._clock, stop=stop, limit=limit)
        if head.status != 200:
            raise SourceError(f"{address}: expected 200, got {head.status}")
        return body
