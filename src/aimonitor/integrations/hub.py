"""The integrations' connection to the hub: it keeps the site up to date, and wakes who follows the history."""

import logging
from collections.abc import Callable, Sequence

import aiohttp

from aimonitor.common.clock import Clock
from aimonitor.contract import messages
from aimonitor.hub_client import HubClient, Picture, StoredEvent
from aimonitor.integrations.site import Site

log = logging.getLogger(__name__)

_PAGE = 100
_PAGES = 50
_REFUSED = "it lets in programs with a token: give the integrations one as hub_token (docs/guide/access.md)"


class Hub:
    """One connection that comes back by itself while `run` runs; keeps `site` up to date.

    on_event: called for each event and each new connection: there may be something new in the history
    """

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession, site: Site, clock: Clock) -> None:
        self._client = HubClient(url, token, session, clock, refused=_REFUSED)
        self._site = site
        self.on_event: list[Callable[[], None]] = []

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._client.run(self)

    async def connected(self) -> None:
        self._site.hub_connected = True
        self._wake()

    async def lost(self) -> None:
        self._site.hub_connected = False

    async def heard(self, message: messages.AnyMessage) -> None:
        if isinstance(message, messages.Event):
            self._wake()
        else:
            self._site.hear(message)

    def _wake(self) -> None:
        for tell in self.on_event:
            tell()

    async def newest(self) -> int:
        """The id of the newest event, 0 when there is none. Raises HubError."""
        events, _ = await self._client.history(1)
        return events[0].id if events else 0

    async def events_after(self, last: int) -> Sequence[StoredEvent]:
        """The events with an id above `last`, oldest first; of more than 5,000 the newest. Raises HubError."""
        found: list[StoredEvent] = []
        before: int | None = None
        for _ in range(_PAGES):
            events, before = await self._client.history(_PAGE, before)
            found += [event for event in events if event.id > last]
            if before is None or not events or events[-1].id <= last + 1:
                break
        else:
            log.warning("more than %d events are waiting; the oldest are passed over", _PAGE * _PAGES)
        return found[::-1]

    async def picture(self, source: str) -> Picture | None:
        """The newest picture that the hub has of a camera, None when it has none. Raises HubError."""
        return await self._client.picture(source)
