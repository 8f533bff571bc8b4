"""What the hub says, and where in the bot it goes; what was said while nobody listened is asked for afterwards."""

import asyncio
import contextlib
import logging

from aimonitor.bot.database import DatabaseError
from aimonitor.bot.hub_link import HubLink
from aimonitor.bot.incidents import IncidentDesk
from aimonitor.bot.memory import Memory
from aimonitor.bot.silence import SilenceWatch
from aimonitor.bot.site import Site
from aimonitor.bot.threshold import Tally
from aimonitor.common.clock import Clock
from aimonitor.contract import messages
from aimonitor.hub_client import HubError

log = logging.getLogger(__name__)

_PAGE = 100
_PAGES = 20
_LOOK_EVERY_S = 30.0
_EDGES_BACK_S = 6.0
"""After the hub came back, edges have this long to come back to it before they count as silent."""


class Ears:
    """A Listener of the hub."""

    def __init__(
        self,
        hub: HubLink,
        memory: Memory,
        clock: Clock,
        *,
        site: Site,
        silences: SilenceWatch,
        tally: Tally,
        incidents: IncidentDesk,
    ) -> None:
        self._hub = hub
        self._memory = memory
        self._clock = clock
        self._site = site
        self._silences = silences
        self._tally = tally
        self._incidents = incidents
        self._look = asyncio.Event()

    async def connected(self) -> None:
        at, utc = self._clock.monotonic(), self._clock.utc()
        self._silences.hub(True, at, utc)
        for edge_id, edge in self._site.edges.items():
            if edge.online:
                self._silences.edge(edge_id, False, utc, at + _EDGES_BACK_S)
        self._look.set()

    async def lost(self) -> None:
        self._silences.hub(False, self._clock.monotonic(), self._clock.utc())

    async def heard(self, message: messages.AnyMessage) -> None:
        try:
            await self._take(message)
        except DatabaseError:
            raise
        except Exception:  # the top of what one message causes: the next one may be fine
            log.exception("a message of the hub could not be taken: %s", type(message).__name__)

    async def _take(self, message: messages.AnyMessage) -> None:
        at = self._clock.monotonic()
        match message:
            case messages.Presence():
                self._site.presence(message)
                self._silences.edge(message.edge_id, message.online, message.since, at)
            case messages.Status():
                self._site.status(message)
                utc = self._clock.utc()
                since = utc - self._site.age_s(message.source, message.since, utc)  # said by its edge's own clock
                self._silences.camera(message.source, message.state, since, at)
            case messages.Observation():
                self._site.observation(message)
                self._tally.observe(message, at)
            case messages.Event():
                await self._incidents.take(message)

    async def catch_up(self) -> None:
        """Read what the hub stored since we last looked: after each connection, and every half minute."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):  # `wait_for` may swallow a cancellation in Python 3.11
                    await self._look.wait()
            self._look.clear()
            try:
                await self._read_new()
            except HubError as error:
                log.debug("the history could not be read: %s", error)

    async def _read_new(self) -> None:
        """Take the events after the last one that was looked at; at the first start nothing is told of the past."""
        kept = await self._memory.read("history")
        events, older = await self._hub.history(_PAGE if kept else 1)
        newest = events[0].number if events else 0
        last = min(int(kept), newest) if kept else newest
        if kept and newest < int(kept):
            last = 0  # the hub has lost its memory and counts anew
        for _ in range(_PAGES):
            if older is None or events[-1].number <= last + 1:
                break
            page, older = await self._hub.history(_PAGE, older)
            events += page
        for stored in reversed(events):
            if stored.number > last:
                await self._incidents.take(stored.event, stored.stored_at)
        if str(newest) != kept:
            await self._memory.note("history", str(newest))
