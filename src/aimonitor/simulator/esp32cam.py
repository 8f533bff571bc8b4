"""An ESP32-CAM that does not exist: the stock firmwares' behavior over real sockets, with their faults.

Pictures and bytes come from `camera` and `firmware`, the two servers of one task each from `onetask`.
"""

import argparse
import contextlib
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qs, urlsplit

from aimonitor.simulator import firmware
from aimonitor.simulator.camera import Look, Sensor
from aimonitor.simulator.firmware import DRIVERS, FRAME_SIZES, PROFILES, SIZES, Driver, Profile
from aimonitor.simulator.onetask import Connection, OneTaskServer, bind_pair

Fault = Literal[
    "none", "truncate", "garbage", "pad", "stall", "drip", "cut", "reboot", "nocam", "hang", "off",
    "frozen", "dark", "covered", "blurred",
]  # fmt: skip
"""truncate, garbage, pad: every third picture. stall: the stream stops but stays connected; drip: one byte each half
second. cut: every connection breaks within its fifth picture. reboot: dead for `boot_s`, then like new. nocam: the
sensor gives nothing. hang: accepts connections and answers nothing. off: no power. The rest: what the lens sees."""

FAULTS: tuple[Fault, ...] = get_args(Fault)
_LOOKS: dict[Fault, Look] = {"frozen": "frozen", "dark": "dark", "covered": "covered", "blurred": "blurred"}
_UPTIME_AT_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What is emulated. `size` is the frame size after boot; `port` the first of two, 0 for any free pair."""

    profile: Profile = "arduino3"
    driver: Driver = "mid"
    size: str = "QVGA"
    fps: float = 10.0
    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 0
    boot_s: float = 2.0
    sensor_wait_s: float = 4.0
    """How long the firmware waits for a picture before it gives up."""


class Device:
    """The board: its sensor, its settings, its power. Any thread may call it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.boots = 0
        self.streams = 0
        """Streams begun since the start: how many viewers it has had."""
        self._fault: Fault = "none"
        self._sensor, self._lock = Sensor(setup.seed), threading.Lock()
        self._boot(0.0)

    def _boot(self, seconds: float) -> None:
        self.boots += 1
        self._up_at = time.monotonic() + seconds
        self.framesize = FRAME_SIZES[self.setup.driver].index(self.setup.size)
        self.settings = firmware.settings_of(self.setup.profile)

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        if fault == "reboot":
            self._boot(self.setup.boot_s)
        else:
            self._fault = fault

    @property
    def is_up(self) -> bool:
        return self._fault != "off" and time.monotonic() >= self._up_at

    def uptime_s(self) -> float:
        return time.monotonic() - self._up_at + (_UPTIME_AT_START_S if self.boots == 1 else 0.0)

    def jpeg(self) -> bytes:
        """Take a picture in the present size, at the present quality, as the lens sees it now."""
        size = SIZES[FRAME_SIZES[self.setup.driver][self.framesize]]
        with self._lock:
            return self._sensor.jpeg(
                size, time.monotonic(), quality=self.settings["quality"], look=_LOOKS.get(self._fault, "clear")
            )

    def control(self, name: str, value: int) -> bool:
        """Set a variable; False when there is none of that name. A frame size that is none crashes the board."""
        if name == "framesize":
            if not 0 <= value < len(FRAME_SIZES[self.setup.driver]):
                self._boot(self.setup.boot_s)
            else:
                self.framesize = value
            return True
        if name not in self.settings:
            return False
        self.settings[name] = max(0, min(63, value)) if name == "quality" else value
        return True


class Esp32Cam:
    """Serves in two threads from `start` to `close`; a context manager. `fault` may be set at any time."""

    def __init__(self, setup: Setup | None = None) -> None:
        self.setup = setup = setup or Setup()
        self.device = Device(setup)
        self._framing = firmware.Streaming(setup.profile)
        self._random = random.Random(setup.seed)
        self._closing = threading.Event()
        first, second = bind_pair(setup.host, setup.port)
        esphome = setup.profile == "esphome"  # its ports are free to choose; the stream comes first here
        control, stream = (second, first) if esphome else (first, second)
        self.control_port, self.stream_port = control.getsockname()[1], stream.getsockname()[1]
        self._servers = (
            OneTaskServer(control, self._serve_control, self.device, self._closing),
            OneTaskServer(stream, self._serve_stream, self.device, self._closing),
        )

    @property
    def fault(self) -> Fault:
        return self.device.fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self.device.fault = fault

    @property
    def stream_url(self) -> str:
        path = "/" if self.setup.profile == "esphome" else "/stream"
        return f"http://{self.setup.host}:{self.stream_port}{path}"

    @property
    def snapshot_url(self) -> str:
        path = {"esphome": "/", "tasmota": "/snapshot.jpg"}.get(self.setup.profile, "/capture")
        return f"http://{self.setup.host}:{self.control_port}{path}"

    def start(self) -> None:
        for server in self._servers:
            server.start()

    def close(self) -> None:
        self._closing.set()
        for server in self._servers:
            server.join()

    def __enter__(self) -> "Esp32Cam":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what is served ---------------------------------------------------------------------------------------------

    def _serve_stream(self, target: str, connection: Connection) -> bool:
        paths = {"esphome": ("/",), "tasmota": ("/stream", "/cam.mjpeg", "/cam.jpg")}
        if urlsplit(target).path not in paths.get(self.setup.profile, ("/stream",)):
            connection.send(firmware.NOT_FOUND)
            return True
        self.device.streams += 1
        connection.send(self._framing.head())
        for number, data in enumerate(self._frames(connection), start=1):
            if self.fault == "cut" and number % 5 == 0:
                connection.send(data[: len(data) // 2])
                return False
            if self.fault == "drip":
                self._drip(data, connection)
                return False
            connection.send(data)
        return False

    def _drip(self, data: bytes, connection: Connection) -> None:
        for offset in range(len(data)):
            if self.fault != "drip":
                return
            connection.send(data[offset : offset + 1])
            connection.wait(0.5)

    def _frames(self, connection: Connection) -> Iterator[bytes]:
        """Framed pictures at the set rate, spoiled as the fault wants; ends when the sensor gives nothing."""
        number = 0
        while True:
            connection.wait(1 / self.setup.fps)
            while self.fault in ("stall", "hang"):
                connection.wait(0.05)
            if self.fault == "nocam":
                connection.wait(self.setup.sensor_wait_s)
                if not self._framing.no_frame():
                    return
                yield self._framing.no_frame()
                continue
            number += 1
            yield self._frame(self.device.jpeg(), spoiled=number % 3 == 0)

    def _frame(self, jpeg: bytes, *, spoiled: bool) -> bytes:
        seconds, declared = self.device.uptime_s(), None
        if spoiled and self.fault == "truncate":
            # Tasmota does not check what it could write; the others send what fit into their buffer
            declared = len(jpeg) if self.setup.profile == "tasmota" else None
            jpeg = jpeg[: len(jpeg) // 2]
        elif spoiled and self.fault == "garbage":
            jpeg = self._random.randbytes(len(jpeg))
        elif spoiled and self.fault == "pad":
            jpeg += bytes(100)
        return self._framing.frame(jpeg, seconds, declared=declared)

    def _serve_control(self, target: str, connection: Connection) -> bool:
        connection.send(self._answer(target, connection))
        return True

    def _answer(self, target: str, connection: Connection) -> bytes:
        path, profile = urlsplit(target).path, self.setup.profile
        snapshots = {"esphome": ("/",), "tasmota": ("/snapshot.jpg", "/wc.jpg")}.get(profile, ("/capture",))
        if path in snapshots:
            if self.fault == "nocam":
                connection.wait(self.setup.sensor_wait_s)
                return firmware.SERVER_ERROR
            return firmware.capture_answer(self.device.jpeg(), self.device.uptime_s())
        pages = {"tasmota": b"<html><head><title>Tasmota - Main Menu</title></head></html>", "esphome": None}
        page = pages.get(profile, b"<!doctype html><title>ESP32 OV2460</title>")
        if path == "/" and page is not None:
            return firmware.answer("text/html", page)
        if profile.startswith("arduino") and path == "/status":
            body = firmware.status_json(profile, self.device.framesize, self.device.settings)
            return firmware.answer("application/json", body)
        if profile.startswith("arduino") and path == "/control":
            return self._control(parse_qs(urlsplit(target).query))
        return firmware.NOT_FOUND

    def _control(self, query: dict[str, list[str]]) -> bytes:
        if "var" not in query or "val" not in query:
            return firmware.NOT_FOUND
        value = query["val"][0]
        number = int(value) if value.lstrip("-").isdigit() else 0  # as atoi has it
        done = self.device.control(query["var"][0], number)
        return firmware.answer("text/html", b"") if done else firmware.SERVER_ERROR


def main(arguments: list[str] | None = None) -> None:
    """Serve one camera until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m aimonitor.simulator.esp32cam", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="arduino3", help="the firmware")
    parser.add_argument("--driver", choices=DRIVERS, default="mid", help="the age of the camera driver")
    parser.add_argument("--size", choices=FRAME_SIZES["mid"], default="QVGA", help="frame size after boot")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8180, help="of /capture and /control; the stream has the next")
    parser.add_argument("--fault", choices=FAULTS, default="none")
    parser.add_argument("--fault-after", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args(arguments)
    setup = Setup(options.profile, options.driver, options.size, options.fps, options.host, options.port)
    with contextlib.suppress(KeyboardInterrupt), Esp32Cam(setup) as camera:
        sys.stdout.write(f"stream {camera.stream_url}\nsingle {camera.snapshot_url}\n")
        sys.stdout.flush()
        time.sleep(options.fault_after)
        camera.fault = options.fault
        threading.Event().wait()


if __name__ == "__main__":
    main()
