"""What is kept: every event once, and one sample of figures per camera and second.

Events are stored in batches by one task. Only after the store has them are they acknowledged to their edge and shown
to viewers. While the store fails, a batch is tried again and the next ones wait; when too many wait, an event is
refused and counted: its edge still has it. A store may lose what it had (a failover to a replica that lagged behind):
then what it has is counted anew, and the edges are asked for the rest.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from aimonitor.common import backoff
from aimonitor.common.beat import beat
from aimonitor.common.clock import Clock
from aimonitor.common.tasks import end
from aimonitor.hub.known_journals import KnownJournals
from aimonitor.hub.metrics import Counters
from aimonitor.hub.sequence import Range, SequenceSet
from aimonitor.hub.stores.base import EventStore, Incident, Mark, NewEvent, Query, Sample, StoredEvent, StoreError
from aimonitor.hub.stores.course import CourseFold, CourseQuery, Step
from aimonitor.hub.stores.hours import Hour, HourQuery
from aimonitor.hub.tally import Tally, of_event, of_sample

log = logging.getLogger(__name__)

QUEUE = 5_000
"""Events that wait to be stored; one more is refused, and asked for again later."""
_BATCH = 500
_SAMPLES_EVERY_S = 5.0
_SAMPLES_WAITING = 20_000
_PIECES = 1_000
"""Gaps that are kept of a journal whose edge promises no order; with more, only what follows is stored."""
_HOURS = 100_000
_RETRY_CAP_S = 0.5
_LIFE_EVERY_S = 1.0
_PATIENCE_S = 2.0
"""How long an edge at the door waits for a store on another machine that does not answer."""

Stored = Callable[[NewEvent, bool], None]
"""Told of each event that the store has now, and whether it was new."""


class _OfIncident(msgspec.Struct):
    """What of an event's body says which incident it belongs to."""

    incident_id: str = ""


_OF = msgspec.json.Decoder(_OfIncident)


class Page(msgspec.Struct, frozen=True):
    """A page of the history, newest first; `next_before` asks for the page after it, None when there is none.

    marks: by id of the event, for the events whose incident somebody marked
    next_samples: the time before which the page of samples after this one lies, None when there is none
    """

    events: list[StoredEvent]
    samples: list[Sample]
    next_before: int | None
    marks: dict[int, Mark] = {}
    next_samples: int | None = None


class History:
    """The one writer of the store."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        counters: Counters,
        tell: Stored,
        in_use: Callable[[str], bool] = lambda _journal: False,
    ) -> None:
        """in_use: whether the edge of a journal is here"""
        self._store = store
        self._clock = clock
        self._counters = counters
        self._tell = tell
        self._queue: asyncio.Queue[NewEvent] = asyncio.Queue(QUEUE)
        self._writing = asyncio.Lock()
        self._under_way = 0
        self._life = ""
        self._recount_due = False
        self._journals = KnownJournals(counters, in_use)
        self._second: dict[str, Sample] = {}
        self._samples: list[Sample] = []
        self._tally = Tally()
        self.trouble = ""
        """Why events cannot be stored just now, empty when they can."""

    async def run(self) -> None:
        """Store what is handed in until cancelled."""
        beside = [asyncio.create_task(work) for work in (self._keep_samples(), self._mind_losses())]
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < _BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                await self._store_patiently(batch)
        finally:
            await end(beside)

    @property
    def waiting(self) -> int:
        """Events that wait to be stored, those included that are being stored."""
        return self._queue.qsize() + self._under_way

    async def finish(self) -> None:
        """Store what still waits; called once after `run` has ended."""
        batch = []
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        if self.trouble:
            return
        if batch := self._in_order(batch):
            await self._try(batch, unsure=False)
        await self._flush_samples(everything=True)

    def _in_order(self, batch: Sequence[NewEvent]) -> list[NewEvent]:
        """`batch` without events that would overtake one that is missing; their edge says them again after it."""
        kept: list[NewEvent] = []
        last: dict[str, int] = {}
        for event in batch:
            known = self._journals.get(event.journal)
            follows = known is None or event.seq in known.have or event.seq - 1 in known.have
            in_order = known is not None and (known.floor is not None or known.have.pieces > _PIECES)
            if in_order and not follows and last.get(event.journal) != event.seq - 1:
                self._counters.events_early += 1
                continue
            last[event.journal] = event.seq
            kept.append(event)
        return kept

    async def _store_patiently(self, arrived: Sequence[NewEvent]) -> None:
        """Store a batch, however often that has to be tried."""
        waits, unsure = backoff.delays(first=0.2, cap=_RETRY_CAP_S), False
        handed_in = self._under_way = len(arrived)
        try:
            while (batch := self._in_order(arrived)) and not await self._try(batch, unsure=unsure):
                arrived, unsure = batch, True
                await asyncio.sleep(next(waits))
                await self._check_life()
        except Exception:  # top of a task: a batch that breaks the store must not end all storing
            self._counters.events_refused += len(arrived)
            log.exception("%d events were given up, their edges keep them", len(arrived))
        finally:
            self._under_way = 0
            self._journals.done(handed_in)

    async def _try(self, batch: Sequence[NewEvent], *, unsure: bool) -> bool:
        """Store a batch once; False when the store refuses. `unsure`: it may have taken it although it said no."""
        try:
            async with self._writing:
                new = await self._store.add(batch)
                for event, is_new in zip(batch, new, strict=True):
                    self._stored(event, is_new=is_new, unsure=unsure)
        except StoreError as error:
            self._counters.events_refused += 0 if unsure else len(batch)
            log.log(logging.DEBUG if self.trouble else logging.ERROR, "%d events not stored: %s", len(batch), error)
            self.trouble = str(error)
            return False
        if self.trouble:
            self._end_trouble()
        return True

    def _stored(self, event: NewEvent, *, is_new: bool, unsure: bool) -> None:
        self._counters.events_stored += is_new
        self._counters.events_duplicate += not is_new
        known = self._journals.get(event.journal)
        is_news = known is None or known.have.add(event.seq)
        if is_new or (unsure and is_news):
            self._tally.add(of_event(event))
        self._tell(event, is_new or (unsure and is_news))

    def _end_trouble(self) -> None:
        log.info("events can be stored again")
        self.trouble, self._recount_due = "", True

    # --- events -----------------------------------------------------------------------------------------------------

    async def journal(self, name: str) -> SequenceSet:
        """The numbers of a journal that the hub has; kept up to date from now on. Raises StoreError."""
        known = self._journals.get(name)
        ranges = await self._store.ranges(name) if known is None or self._store.shared else ()
        have = self._journals.ask(name).have
        for first, last in ranges:
            have.add_range(first, last)
        return have

    async def recall(self, name: str) -> SequenceSet:
        """As `journal`; while the store is away, what is known without it, to be counted when it is back."""
        if not self.trouble:
            try:
                async with asyncio.timeout(_PATIENCE_S if self._store.shared else None):
                    return await self.journal(name)
            except (StoreError, TimeoutError) as error:
                self.trouble = str(error) or f"the store does not answer within {_PATIENCE_S:.0f} s"
                log.warning("the numbers of %s are not known: %s", name, self.trouble)
        return self._journals.ask(name).have

    def keep_order(self, name: str, floor: int) -> None:
        """From now on store the events of a journal only one after the other; those up to `floor` are not needed."""
        known = self._journals.ask(name)
        known.floor = floor
        known.have.add_range(0, floor)

    async def _mind_losses(self) -> None:
        while True:
            await self._check_life()
            await beat(_LIFE_EVERY_S)

    async def _check_life(self) -> None:
        """Count anew when the store is another one than before, or can be reached again."""
        try:
            async with self._writing:
                now = await self._store.life()
                if now != self._life or self._recount_due or (self.trouble and not self._under_way):
                    await self._recount()
                    self._recount_due, self._life = False, now
        except StoreError as error:
            if not self.trouble:
                log.warning("the store does not answer: %s", error)
            self.trouble = str(error)
            return
        if self.trouble and not self._under_way:
            self._end_trouble()

    async def _recount(self) -> None:
        """Know of exactly the events that the store has. Edges are asked for the rest by and by. Raises StoreError."""
        for name, known in self._journals:
            lost = known.have.replace([*await self._store.ranges(name), Range(0, known.floor or 0)])
            if lost:
                log.warning("the store has lost %d events of %s; its edge is asked for them", lost, name)
                self._counters.events_lost_by_store += lost

    def submit(self, event: NewEvent) -> bool:
        """Hand in an event to be stored; False when it was refused because too many wait."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._counters.events_refused += 1
            return False
        self._journals.handed_in(event.journal)
        return True

    # --- samples ----------------------------------------------------------------------------------------------------

    def sample(self, sample: Sample) -> None:
        """Note the figures of a camera; the last of each second is kept."""
        last = self._second.get(sample.source)
        if last is not None and last.at != sample.at:
            self._complete(last)
        self._second[sample.source] = sample

    def _complete(self, sample: Sample) -> None:
        self._samples.append(sample)
        self._tally.add(of_sample(sample))

    async def _keep_samples(self) -> None:
        while True:
            await beat(_SAMPLES_EVERY_S)
            await self._flush_samples()

    async def _flush_samples(self, *, everything: bool = False) -> None:
        now = int(self._clock.utc())
        for source, sample in list(self._second.items()):
            if everything or sample.at != now:
                self._complete(self._second.pop(source))
        await self._flush_hours()
        samples, self._samples = self._samples, []
        if not samples:
            return
        try:
            await self._store.add_samples(samples)
            self._counters.samples_stored += len(samples)
        except StoreError as error:
            log.log(logging.DEBUG if self.trouble else logging.WARNING, "%d samples wait: %s", len(samples), error)
            waiting = [*samples, *self._samples]
            self._counters.samples_dropped += max(0, len(waiting) - _SAMPLES_WAITING)
            self._samples = waiting[-_SAMPLES_WAITING:]

    async def _flush_hours(self) -> None:
        pieces = self._tally.take()
        try:
            if pieces:
                await self._store.add_hours(pieces)
        except StoreError as error:
            log.debug("%d hours wait: %s", len(pieces), error)
            for piece in pieces:
                self._tally.add(piece)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def page(self, query: Query, samples: int, samples_before: int | None = None) -> Page:
        """A page of events and the newest `samples` samples of the same cameras, of before a time where one is given.

        Raises StoreError.
        """
        if not self.trouble:
            await self._flush_samples()
        events = await self._store.events(query)
        figures: list[Sample] = []
        if samples:
            newest = Query(samples, samples_before, query.edge_id, query.camera_id)
            figures = await self._store.samples(newest)
        full = len(events) == query.limit and events[-1].id > 1
        next_samples = figures[-1].at if figures and len(figures) == samples else None
        if next_samples is not None and figures[0].at > next_samples and len({each.source for each in figures}) > 1:
            figures = [each for each in figures if each.at > next_samples]  # that second comes whole, on the next page
            next_samples += 1
        return Page(events, figures, events[-1].id if full else None, await self._marks(events), next_samples)

    @property
    def fine_s(self) -> int:
        """Spans up to this are told from the figures of single seconds."""
        return self._store.fine_s

    async def course(self, query: CourseQuery) -> list[Step]:
        """What cameras saw in steps, from samples or, over a longer span, from hours. Raises StoreError."""
        if not self.trouble:
            await self._flush_samples()
        if query.end - query.start <= self.fine_s + query.step_s:
            return await self._store.course(query)
        fold = CourseFold(query)
        fold.add_hours(
            await self._store.hours(HourQuery(query.start, query.end, _HOURS, query.edge_id, query.camera_id))
        )
        return fold.steps

    async def hours(self, query: HourQuery) -> list[Hour]:
        """What cameras saw hour by hour. Raises StoreError."""
        if not self.trouble:
            await self._flush_samples()
        return await self._store.hours(query)

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
