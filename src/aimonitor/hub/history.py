"""What is kept: every event once, and one sample of figures per camera and second.

Events are stored in batches by one task. Only after the store has them are they acknowledged to their edge and shown
to viewers. When the store fails or the queue is full, an event is refused and counted: its edge still has it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.hub.metrics import Counters
from aimonitor.hub.sequence import SequenceSet
from aimonitor.hub.stores.base import EventStore, Incident, Mark, NewEvent, Query, Sample, StoredEvent, StoreError

log = logging.getLogger(__name__)

QUEUE = 5_000
"""Events that wait to be stored; one more is refused, and asked for again later."""
_BATCH = 500
_SAMPLES_EVERY_S = 5.0

Stored = Callable[[NewEvent, bool], None]
"""Told of each event that the store has now, and whether it was new."""


class _OfIncident(msgspec.Struct):
    """What of an event's body says which incident it belongs to."""

    incident_id: str = ""


_OF = msgspec.json.Decoder(_OfIncident)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the history, newest first; `next_before` asks for the page after it, None when there is none.

    marks: by id of the event, for the events whose incident somebody marked
    """

    events: list[StoredEvent]
    samples: list[Sample]
    next_before: int | None
    marks: dict[int, Mark] = field(default_factory=dict)


class History:
    """The one writer of the store."""

    def __init__(self, store: EventStore, clock: Clock, counters: Counters, tell: Stored) -> None:
        self._store = store
        self._clock = clock
        self._counters = counters
        self._tell = tell
        self._queue: asyncio.Queue[NewEvent] = asyncio.Queue(QUEUE)
        self._journals: dict[str, SequenceSet] = {}
        self._ordered: set[str] = set()
        self._second: dict[str, Sample] = {}
        self._samples: list[Sample] = []
        self.trouble = ""
        """Why events cannot be stored just now, empty when they can."""

    async def run(self) -> None:
        """Open the store's queue; store until cancelled."""
        sampling = asyncio.create_task(self._keep_samples())
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < _BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                await self._store_batch(batch)
        finally:
            sampling.cancel()

    @property
    def waiting(self) -> int:
        """Events that wait to be stored."""
        return self._queue.qsize()

    async def finish(self) -> None:
        """Store what still waits; called once after `run` has ended."""
        batch = []
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        if batch:
            await self._store_batch(batch)
        await self._flush_samples(everything=True)

    def _in_order(self, batch: Sequence[NewEvent]) -> list[NewEvent]:
        """`batch` without events that would overtake one that is missing; their edge says them again after it."""
        kept: list[NewEvent] = []
        last: dict[str, int] = {}
        for event in batch:
            have = self._journals.get(event.journal)
            follows = have is None or event.seq in have or event.seq - 1 in have
            if event.journal in self._ordered and not follows and last.get(event.journal) != event.seq - 1:
                self._counters.events_early += 1
                continue
            last[event.journal] = event.seq
            kept.append(event)
        return kept

    async def _store_batch(self, arrived: Sequence[NewEvent]) -> None:
        batch = self._in_order(arrived)
        if not batch:
            return
        try:
            new = await self._store.add(batch)
        except StoreError as error:
            self._counters.events_refused += len(batch)
            level = logging.DEBUG if self.trouble else logging.ERROR
            log.log(level, "%d events not stored: %s", len(batch), error)
            self.trouble = str(error)
            return
        if self.trouble:
            log.info("events can be stored again")
            self.trouble = ""
        for event, is_new in zip(batch, new, strict=True):
            self._counters.events_stored += is_new
            self._counters.events_duplicate += not is_new
            self._journals.setdefault(event.journal, SequenceSet()).add(event.seq)
            self._tell(event, is_new)

    # --- events -----------------------------------------------------------------------------------------------------

    async def journal(self, name: str) -> SequenceSet:
        """The numbers of a journal that the hub has; kept up to date from now on. Raises StoreError."""
        have = self._journals.get(name)
        if have is None or self._store.shared:
            ranges = await self._store.ranges(name)
            have = self._journals.setdefault(name, SequenceSet())
            for first, last in ranges:
                have.add_range(first, last)
        return have

    def keep_order(self, name: str, floor: int) -> None:
        """From now on store the events of a journal only one after the other; those up to `floor` are not needed."""
        self._ordered.add(name)
        self._journals.setdefault(name, SequenceSet()).add_range(0, floor)

    def submit(self, event: NewEvent) -> bool:
        """Hand in an event to be stored; False when it was refused because too many wait."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._counters.events_refused += 1
            return False
        return True

    # --- samples ----------------------------------------------------------------------------------------------------

    def sample(self, sample: Sample) -> None:
        """Note the figures of a camera; the last of each second is kept."""
        last = self._second.get(sample.source)
        if last is not None and last.at != sample.at:
            self._samples.append(last)
        self._second[sample.source] = sample

    async def _keep_samples(self) -> None:
        while True:
            await asyncio.sleep(_SAMPLES_EVERY_S)
            await self._flush_samples()

    async def _flush_samples(self, *, everything: bool = False) -> None:
        now = int(self._clock.utc())
        for source, sample in list(self._second.items()):
            if everything or sample.at != now:
                self._samples.append(self._second.pop(source))
        samples, self._samples = self._samples, []
        if not samples:
            return
        try:
            await self._store.add_samples(samples)
            self._counters.samples_stored += len(samples)
        except StoreError as error:
            log.warning("%d samples not stored: %s", len(samples), error)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def page(self, query: Query, samples: int) -> Page:
        """A page of events and the newest `samples` samples of the same cameras. Raises StoreError."""
        await self._flush_samples()
        events = await self._store.events(query)
        figures: list[Sample] = []
        if samples:
            newest = Query(limit=samples, edge_id=query.edge_id, camera_id=query.camera_id)
            figures = await self._store.samples(newest)
        full = len(events) == query.limit and events[-1].id > 1
        return Page(events, figures, events[-1].id if full else None, await self._marks(events))

    async def _marks(self, events: Sequence[StoredEvent]) -> dict[int, Mark]:
        incidents = {event.id: Incident(event.source, _OF.decode(event.body).incident_id) for event in events}
        marks = {mark.incident: mark for mark in await self._store.marks(list({*incidents.values()}))}
        return {number: marks[incident] for number, incident in incidents.items() if incident in marks}

    async def mark(self, mark: Mark) -> None:
        """Keep what a person said of an incident. Raises StoreError."""
        await self._store.mark(mark)

    async def count(self) -> int:
        """How many events are kept. Raises StoreError."""
        return await self._store.count()
