"""Sensors that are asked: HTTP `/raw` and `/frame`, the WebSocket of the AMG8833 sketches, tCam's socket, recordings.

Each function runs until its connection or recording ends; who calls it decides about another try.
"""

import asyncio
import http.client
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from aimonitor.common.reach import check_peer
from aimonitor.edge.sensors.cptv import CptvFrame, read_cptv
from aimonitor.edge.sensors.intake import Deliver, Dialect, Intake
from aimonitor.edge.sensors.received import MESSAGE_LIMIT
from aimonitor.edge.types import ThermalReading

_WITHIN_S = 10.0
_STX, _ETX = b"\x02", b"\x03"
Sleep = Callable[[float], Awaitable[None]]


async def poll_http(
    address: str, sensor_id: str, intake: Intake, dialect: Dialect, *, every_s: float, sleep: Sleep = asyncio.sleep
) -> None:
    """GET `address` every `every_s` seconds. Raises OSError (also for an HTTP error status)."""
    while True:
        data = await asyncio.to_thread(_get, address)
        intake.try_take(sensor_id, data, dialect)
        await sleep(every_s)


def _get(address: str) -> bytes:
    """One answer; redirects are not followed, and nothing is asked where no sensor lives."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_WITHIN_S)
    try:
        connection.connect()
        check_peer(connection.sock)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"expected an answer of 200, got {response.status}")
        return response.read(MESSAGE_LIMIT + 1)
    except http.client.HTTPException as error:
        raise OSError(f"expected an HTTP answer, got {type(error).__name__}") from None
    finally:
        connection.close()


async def ask_websocket(
    address: str, sensor_id: str, intake: Intake, dialect: Dialect, *, ask: str = "F", every_s: float = 0.2
) -> None:
    """Send `ask` and take the answer, again and again. Raises OSError, TimeoutError, WebSocketException."""
    async with connect(address, max_size=MESSAGE_LIMIT, open_timeout=_WITHIN_S) as connection:
        while True:
            if ask:
                await connection.send(ask)
            async with asyncio.timeout(_WITHIN_S):
                message = await connection.recv()
            is_text = isinstance(message, str)
            data = message.encode() if isinstance(message, str) else message
            intake.try_take(sensor_id, data, dialect, is_text=is_text)
            if ask:
                await asyncio.sleep(every_s)


async def stream_tcam(host: str, port: int, sensor_id: str, intake: Intake) -> None:
    """Let a tCam stream, and take its images; other answers are passed over. Raises OSError, TimeoutError."""
    async with asyncio.timeout(_WITHIN_S):
        reader, writer = await asyncio.open_connection(host, port, limit=2 * MESSAGE_LIMIT)
    try:
        command = b'{"cmd":"stream_on","args":{"delay_msec":0,"num_frames":0}}'
        writer.write(_STX + command + _ETX)
        await writer.drain()
        while True:
            async with asyncio.timeout(_WITHIN_S):
                message = await reader.readuntil(_ETX)
            start = message.rfind(_STX)
            if start >= 0 and b'"radiometric"' in message:
                intake.try_take(sensor_id, message[start + 1 : -1], Dialect("json"), is_text=True)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionResetError(f"tCam: expected a message between 02 and 03: {error}") from None
    finally:
        writer.close()


async def replay_cptv(
    path: Path, sensor_id: str, deliver: Deliver, now: Callable[[], float], *, sleep: Sleep = asyncio.sleep
) -> None:
    """Play a recording at its own pace. Raises ThermalFormatError, OSError."""
    frames = read_cptv(path)
    started = now()
    while (frame := await asyncio.to_thread(_next, frames)) is not None:
        await sleep(max(0.0, started + frame.at - now()))
        deliver(ThermalReading(sensor_id, now(), frame.celsius))


def _next(frames: Iterator[CptvFrame]) -> CptvFrame | None:
    return next(frames, None)
