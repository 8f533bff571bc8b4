"""Kinds of cameras: a table from the scheme of an address to what opens it, imported only when used.

file:PATH, PATH       a video file, played at its own pace               file.py
http://…, https://…   Motion JPEG, or a picture that is asked for again  mjpeg.py (over http.py)
esp32cam://HOST       an ESP32-CAM of any usual firmware                 esp32cam.py
rtsp://…              RTSP, through OpenCV's FFmpeg                      video.py
usb:N                 a webcam                                           video.py
replay:PATH           a recorded session, byte for byte                  replay.py
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aimonitor.common.clock import Clock
from aimonitor.edge.source import Source, SourceError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: C:\street.mp4 is a file


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a network camera may be silent, in seconds.

    connect_s: until the connection stands, TLS included
    first_byte_s: until the first byte of the answer and of the first picture; a second viewer of an ESP32-CAM gets none
    frame_gap_s: from one whole picture to the next, however many bytes drip in between
    rest_s: how long to leave a camera alone after its stream broke; an ESP32's port is blocked for five seconds
    """

    connect_s: float = 5.0
    first_byte_s: float = 8.0
    frame_gap_s: float = 6.0
    rest_s: float = 6.0


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to read a camera; what does not apply to its kind is ignored.

    loop: begin a recording again when it ends
    paced: play a recording at its own pace; False reads as fast as the pictures are taken
    frame_size, quality: what an ESP32-CAM shall send; a name such as VGA, and 4 (best) to 63; None leaves it alone
    """

    loop: bool = False
    paced: bool = True
    timeouts: Timeouts = field(default_factory=Timeouts)
    frame_size: str | None = None
    quality: int | None = None


Factory = Callable[[str, SourceOptions, Clock], Source]
"""Opens an address; raises SourceError (not retryable) when it cannot be one."""


def open_source(
    address: str, options: SourceOptions, clock: Clock, *, more: Mapping[str, Factory] | None = None
) -> Source:
    """The source for `address`; nothing is connected yet.

    more: further schemes, such as `sim`, from programs that stand above the edge
    Raises SourceError, not retryable, when the address is wrong or names a file that is not there.
    """
    scheme = scheme_of(address)
    factories = {**FACTORIES, **(more or {})}
    if scheme not in factories:
        raise SourceError(
            f"camera address {address[:80]!r}: expected a file or one of {', '.join(sorted(factories))}, "
            f"got {scheme!r}",
            retryable=False,
        )
    return factories[scheme](address.strip(), options, clock)


def scheme_of(address: str) -> str:
    """The kind of camera that an address means: its scheme, `usb` for a bare number, else `file`."""
    address = address.strip()
    match = _SCHEME.match(address)
    if match:
        return match[1].lower()
    return "usb" if address.isdigit() else "file"


def _file(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.file import FileSource

    return FileSource(address, options, clock)


def _mjpeg(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.esp32cam import Esp32CamSource, is_stock_stream
    from aimonitor.edge.sources.mjpeg import MjpegSource

    return (Esp32CamSource if is_stock_stream(address) else MjpegSource)(address, options, clock)


def _esp32cam(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.esp32cam import Esp32CamSource

    return Esp32CamSource(address, options, clock)


def _rtsp(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.video import open_rtsp

    return open_rtsp(address, options, clock)


def _usb(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.video import open_usb

    return open_usb(address, options, clock)


def _replay(address: str, options: SourceOptions, clock: Clock) -> Source:
    from aimonitor.edge.sources.replay import ReplaySource

    return ReplaySource(address, options, clock)


FACTORIES: Mapping[str, Factory] = {
    "file": _file,
    "http": _mjpeg,
    "https": _mjpeg,
    "http+mjpeg": _mjpeg,
    "https+mjpeg": _mjpeg,
    "esp32cam": _esp32cam,
    "rtsp": _rtsp,
    "rtsps": _rtsp,
    "usb": _usb,
    "replay": _replay,
}
