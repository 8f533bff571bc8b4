"""Events in memory: for tests, and for a hub without a disk that its edges refill."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from aimonitor.hub.sequence import Range, SequenceSet
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import Incident, Mark, NewEvent, Query, Sample, StoredEvent
from aimonitor.hub.stores.course import FINE_S, CourseFold, CourseQuery, Step
from aimonitor.hub.stores.hours import Hour, HourQuery, is_of

_HOURS = 20_000
_AT_ONCE = 2_000


class MemoryStore:
    """Keeps the newest events, samples and marks; forgets everything at the end."""

    lasting = False
    shared = False
    fine_s = FINE_S

    def __init__(self, keep: Keep) -> None:
        self._events: deque[StoredEvent] = deque(maxlen=keep.events)
        self._samples: deque[Sample] = deque(maxlen=keep.samples)
        self._marks: dict[Incident, Mark] = {}
        self._marks_limit = keep.marks
        self._hours: dict[tuple[int, str], Hour] = {}
        self._hours_limit = min(keep.hours, _HOURS)
        self._seen: dict[str, SequenceSet] = {}
        self._last_id = 0

    async def open(self) -> None:
        """Nothing to get ready."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def add(self, events: Sequence[NewEvent]) -> list[bool]:
        return [self._add(event) for event in events]

    def _add(self, event: NewEvent) -> bool:
        if not self._seen.setdefault(event.journal, SequenceSet()).add(event.seq):
            return False
        self._last_id += 1
        self._events.append(StoredEvent(self._last_id, event.received_at, event.source, event.body))
        return True

    async def ranges(self, journal: str) -> tuple[Range, ...]:
        seen = self._seen.get(journal)
        return seen.ranges if seen else ()

    async def events(self, query: Query) -> list[StoredEvent]:
        matching = (
            event
            for event in reversed(self._events)
            if (query.before is None or event.id < query.before) and is_of(event.source, query.edge_id, query.camera_id)
        )
        return list(islice(matching, query.limit))

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        self._samples.extend(samples)

    async def samples(self, query: Query) -> list[Sample]:
        matching = (
            sample
            for sample in reversed(self._samples)
            if (query.before is None or sample.at < query.before)
            and is_of(sample.source, query.edge_id, query.camera_id)
        )
        return list(islice(matching, query.limit))

    async def course(self, query: CourseQuery) -> list[Step]:
        fold = CourseFold(query)
        samples = list(self._samples)
        for start in range(0, len(samples), _AT_ONCE):
            fold.add_samples(samples[start : start + _AT_ONCE])
            await asyncio.sleep(0)  # others come in between
        return fold.steps

    async def add_hours(self, hours: Sequence[Hour]) -> None:
        for hour in hours:
            known = self._hours.get(hour.key)
            self._hours[hour.key] = hour if known is None else known + hour
        for key in sorted(self._hours)[: -self._hours_limit]:
            del self._hours[key]

    async def hours(self, query: HourQuery) -> list[Hour]:
        return [self._hours[key] for key in sorted(self._hours) if query.wants(*key)][: query.limit]

    async def mark(self, mark: Mark) -> None:
        self._marks.pop(mark.incident, None)  # so that the dictionary stays in the order of marking
        self._marks[mark.incident] = mark
        if len(self._marks) > self._marks_limit:
            del self._marks[next(iter(self._marks))]

    async def marks(self, incidents: Sequence[Incident]) -> list[Mark]:
        return [self._marks[incident] for incident in incidents if incident in self._marks]

    async def count(self) -> int:
        return len(self._events)

    async def life(self) -> str:
        return "memory"
