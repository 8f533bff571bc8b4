"""The exact bytes of the usual ESP32-CAM firmwares, without I/O. `docs/ref/cameras.md` names where each was read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aimonitor.simulator.camera import FrameSize

Profile = Literal["arduino1", "arduino2", "arduino3", "esphome", "tasmota"]
PROFILES: tuple[Profile, ...] = ("arduino1", "arduino2", "arduino3", "esphome", "tasmota")

Driver = Literal["old", "mid", "new"]
DRIVERS: tuple[Driver, ...] = ("old", "mid", "new")

ARDUINO_BOUNDARY = "123456789000000000000987654321"
TASMOTA_BOUNDARY = "e8b8c539-047d-4777-a985-fbba6edff11e"
ACAO = "Access-Control-Allow-Origin: *\r\n"

_COMMON = {
    "96X96": FrameSize(96, 96),
    "QQVGA": FrameSize(160, 120),
    "QCIF": FrameSize(176, 144),
    "HQVGA": FrameSize(240, 176),
    "240X240": FrameSize(240, 240),
    "QVGA": FrameSize(320, 240),
    "CIF": FrameSize(400, 296),
    "HVGA": FrameSize(480, 320),
    "VGA": FrameSize(640, 480),
    "SVGA": FrameSize(800, 600),
    "XGA": FrameSize(1024, 768),
    "HD": FrameSize(1280, 720),
    "SXGA": FrameSize(1280, 1024),
    "UXGA": FrameSize(1600, 1200),
}
_EXTRA = {"QQVGA2": FrameSize(128, 160), "128X128": FrameSize(128, 128), "320X320": FrameSize(320, 320)}
SIZES: Mapping[str, FrameSize] = {**_COMMON, **_EXTRA}

FRAME_SIZES: Mapping[Driver, tuple[str, ...]] = {
    "old": ("QQVGA", "QQVGA2", "QCIF", "HQVGA", "QVGA", "CIF", "VGA", "SVGA", "XGA", "SXGA", "UXGA"),
    "mid": tuple(_COMMON),
    "new": (
        "96X96", "QQVGA", "128X128", "QCIF", "HQVGA", "240X240", "QVGA", "320X320", "CIF", "HVGA", "VGA", "SVGA",
        "XGA", "HD", "SXGA", "UXGA",
    ),
}  # fmt: skip
"""The driver's framesize_t by age: names in the order of their index."""

_SETTINGS1 = (
    "quality", "brightness", "contrast", "saturation", "special_effect", "wb_mode", "awb", "awb_gain", "aec",
    "aec2", "ae_level", "aec_value", "agc", "agc_gain", "gainceiling", "bpc", "wpc", "raw_gma", "lenc", "hmirror",
    "vflip", "dcw", "colorbar", "face_detect", "face_enroll", "face_recognize",
)  # fmt: skip
_SETTINGS3 = (
    "quality", "brightness", "contrast", "saturation", "sharpness", "special_effect", "wb_mode", "awb",
    "awb_gain", "aec", "aec2", "ae_level", "aec_value", "agc", "agc_gain", "gainceiling", "bpc", "wpc", "raw_gma",
    "lenc", "hmirror", "dcw", "colorbar", "led_intensity",
)  # fmt: skip
_ON = {"awb", "awb_gain", "aec", "agc", "wpc", "raw_gma", "lenc", "dcw"}


def settings_of(profile: Profile) -> dict[str, int]:
    """The variables that /control can set besides framesize, at their values after boot."""
    names = _SETTINGS1 if profile == "arduino1" else [*_SETTINGS3, "vflip"]
    return {name: 12 if name == "quality" else int(name in _ON) for name in names}


def status_json(profile: Profile, framesize: int, settings: Mapping[str, int]) -> bytes:
    """The body of /status, keys in the order of the firmware."""
    if profile == "arduino1":
        status = {"framesize": framesize, **{name: settings[name] for name in _SETTINGS1}}
    else:
        registers = {"0xd3": 8, "0x111": 0, "0x132": 137}
        status = {**registers, "xclk": 20, "pixformat": 4, "framesize": framesize}
        status |= {name: settings[name] for name in _SETTINGS3}
        if profile == "arduino2":
            status |= {"face_detect": 0, "face_enroll": 0, "face_recognize": 0}
    return json.dumps(status, separators=(",", ":")).encode()


def answer(content_type: str, body: bytes, *, status: str = "200 OK", extra: str = ACAO) -> bytes:
    """A short answer as esp-idf's httpd_resp_send writes it."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


SERVER_ERROR = answer(
    "text/html", b"Server has encountered an unexpected error", status="500 Internal Server Error", extra=""
)
NOT_FOUND = answer("text/html", b"Nothing matches the given URI", status="404 Not Found", extra="")


def capture_answer(jpeg: bytes, seconds: float) -> bytes:
    """A single picture."""
    extra = f"Content-Disposition: inline; filename=capture.jpg\r\n{ACAO}X-Timestamp: {seconds:.6f}\r\n"
    return answer("image/jpeg", jpeg, extra=extra)


@dataclass(frozen=True, slots=True)
class Streaming:
    """How a firmware frames its stream. `ts_bug` is core 3's: the fraction of X-Timestamp always reads zero."""

    profile: Profile
    ts_bug: bool = True

    def head(self) -> bytes:
        """What comes before the first frame."""
        kind = f"Content-Type: multipart/x-mixed-replace;boundary={ARDUINO_BOUNDARY}\r\n"
        if self.profile == "esphome":
            return f"HTTP/1.0 200 OK\r\n{ACAO}Connection: close\r\n{kind}\r\n--{ARDUINO_BOUNDARY}\r\n".encode()
        if self.profile == "tasmota":
            kind = f"Content-Type: multipart/x-mixed-replace;boundary={TASMOTA_BOUNDARY}\r\n"
            return f"HTTP/1.1 200 OK\r\n{kind}\r\n".encode()
        head = f"HTTP/1.1 200 OK\r\n{kind}Transfer-Encoding: chunked\r\n"
        return (head + ("" if self.profile == "arduino1" else f"{ACAO}X-Framerate: 60\r\n") + "\r\n").encode()

    def frame(self, jpeg: bytes, seconds: float, *, declared: int | None = None) -> bytes:
        """One frame in its framing; `declared` is the length it claims, where that is a lie."""
        length = len(jpeg) if declared is None else declared
        part = f"Content-Type: image/jpeg\r\nContent-Length: {length}\r\n"
        if self.profile == "esphome":
            return part.encode() + b"\r\n" + jpeg + f"\r\n--{ARDUINO_BOUNDARY}\r\n".encode()
        if self.profile == "tasmota":
            return f"--{TASMOTA_BOUNDARY}\r\n{part}\r\n".encode() + jpeg + b"\r\n"
        boundary = f"\r\n--{ARDUINO_BOUNDARY}\r\n".encode()
        if self.profile == "arduino1":
            return b"".join(map(_chunk, (part.encode() + b"\r\n", jpeg, boundary)))
        fraction = 0 if self.ts_bug and self.profile == "arduino3" else round(seconds % 1 * 1e6) % 1_000_000
        part += f"X-Timestamp: {int(seconds)}.{fraction:06d}\r\n\r\n"
        return b"".join(map(_chunk, (boundary, part.encode(), jpeg)))

    def no_frame(self) -> bytes:
        """What is sent when the sensor gives nothing; all but ESPHome just close."""
        if self.profile != "esphome":
            return b""
        return b"Content-Type: text/plain\r\n\r\nNo frames send.\r\n" + f"--{ARDUINO_BOUNDARY}\r\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
