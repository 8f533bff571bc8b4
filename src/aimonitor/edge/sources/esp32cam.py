"""An ESP32-CAM by its host alone: which firmware it has, where its pictures are, and what to do when they break.

The stream is taken where it can be had; while somebody else holds it, single pictures are asked for. A size and a
quality that were asked for are set on every connection, because a camera that rebooted has forgotten them; when too
many pictures come damaged, quality and then size are lowered.
"""

import logging
import re
import threading
from collections.abc import Iterator

from aimonitor.common.clock import Clock
from aimonitor.edge.source import CONTROLS, Arrival, SourceError
from aimonitor.edge.sources import SourceOptions, Timeouts
from aimonitor.edge.sources.address import parse_http
from aimonitor.edge.sources.esp32_control import Esp32Control
from aimonitor.edge.sources.firmware import Firmware, recognize
from aimonitor.edge.sources.frame_sizes import SIZES
from aimonitor.edge.sources.mjpeg import MjpegSource
from aimonitor.edge.types import Size

log = logging.getLogger(__name__)

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")

STOCK_STREAM_PORT = 81
_STOCK_STREAM_PATH = "/stream"

STREAM_RETRY_S = 30.0
"""How long to live on single pictures before the stream is tried again."""

_DAMAGE_WINDOW_S = 30.0
_DAMAGE_SHARE = 0.2
_DAMAGE_PICTURES = 10
_QUALITY_STEP = 8
_QUALITY_WORST = 40
_STEPS = ("QQVGA", "QVGA", "CIF", "VGA", "SVGA", "XGA", "SXGA")


def is_stock_stream(address: str) -> bool:
    """True for `http://host:81/stream`, where every Arduino firmware streams and hardly anything else does."""
    found = parse_http(address)
    return found.port == STOCK_STREAM_PORT and found.target == _STOCK_STREAM_PATH


class Esp32CamSource:
    """`esp32cam://[user:password@]host[:port]`, the port of its control pages (80); ESPHome's is that of its stream.

    A stock stream's address is taken as well; it is simply streamed when no known firmware answers beside it.
    """

    kind = "esp32cam"
    living = True

    def __init__(self, address: str, options: SourceOptions, clock: Clock) -> None:
        self._address = parse_http(address.replace("esp32cam:", "http:", 1))
        self._plain: MjpegSource | None = None
        if self._address.port == STOCK_STREAM_PORT:
            self._plain = MjpegSource(self._address, options, clock)
            self._address = self._address.at("/", port=STOCK_STREAM_PORT - 1)
        self._options, self._clock = options, clock
        self._control = Esp32Control(self._address.at("/"), timeouts=options.timeouts, clock=clock)
        self._stream: MjpegSource | None = None
        self._single: MjpegSource | None = None
        self._damaged_before = 0
        self._lit = False
        self._obeys = False
        self._adaptation = Adaptation(quality=options.quality, frame_size=options.frame_size)

    @property
    def damaged(self) -> int:
        """See Source."""
        return self._damaged_before + sum(each.damaged for each in (self._stream, self._single, self._plain) if each)

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """See Source."""
        try:
            firmware = self._recognize(stop)
            self._obeys = firmware is not None and firmware.controllable
            if firmware is not None:
                yield from self._read(firmware, stop)
            elif self._plain is not None:
                yield from self._plain.arrivals(stop)
        except SourceError:
            if not stop.is_set():
                raise
        finally:
            self._darken()

    @property
    def controls(self) -> tuple[str, ...]:
        """See Controllable."""
        return CONTROLS if self._obeys else ()

    def control(self, name: str, value: str) -> str:
        """Obey a command: frame_size NAME, quality N, led 0-255, hmirror 0|1 …; returns what was done, in words.

        Raises SourceError. May be called from any thread, also while the stream runs.
        """
        stop = threading.Event()
        if name == "frame_size":
            size = self._control.set_frame_size(value, stop)
            self._adaptation.frame_size = value.upper()
            return f"pictures are {size.width}x{size.height}"
        variable = "led_intensity" if name == "led" else name
        if not _WHOLE_NUMBER.fullmatch(value):
            raise SourceError(f"camera setting {name}: expected a whole number, got {value[:20]!r}", retryable=False)
        self._control.set(variable, int(value), stop)
        if variable == "quality":
            self._adaptation.quality = int(value)
        self._lit = self._lit if variable != "led_intensity" else int(value) > 0
        return f"{name} is {int(value)}"

    # --- reading ----------------------------------------------------------------------------------------------------

    def _recognize(self, stop: threading.Event) -> Firmware | None:
        """Ask which firmware it is; None when nobody knows but the stream's address is given."""
        try:
            return recognize(self._address, timeouts=self._options.timeouts, clock=self._clock, stop=stop)
        except SourceError as error:
            if self._plain is None or stop.is_set():
                raise
            log.debug("%s", error)
            return None

    def _open(self, firmware: Firmware) -> tuple[MjpegSource, MjpegSource]:
        self._damaged_before += sum(each.damaged for each in (self._stream, self._single) if each)
        self._stream = MjpegSource(firmware.stream(self._address), self._options, self._clock)
        self._single = MjpegSource(firmware.single(self._address), self._options, self._clock)
        return self._stream, self._single

    def _read(self, firmware: Firmware, stop: threading.Event) -> Iterator[Arrival]:
        """The stream; single pictures for a while when it cannot be had but they can; whatever breaks is raised."""
        stream, single = self._open(firmware)
        if firmware.controllable:
            self._apply(stop)
        while not stop.is_set():
            came = False
            try:
                for arrival in stream.arrivals(stop):
                    came = True
                    yield arrival
                    if firmware.controllable:
                        self._adapt(arrival, stop)
            except SourceError as error:
                if came or stop.is_set():
                    raise
                log.info("%s; asking for single pictures instead", error)
            until = self._clock.monotonic() + STREAM_RETRY_S
            for arrival in single.arrivals(stop):
                yield arrival
                if self._clock.monotonic() >= until:
                    break

    # --- control ----------------------------------------------------------------------------------------------------

    def _apply(self, stop: threading.Event) -> None:
        """Set what was asked for; a camera that refuses is used as it is."""
        wanted = self._adaptation
        try:
            if wanted.quality is not None:
                self._control.set("quality", wanted.quality, stop)
            if wanted.frame_size is not None:
                self._control.set_frame_size(wanted.frame_size, stop)
        except SourceError as error:
            log.warning("%s; using it as it is", error)

    def _adapt(self, arrival: Arrival, stop: threading.Event) -> None:
        """Ask for less when too many pictures come damaged."""
        if not self._adaptation.is_due(self.damaged, self._clock.monotonic()):
            return
        quality = self._control.status(stop).get("quality", _QUALITY_WORST)
        asked = self._adaptation.lower(quality, Size(arrival.picture.width, arrival.picture.height))
        if asked:
            log.warning("%s: too many pictures come damaged; asking for %s", self._address, asked)
            self._apply(stop)

    def _darken(self) -> None:
        """Put out the light that we lit; the camera may be gone."""
        if not self._lit:
            return
        self._lit = False
        brief = Esp32Control(self._address.at("/"), timeouts=Timeouts(0.4, 0.4, 0.4, 0.0), clock=self._clock)
        try:
            brief.set("led_intensity", 0, threading.Event())
        except SourceError as error:
            log.debug("%s", error)


class Adaptation:
    """How good the pictures shall be, and when to ask for less: more than a fifth damaged in half a minute."""

    def __init__(self, *, quality: int | None, frame_size: str | None) -> None:
        self.quality = quality
        self.frame_size = frame_size
        self._good = self._damaged = 0
        self._since_at: float | None = None

    def is_due(self, damaged: int, at: float) -> bool:
        """Count one good picture at `at`; `damaged` is the running count of the others."""
        if self._since_at is None or at - self._since_at > _DAMAGE_WINDOW_S:
            self._since_at, self._good, self._damaged = at, 0, damaged
        self._good += 1
        bad = damaged - self._damaged
        due = bad + self._good >= _DAMAGE_PICTURES and bad > _DAMAGE_SHARE * (bad + self._good)
        if due:
            self._since_at = None
        return due

    def lower(self, quality: int, size: Size) -> str:
        """Ask for less than the present `quality` and `size`, and say for what; empty when there is nothing less.

        A coarser quality comes first, a smaller size when it is coarse enough.
        """
        if quality < _QUALITY_WORST:
            self.quality = min(_QUALITY_WORST, quality + _QUALITY_STEP)
            return f"quality {self.quality}"
        smaller = [name for name in _STEPS if SIZES[name].width * SIZES[name].height < size.width * size.height]
        if not smaller:
            return ""
        self.frame_size = smaller[-1]
        return f"frame size {self.frame_size}"
