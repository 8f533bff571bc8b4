"""The bot as a viewer of the hub: figures and events by WebSocket, stills and history by REST, commands both ways.

It subscribes to everything at the rung `metadata`, which costs cameras no picture; only `watch` asks for more.
"""

import asyncio
import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import aiohttp
import msgspec

from aimonitor.bot.answers import Numbered
from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.contract import codec, frames, messages
from aimonitor.contract.errors import ContractError

log = logging.getLogger(__name__)

Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[bool]"

_LEASE_S = 60.0
_HEARTBEAT_S = 3.0
_SILENCE_S = 9.0
_REST_TIMEOUT_S = 8.0
_RETRY_CAP_S = 5.0


class HubError(ConnectionError):
    """The hub did not give what was asked; the text says what it gave instead."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A still as the camera sent it, and when it was captured (UTC on the edge's clock)."""

    jpeg: bytes
    captured_at: float


class _Stored(messages.Event, frozen=True, tag="event"):
    id: int = 0
    received_at: float = 0.0


class _Page(msgspec.Struct):
    events: list[msgspec.Raw] = []
    next_before: int | None = None


class Listener(Protocol):
    """Who is told what the hub says."""

    async def connected(self) -> None:
        """The connection stands; what the hub knows follows."""
        ...

    async def lost(self) -> None:
        """The connection is gone, and tried again."""
        ...

    async def heard(self, message: messages.AnyMessage) -> None:
        """The hub said something: Presence, Status, Observation or Event."""
        ...


class HubLink:
    """One connection to the hub, which comes back by itself while `run` runs."""

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._session = session
        self._clock = clock
        self._socket: Socket | None = None
        self._pending: dict[str, asyncio.Future[messages.CommandResult]] = {}
        self._numbers = itertools.count(1)

    @property
    def connected(self) -> bool:
        return self._socket is not None

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled."""
        waits, failures = backoff.delays(first=0.3, cap=_RETRY_CAP_S), 0
        while True:
            try:
                await self._converse(listener)
            except (aiohttp.ClientError, OSError, TimeoutError, ContractError) as error:
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "no connection to the hub at %s: %s; trying again", self._url, _reason(error))
                failures += 1
            if self._socket is not None:
                self._socket = None
                waits, failures = backoff.delays(first=0.3, cap=_RETRY_CAP_S), 0
            for waiting in self._pending.values():
                if not waiting.done():
                    waiting.set_exception(HubError("the connection to the hub was lost"))
            await listener.lost()
            await asyncio.sleep(next(waits))

    async def _converse(self, listener: Listener) -> None:
        async with self._connect() as socket:
            self._socket = socket
            await listener.connected()
            log.info("connected to the hub at %s", self._url)
            renewing = asyncio.create_task(self._renew(socket))
            try:
                await self._listen(socket, listener)
            finally:
                renewing.cancel()

    def _connect(self) -> "aiohttp.client._WSRequestContextManager":
        return self._session.ws_connect(
            f"{self._url}/ws",
            protocols=[messages.SUBPROTOCOL],
            headers=self._headers,
            max_msg_size=frames.FRAME_LIMIT,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        )

    async def _listen(self, socket: Socket, listener: Listener) -> None:
        while True:
            message = await socket.receive(timeout=_SILENCE_S)
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(codec.decode(message.data), listener)
            elif message.type is not aiohttp.WSMsgType.BINARY:
                raise HubError(f"the hub closed the connection ({socket.close_code})")

    async def _take(self, message: messages.AnyMessage | codec.Unknown, listener: Listener) -> None:
        match message:
            case messages.CommandResult(command_id=number):
                waiting = self._pending.pop(number, None)
                if waiting and not waiting.done():
                    waiting.set_result(message)
            case messages.Presence() | messages.Status() | messages.Observation() | messages.Event():
                await listener.heard(message)
            case messages.Refusal(field=field, expected=expected, got=got):
                log.error("the hub refused a message of ours: %s: expected %s, got %s", field, expected, got)

    async def _renew(self, socket: Socket) -> None:
        """Keep the subscription and the connection alive; the hub's pongs show that it is there."""
        for beat in itertools.count():
            if beat % int(_LEASE_S / _HEARTBEAT_S / 2) == 0:
                wish = messages.Subscribe(rung="metadata", lease_s=_LEASE_S, everything=True)
                await socket.send_str(codec.encode(wish))
            await socket.send_str(codec.encode(messages.Ping(self._clock.utc())))
            await asyncio.sleep(_HEARTBEAT_S)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def command(
        self, source: str, name: str, arguments: Mapping[str, str] | None = None, timeout_s: float = 8.0
    ) -> messages.CommandResult:
        """Have a camera do something; raises HubError when nobody answers."""
        socket, number = self._socket, f"bot-{next(self._numbers)}"
        if socket is None:
            raise HubError("there is no connection to the hub")
        answer: asyncio.Future[messages.CommandResult] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        command = messages.Command(number, source, name, dict(arguments or {}), timeout_s)
        try:
            await socket.send_str(codec.encode(command))
            return await asyncio.wait_for(answer, timeout_s + 1.0)
        except TimeoutError:
            raise HubError(f"no answer within {timeout_s:.0f} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise HubError(_reason(error)) from None
        finally:
            self._pending.pop(number, None)

    async def picture(self, source: str) -> Picture:
        """The newest picture that the hub has of a camera; raises HubError."""
        status, headers, body = await self._get(f"/api/snapshot/{source}.jpg")
        if status != 200:
            raise HubError("the hub has no picture of it" if status == 404 else f"the hub answered {status}")
        try:
            captured_at = float(headers.get("x-captured-at", "0"))
        except ValueError:
            captured_at = 0.0
        return Picture(body, captured_at)

    async def history(self, limit: int, before: int | None = None) -> tuple[list[Numbered], int | None]:
        """A page of events, newest first, and where the next page starts; raises HubError."""
        query = f"/api/history?limit={limit}&samples=0" + (f"&before={before}" if before else "")
        status, _, body = await self._get(query)
        if status != 200:
            raise HubError(f"the hub answered {status}")
        try:
            page = msgspec.json.decode(body, type=_Page)
            return [_numbered(raw) for raw in page.events], page.next_before
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HubError(f"expected a page of the history, got {error}") from None

    async def watch(self, source: str, seconds: float, rung: str, *, keep: int = 0) -> list[Picture]:
        """Raise the attention on one camera for a while; returns the first `keep` pictures. Raises HubError."""
        until, pictures = self._clock.monotonic() + seconds, list[Picture]()
        try:
            async with self._connect() as socket:
                wish = messages.Subscribe((source,), rung, lease_s=seconds + 1.0)
                await socket.send_str(codec.encode(wish))
                while (left_s := until - self._clock.monotonic()) > 0:
                    message = await socket.receive(timeout=left_s)
                    if message.type is aiohttp.WSMsgType.BINARY and len(pictures) < keep:
                        header, jpeg_at = frames.decode_header(message.data)
                        if header.source == source:
                            pictures.append(Picture(message.data[jpeg_at:], header.captured_at))
                    elif message.type is aiohttp.WSMsgType.BINARY:
                        continue
                    elif message.type is not aiohttp.WSMsgType.TEXT:
                        break
        except TimeoutError:
            pass  # the time is over while nothing came
        except (aiohttp.ClientError, OSError, ContractError) as error:
            raise HubError(_reason(error)) from None
        return pictures

    async def _get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        timeout = aiohttp.ClientTimeout(total=_REST_TIMEOUT_S)
        try:
            async with self._session.get(self._url + path, headers=self._headers, timeout=timeout) as response:
                return response.status, response.headers, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HubError(_reason(error)) from None


def _numbered(raw: msgspec.Raw) -> Numbered:
    stored = msgspec.json.decode(raw, type=_Stored)
    return Numbered(stored.id, stored, stored.received_at)


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError) and error.status in (401, 403):
        return "it lets in programs with a token: give the bot one as hub_token (docs/guide/access.md)"
    return str(error) or type(error).__name__
