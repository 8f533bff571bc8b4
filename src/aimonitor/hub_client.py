"""The hub as a program sees it that watches: what it says as it says it (WebSocket), what it keeps when asked (REST).

It subscribes to everything at the rung `metadata`, which costs cameras no picture. The bot and the integrations stand
on this; what only one of them needs is theirs.
"""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import aiohttp
import msgspec

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.common.tasks import end
from aimonitor.contract import codec, frames, messages
from aimonitor.contract.errors import ContractError

log = logging.getLogger(__name__)

_HEARTBEAT_S = 3.0
_SILENCE_S = 9.0
_LEASE_S = 60.0
_REST_TIMEOUT_S = 8.0
_RETRY_CAP_S = 5.0

Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[bool]"


class HubError(ConnectionError):
    """The hub did not give what was asked; the text says what it gave instead."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A still as the camera sent it, and when it was captured (UTC on the edge's clock; 0: the hub does not say)."""

    jpeg: bytes
    captured_at: float


class StoredEvent(messages.Event, frozen=True, tag="event"):
    """An event as the hub keeps it; `id` counts up from 1 without gaps, `received_at` is UTC on the hub's clock."""

    id: int = 0
    received_at: float = 0.0


class _Page(msgspec.Struct):
    events: list[msgspec.Raw] = []
    next_before: int | None = None


class Listener(Protocol):
    """Who is told what the hub says. One call at a time; the next message waits for it."""

    async def connected(self) -> None:
        """The connection stands; what the hub knows follows."""
        ...

    async def lost(self) -> None:
        """The connection is gone, or could not be made; it is tried again."""
        ...

    async def heard(self, message: messages.AnyMessage) -> None:
        """The hub said something."""
        ...


class HubClient:
    """One connection to the hub, which comes back by itself while `run` runs.

    token: empty where the hub lets everybody in
    refused: what is said when the hub wants another token, with what to do
    """

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession, clock: Clock, *, refused: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._session = session
        self._clock = clock
        self._refused = refused
        self._socket: Socket | None = None

    @property
    def connected(self) -> bool:
        return self._socket is not None

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled."""
        waits, failures = _waits(), 0
        while True:
            try:
                await self._converse(listener)
            except (aiohttp.ClientError, OSError, TimeoutError, ContractError) as error:
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "no connection to the hub at %s: %s; trying again", self._url, self.reason(error))
                failures += 1
            if self._socket is not None:
                self._socket = None
                waits, failures = _waits(), 0
            await listener.lost()
            await asyncio.sleep(next(waits))

    async def _converse(self, listener: Listener) -> None:
        async with self.dial() as socket:
            self._socket = socket
            await listener.connected()
            log.info("connected to the hub at %s", self._url)
            renewing = asyncio.create_task(self._renew(socket))
            try:
                await self._listen(socket, listener)
            finally:
                await end([renewing])

    def dial(self) -> "aiohttp.client._WSRequestContextManager":
        """A connection of its own, as a viewer, for whoever wants to see more than everybody's figures."""
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
                await _take(codec.decode(message.data), listener)
            elif message.type is not aiohttp.WSMsgType.BINARY:
                raise HubError(f"the hub closed the connection ({socket.close_code})")

    async def _renew(self, socket: Socket) -> None:
        """Keep the subscription and the connection alive; the hub's pongs show that it is there."""
        for beat in itertools.count():
            if beat % int(_LEASE_S / _HEARTBEAT_S / 2) == 0:
                wish = messages.Subscribe(rung="metadata", lease_s=_LEASE_S, everything=True)
                await socket.send_str(codec.encode(wish))
            await socket.send_str(codec.encode(messages.Ping(self._clock.utc())))
            await asyncio.sleep(_HEARTBEAT_S)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def say(self, message: messages.AnyMessage) -> None:
        """Send a message over the connection; raises HubError when there is none."""
        if self._socket is None:
            raise HubError("there is no connection to the hub")
        try:
            await self._socket.send_str(codec.encode(message))
        except (aiohttp.ClientError, OSError) as error:
            raise HubError(self.reason(error)) from None

    async def picture(self, source: str) -> Picture | None:
        """The newest picture that the hub has of a camera, None when it has none; raises HubError."""
        status, captured_at, body = await self._get(f"/api/snapshot/{source}.jpg")
        if status == 404:
            return None
        if status != 200:
            raise HubError(f"expected a picture of {source}, the hub answered {status}")
        try:
            return Picture(body, float(captured_at))
        except ValueError:
            return Picture(body, 0.0)

    async def history(self, limit: int, before: int | None = None) -> tuple[list[StoredEvent], int | None]:
        """A page of events, newest first, and where the next page starts; raises HubError."""
        query = f"/api/history?limit={limit}&samples=0" + (f"&before={before}" if before else "")
        status, _, body = await self._get(query)
        if status != 200:
            raise HubError(f"expected a page of the history, the hub answered {status}")
        try:
            page = msgspec.json.decode(body, type=_Page)
            return [msgspec.json.decode(raw, type=StoredEvent) for raw in page.events], page.next_before
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HubError(f"expected a page of the history, got: {error}") from None

    async def _get(self, path: str) -> tuple[int, str, bytes]:
        """The status, when what is in the body was captured, and the body."""
        timeout = aiohttp.ClientTimeout(total=_REST_TIMEOUT_S)
        try:
            async with self._session.get(self._url + path, headers=self._headers, timeout=timeout) as response:
                return response.status, response.headers.get("x-captured-at", ""), await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HubError(self.reason(error)) from None

    def reason(self, error: BaseException) -> str:
        """An error in words that say what to do, where something can be done."""
        if isinstance(error, aiohttp.WSServerHandshakeError) and error.status in (401, 403):
            return self._refused
        return str(error) or type(error).__name__


async def _take(message: messages.AnyMessage | codec.Unknown, listener: Listener) -> None:
    match message:
        case codec.Unknown():
            pass
        case messages.Refusal(field=field, expected=expected, got=got):
            log.error("the hub refused a message of ours: %s: expected %s, got %s", field, expected, got)
        case _:
            await listener.heard(message)


def _waits() -> Iterator[float]:
    return backoff.delays(first=0.3, cap=_RETRY_CAP_S)
