"""Which firmware an ESP32-CAM has, from what it answers, and where its pictures are therefore."""

import threading
from dataclasses import dataclass

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts
from aimonitor.edge.sources.address import HttpAddress
from aimonitor.edge.sources.http import HttpStream

_BODY_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class Firmware:
    """Paths, and ports as distances from the port that was asked. `controllable`: has /status and /control."""

    name: str
    stream_path: str
    single_path: str
    stream_port_step: int = 1
    single_port_step: int = 0
    controllable: bool = False

    def stream(self, address: HttpAddress) -> HttpAddress:
        return address.at(self.stream_path, port=address.port + self.stream_port_step)

    def single(self, address: HttpAddress) -> HttpAddress:
        return address.at(self.single_path, port=address.port + self.single_port_step)


ARDUINO = Firmware("Arduino CameraWebServer", "/stream", "/capture", controllable=True)
ARDUINO1 = Firmware("Arduino CameraWebServer, core 1.0", "/stream", "/capture", controllable=True)
EASYTARGET = Firmware("easytarget esp32-cam-webserver", "/", "/capture", controllable=True)
TASMOTA = Firmware("Tasmota", "/stream", "/snapshot.jpg")
ESPHOME = Firmware("ESPHome", "/", "/", stream_port_step=0, single_port_step=1)


def recognize(address: HttpAddress, *, timeouts: Timeouts, clock: Clock, stop: threading.Event) -> Firmware:
    """Ask at `address` and say what answers. Raises SourceError when nothing does, or nothing that is known."""

    def ask(target: str) -> tuple[str, bytes]:
        """Content type and body, where it has an end; empty for any refusal."""
        with HttpStream(address.at(target), timeouts=timeouts, clock=clock, stop=stop) as answer:
            kind = answer.head.content_type
            if answer.head.status != 200 or kind.startswith("multipart/"):
                return kind if answer.head.status == 200 else "", b""
            return kind, answer.read_all(_BODY_LIMIT)

    _, body = ask("/status")
    found = _by_status(body)
    if found is not None:
        return found
    kind, body = ask("/")
    if kind.startswith("multipart/"):
        return ESPHOME
    if b"tasmota" in body.lower():
        return TASMOTA
    raise SourceError(
        f"{address.at('/')}: expected an ESP32-CAM (Arduino, easytarget, Tasmota, or ESPHome at its stream's port), "
        "got something else; give its stream's address as http://…"
    )


def _by_status(body: bytes) -> Firmware | None:
    """The Arduino family says framesize; its forks and ages differ in what else they say."""
    try:
        status = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.MsgspecError:
        return None
    if "framesize" not in status:
        return None
    if "code_ver" in status or "cam_name" in status:
        return EASYTARGET
    return ARDUINO if "pixformat" in status else ARDUINO1
