"""The journal's events on their way to the hub: which to say next, what was acknowledged, where to go back to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aimonitor.common.clock import Clock
from aimonitor.contract import messages
from aimonitor.edge.journal import Journal, JournalError

log = logging.getLogger(__name__)

Say = Callable[[messages.Event], Awaitable[None]]

_WINDOW = 200  # events under way before the first of them must be acknowledged
_RETRY_S = 5.0  # a disk that fails may take its time for it, and pictures wait meanwhile


class EventFeed:
    """What is under way on the connection that there is now. Lives on the event loop; the disk is asked in a thread."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._sent_seq = 0
        self._rests_until: float | None = None
        self.acked_seq = 0

    async def begin(self, acked_seq: int) -> None:
        """The hub says how far it is. Raises ConnectionError when it has to be told anew what there is."""
        if acked_seq > self._journal.last:
            await self._begin_above(acked_seq)
        self._sent_seq = self.acked_seq = acked_seq
        await asyncio.to_thread(self._journal.acknowledge, acked_seq)

    async def _begin_above(self, acked_seq: int) -> None:
        """The hub has higher numbers, of a journal before this one, and would take our events for those."""
        try:
            await asyncio.to_thread(self._journal.begin_anew, acked_seq)
        except JournalError as error:
            log.error("the hub has higher numbers than our journal, and takes no events: %s", error)  # noqa: TRY400
        else:
            raise ConnectionError("the hub has higher numbers than our journal, which has numbered its events anew")

    async def acknowledge(self, seq: int) -> None:
        """The hub has everything up to `seq`."""
        self.acked_seq = max(self.acked_seq, seq)
        self._sent_seq = max(self._sent_seq, self.acked_seq)
        await asyncio.to_thread(self._journal.acknowledge, seq)

    def rewind(self, seq: int) -> None:
        """Say again every event after `seq`: the hub takes them in order only, and knows the ones it has."""
        self._sent_seq = min(self._sent_seq, seq)
        self.acked_seq = min(self.acked_seq, seq)

    async def send(self, say: Say) -> None:
        """Say what follows, as far as the window and the disk allow."""
        while self._sent_seq < (last := self._journal.last) and self._sent_seq - self.acked_seq < _WINDOW:
            said = self._sent_seq
            batch = await self._read(said)
            if batch is None:
                return
            if not batch:
                self._sent_seq = self.acked_seq = last  # not what it is by now: that has been stored meanwhile
            for event in batch:
                await say(event)
                if self._sent_seq != said:
                    break  # rewound meanwhile
                self._sent_seq = said = event.seq

    async def _read(self, after_seq: int) -> list[messages.Event] | None:
        """Events that follow, None when they cannot be read now: no reason to be without pictures."""
        if self._rests_until is not None and self._clock.monotonic() < self._rests_until:
            return None
        try:
            events = await asyncio.to_thread(self._journal.after, after_seq)
        except JournalError as error:
            log.log(logging.ERROR if self._rests_until is None else logging.DEBUG, "events wait: %s", error)
            self._rests_until = self._clock.monotonic() + _RETRY_S
            return None
        if self._rests_until is not None:
            log.info("events can be read again")
            self._rests_until = None
        return events
