"""What a camera costs on the line: kbit/s from the edge, everything counted, at rest and watched.

    python benchmarks/uplink.py [--seconds 60]

A real hub and a real edge speak through a proxy that counts every byte of both directions; TCP/IP headers and TLS
records are added as they would be on a link with full-sized packets. The camera is a QQVGA clip of the simulator
(people walk about) at 5 fps. Compared with the founding format's habit, which is to push every frame as base64 JSON.

Goals: at rest <= 10 kbit/s, watched at 5 fps <= 180 kbit/s, fifty viewers = one.
"""

import argparse
import asyncio
import contextlib
import math
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from websockets.asyncio.client import ClientConnection, connect

from aimonitor.contract import codec, messages
from aimonitor.simulator import render, scripts

MSS, TCP_IP, TLS_RECORD = 1448, 52, 29
FPS = 5.0


@dataclass
class Meter:
    """Bytes as they cross the proxy, and what carries them."""

    payload: int = 0
    segments: int = 0
    records: int = 0

    def add(self, size: int) -> None:
        self.payload += size
        self.segments += math.ceil(size / MSS)
        self.records += math.ceil(size / 16_384)

    @property
    def on_the_line(self) -> int:
        """With headers, TLS, and an acknowledgement for every second segment of the other direction."""
        return self.payload + self.segments * TCP_IP + self.records * TLS_RECORD + self.segments // 2 * TCP_IP


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def metered(target: int, up: Meter, down: Meter) -> AsyncIterator[int]:
    """A proxy to `target` that counts."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, meter: Meter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                meter.add(len(data))
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection("127.0.0.1", target)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(carry(reader, far, up), carry(far_reader, writer, down))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def make_clip(folder: Path, scene: str) -> Path:
    """A QQVGA clip as an ESP32-CAM would give it."""
    script, path = scripts.build(scene, seed=1), folder / f"{scene}.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (160, 120))
    for index in range(int(script.duration_s * FPS)):
        writer.write(cv2.resize(render.render(script, index / FPS), (160, 120), interpolation=cv2.INTER_AREA))
    writer.release()
    return path


async def watch(port: int, stop: asyncio.Event) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[messages.SUBPROTOCOL], max_size=None) as viewer:
        await viewer.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=300)))
        reading = asyncio.ensure_future(_read_all(viewer))
        await stop.wait()
        reading.cancel()


async def _read_all(viewer: ClientConnection) -> None:
    async for _ in viewer:
        pass


async def start(folder: Path, *command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, cwd=folder, stderr=asyncio.subprocess.DEVNULL)


async def measure(scene: str, viewers: int, seconds: float) -> tuple[float, float]:
    """kbit/s up and down, after a settling time."""
    up, down = Meter(), Meter()
    with tempfile.TemporaryDirectory() as name:
        folder, hub_port = Path(name), free_port()
        clip = make_clip(folder, scene)
        program = [sys.executable, "-m", "aimonitor"]
        hub = await start(folder, *program, "hub", "--port", str(hub_port))
        async with metered(hub_port, up, down) as port:
            await asyncio.sleep(2.5)
            arguments = (
                "edge",
                "--camera",
                str(clip),
                "--loop",
                "--hub",
                f"ws://127.0.0.1:{port}",
                "--edge-id",
                "yard",
            )
            edge = await start(folder, *program, *arguments)
            stop = asyncio.Event()
            try:
                await asyncio.sleep(4)
                watching = [asyncio.ensure_future(watch(hub_port, stop)) for _ in range(viewers)]
                await asyncio.sleep(4)
                before, began = (up.on_the_line, down.on_the_line), time.monotonic()
                await asyncio.sleep(seconds)
                elapsed = time.monotonic() - began
                rates = ((up.on_the_line - before[0]) * 8e-3 / elapsed, (down.on_the_line - before[1]) * 8e-3 / elapsed)
                stop.set()
                await asyncio.gather(*watching, return_exceptions=True)
                return rates
            finally:
                for process in (edge, hub):
                    process.terminate()
                    await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0, help="of each measurement (default: %(default)s)")
    seconds = parser.parse_args().seconds
    print(f"{'camera':<28}{'viewers':>8}{'up kbit/s':>12}{'down kbit/s':>13}   goal")
    for scene, viewers, goal in (
        ("quiet", 0, "<= 10"),
        ("walk", 0, "<= 10"),
        ("walk", 1, "<= 180"),
        ("walk", 50, "= one viewer"),
    ):
        up, down = asyncio.run(measure(scene, viewers, seconds))
        print(f"QQVGA {FPS:g} fps, {scene:<15}{viewers:>8}{up:>12.1f}{down:>13.1f}   {goal}", flush=True)
    script = scripts.build("walk", seed=1)
    small = cv2.resize(render.render(script, 2.0), (160, 120), interpolation=cv2.INTER_AREA)
    jpeg = len(cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 80))[1])
    pushed = (jpeg * 4 / 3 + 260 + TCP_IP * 4) * FPS * 8e-3
    print(f"{'every frame as founding JSON':<28}{'any':>8}{pushed:>12.1f}{'-':>13}   what it replaces")


if __name__ == "__main__":
    main()
