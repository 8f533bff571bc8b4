"""The connection to the hub: what it says as it says it (a v2 viewer), its events and stills when asked (REST)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp
import msgspec

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.contract import codec, frames, messages
from aimonitor.contract.errors import ContractError
from aimonitor.integrations.site import Site

log = logging.getLogger(__name__)

_HEARTBEAT_S = 2.0
_SILENCE_S = 6.0
_LEASE_S = 30.0
_REST_S = 10.0
_PAGE = 100
_PAGES = 50


class HubError(ConnectionError):
    """The hub did not give what was asked; the text says what it gave instead."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture as the camera sent it. `captured_at` is the text in which the hub tells its time."""

    jpeg: bytes
    captured_at: str


class StoredEvent(messages.Event, frozen=True, tag="event"):
    """An event as the hub keeps it; `id` counts up from 1 without gaps."""

    id: int = 0
    received_at: float = 0.0


class _Page(msgspec.Struct):
    events: list[msgspec.Raw] = []
    next_before: int | None = None


class Hub:
    """One connection that comes back by itself while `run` runs; keeps `site` up to date.

    on_event: called for each event and each new connection: there may be something new in the history
    """

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession, site: Site, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._session = session
        self._site = site
        self._clock = clock
        self.on_event: list[Callable[[], None]] = []

    async def run(self) -> None:
        """Stay connected until cancelled."""
        waits, troubled = backoff.delays(first=0.3, cap=2.0), False
        while True:
            try:
                await self._converse()
            except (aiohttp.ClientError, OSError, TimeoutError, ContractError) as error:
                if self._site.hub_connected:
                    waits, troubled = backoff.delays(first=0.3, cap=2.0), False
                level = logging.DEBUG if troubled else logging.WARNING
                log.log(level, "no connection to the hub at %s: %s; trying again", self._url, _reason(error))
                troubled = True
            finally:
                self._site.hub_connected = False
            await asyncio.sleep(next(waits))

    async def _converse(self) -> None:
        async with self._session.ws_connect(
            f"{self._url}/ws",
            protocols=[messages.SUBPROTOCOL],
            headers=self._headers,
            max_msg_size=frames.FRAME_LIMIT,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        ) as socket:
            log.info("connected to the hub at %s", self._url)
            self._site.hub_connected = True
            self._wake()
            renewing = asyncio.create_task(self._renew(socket))
            try:
                await self._listen(socket)
            finally:
                renewing.cancel()

    async def _listen(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        while True:
            message = await socket.receive(timeout=_SILENCE_S)
            if message.type is aiohttp.WSMsgType.BINARY:
                continue
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise HubError(f"the hub closed the connection ({socket.close_code})")
            said = codec.decode(message.data)
            if isinstance(said, messages.Event):
                self._wake()
            elif not isinstance(said, codec.Unknown):
                self._site.hear(said)

    async def _renew(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        """Figures without pictures: nobody's uplink is the closer looked at for our sake."""
        while True:
            await socket.send_str(codec.encode(messages.Subscribe(rung="metadata", lease_s=_LEASE_S, everything=True)))
            for _ in range(int(_LEASE_S / _HEARTBEAT_S / 2)):
                await socket.send_str(codec.encode(messages.Ping(self._clock.utc())))
                await asyncio.sleep(_HEARTBEAT_S)

    def _wake(self) -> None:
        for tell in self.on_event:
            tell()

    # --- asking -----------------------------------------------------------------------------------------------------

    async def newest(self) -> int:
        """The id of the newest event, 0 when there is none. Raises HubError."""
        events, _ = await self._page(1, None)
        return events[0].id if events else 0

    async def events_after(self, last: int) -> Sequence[StoredEvent]:
        """The events with an id above `last`, oldest first; of more than 5,000 the newest. Raises HubError."""
        found: list[StoredEvent] = []
        before: int | None = None
        for _ in range(_PAGES):
            events, before = await self._page(_PAGE, before)
            found += [event for event in events if event.id > last]
            if before is None or not events or events[-1].id <= last + 1:
                break
        else:
            log.warning("more than %d events are waiting; the oldest are passed over", _PAGE * _PAGES)
        return found[::-1]

    async def still(self, source: str) -> Still | None:
        """The newest picture that the hub has of a camera, None when it has none. Raises HubError."""
        status, captured_at, body = await self._get(f"/api/snapshot/{source}.jpg")
        if status == 404:
            return None
        if status != 200:
            raise HubError(f"expected a picture of {source}, the hub answered {status}")
        return Still(body, captured_at)

    async def _page(self, limit: int, before: int | None) -> tuple[list[StoredEvent], int | None]:
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
        timeout = aiohttp.ClientTimeout(total=_REST_S)
        try:
            async with self._session.get(self._url + path, headers=self._headers, timeout=timeout) as answer:
                return answer.status, answer.headers.get("x-captured-at", ""), await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HubError(str(error) or type(error).__name__) from None


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError) and error.status in (401, 403):
        return "it lets in programs with a token: give the integrations one as hub_token (docs/guide/access.md)"
    return str(error) or type(error).__name__
