"""Sensors that send to us: HTTP POST `/api/v1/thermal/<sensor>` and WebSocket `/ws/thermal/<sensor>`, one port.

`?format=` and `?unit=` name what a message does not say of itself; the token comes as `Authorization: Bearer`, or as
`?token=` from firmwares that cannot set headers. `/api/v1/thermography` (masato-ka) is the sensor `default`.
"""

import asyncio
import hmac
import re

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.protocol import State

from aimonitor.common.websocket import ServerFraming
from aimonitor.edge.sensors.guard import SensorRefusedError
from aimonitor.edge.sensors.http_request import HEAD_LIMIT, Request, RequestError, answer, parse_head
from aimonitor.edge.sensors.intake import Dialect, Intake
from aimonitor.edge.sensors.received import MESSAGE_LIMIT, ThermalFormatError

CONNECTION_LIMIT = 32
_PATH = re.compile(r"/(?:api/v1|ws)/thermal/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})")
_HEAD_WITHIN_S = 60.0
_BODY_WITHIN_S = 10.0
_SILENCE_S = 60.0


class Receiver:
    """A small server for sensors in the local network. Connections beyond the limit are closed and counted."""

    def __init__(self, intake: Intake, *, token: str = "") -> None:
        self._intake = intake
        self._token = token
        self._open = 0
        self.turned_away = 0

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Start serving; close the returned server to stop. Raises OSError when the port cannot be had."""
        return await asyncio.start_server(self._serve, host, port, limit=HEAD_LIMIT)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= CONNECTION_LIMIT:
            self.turned_away += 1
            writer.close()
            return
        self._open += 1
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # the sensor went away, or is too slow: it comes again
        finally:
            self._open -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; True when another may follow on this connection."""
        async with asyncio.timeout(_HEAD_WITHIN_S):
            head = await reader.readuntil(b"\r\n\r\n")
        try:
            request = parse_head(head)
            sensor_id = self._admit(request)
            if request.wants_websocket:
                await self._converse(sensor_id, request, head, reader, writer)
                return False
            length = request.length(MESSAGE_LIMIT)
            async with asyncio.timeout(_BODY_WITHIN_S):
                body = await reader.readexactly(length)
        except RequestError as error:
            writer.write(answer(error.status, {"error": str(error)}, keep_alive=False))
            await writer.drain()
            return False
        status, said = self._take(sensor_id, body, request, is_text=_is_text(request))
        writer.write(answer(status, said, keep_alive=request.keeps_alive))
        await writer.drain()
        return request.keeps_alive

    def _admit(self, request: Request) -> str:
        """The sensor's id. Raises RequestError for a wrong token, path or method."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.query.get("token", "")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            raise RequestError(401, "expected the token of this edge")
        if request.method != "POST" and not request.wants_websocket:
            raise RequestError(405, f"expected POST, got {request.method[:20]}")
        if request.path == "/api/v1/thermography":
            return "default"
        found = _PATH.fullmatch(request.path)
        if found is None:
            raise RequestError(404, "expected /api/v1/thermal/<sensor> or /ws/thermal/<sensor>")
        return found[1]

    def _take(
        self, sensor_id: str, body: bytes, request: Request, *, is_text: bool | None
    ) -> tuple[int, dict[str, object]]:
        dialect = Dialect(request.query.get("format", "auto"), request.query.get("unit", "C"))
        try:
            self._intake.take(sensor_id, body, dialect, is_text=is_text)
        except ThermalFormatError as error:
            said = {"field": error.field, "expected": error.expected, "got": error.got, "hint": error.hint}
            return 422, {"error": str(error), **said}
        except SensorRefusedError as error:
            return (429 if error.reason == "rate" else 409), {"error": str(error)}
        return 200, {"ok": True}

    async def _converse(
        self,
        sensor_id: str,
        request: Request,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """A WebSocket: every message a picture; refusals are answered as text, good ones are not."""
        protocol = ServerFraming(MESSAGE_LIMIT)
        data: bytes = head
        parts: list[Frame] = []
        while True:
            protocol.receive_data(data) if data else protocol.receive_eof()
            for event in protocol.events_received():
                if isinstance(event, Upgrade):
                    protocol.send_response(protocol.accept(event))
                elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    parts.append(event)
                    if event.fin:
                        self._hear(sensor_id, request, parts, protocol)
                        parts = []
            for chunk in protocol.data_to_send():
                if chunk:
                    writer.write(chunk)
            await writer.drain()
            if protocol.state is State.CLOSED or protocol.close_expected() or not data:
                return
            async with asyncio.timeout(_SILENCE_S):
                data = await reader.read(MESSAGE_LIMIT)

    def _hear(self, sensor_id: str, request: Request, parts: list[Frame], protocol: ServerFraming) -> None:
        message = b"".join(bytes(part.data) for part in parts)
        is_text = parts[0].opcode is Opcode.TEXT
        status, said = self._take(sensor_id, message, request, is_text=is_text)
        if status != 200 and protocol.state is State.OPEN:
            protocol.send_text(str(said["error"]).encode())


def _is_text(request: Request) -> bool | None:
    """What the content type says; microcontrollers often say nothing, or form data by default."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/json", "text/plain"):
        return True
    return False if kind == "application/octet-stream" or kind.endswith(".thermal") else None
