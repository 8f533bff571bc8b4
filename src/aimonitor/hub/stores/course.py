"""The course of a camera's figures over a span of time, in as many steps as somebody can see. Pure.

Of each step the highest is told: what was dangerous for a second must not vanish in an average.
"""

from collections.abc import Iterable

import msgspec

from aimonitor.hub.stores.base import Sample
from aimonitor.hub.stores.hours import Hour, is_of

FINE_S = 3 * 3600
"""So long a span a store tells from samples that it goes through one by one."""


class Step(msgspec.Struct, frozen=True):
    """What one camera saw from `at` (seconds since 1970 UTC) on; `seconds`: those with figures."""

    at: int
    source: str
    seconds: int
    score_max: float
    persons_max: int
    vehicles_max: int


class CourseQuery(msgspec.Struct, frozen=True):
    """Steps of `step_s` seconds from `start`, a multiple of it, up to but not including `end`, of an edge or camera."""

    start: int
    end: int
    step_s: int
    edge_id: str | None = None
    camera_id: str | None = None

    def wants(self, at: int, source: str) -> bool:
        return self.start <= at < self.end and is_of(source, self.edge_id, self.camera_id)


class CourseFold:
    """Gathers samples and hours, in any order, into the steps of a query."""

    def __init__(self, query: CourseQuery) -> None:
        self._query = query
        self._steps: dict[tuple[str, int], _Sum] = {}

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Take in those that the query wants."""
        for each in samples:
            if self._query.wants(each.at, each.source):
                self._sum(each.source, each.at).add(1, each.score, each.persons, each.vehicles)

    def add_hours(self, hours: Iterable[Hour]) -> None:
        """Take in hours, where steps are as long or longer."""
        for hour in hours:
            self._sum(hour.source, hour.at).add(hour.seconds, hour.score_max, hour.persons_max, hour.vehicles_max)

    def _sum(self, source: str, at: int) -> "_Sum":
        key = (source, at // self._query.step_s)
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = _Sum()
        return found

    @property
    def steps(self) -> list[Step]:
        """By source, oldest first; a step in which no figures came is not there."""
        found = sorted(self._steps.items(), key=lambda item: item[0])
        step_s = self._query.step_s
        return [Step(number * step_s, source, *each.values) for (source, number), each in found]


class _Sum:
    """One step while it is gathered."""

    __slots__ = ("_persons", "_score", "_seconds", "_vehicles")

    def __init__(self) -> None:
        self._seconds, self._score, self._persons, self._vehicles = 0, 0.0, 0, 0

    def add(self, seconds: int, score: float, persons: int, vehicles: int) -> None:
        self._seconds += seconds
        self._score = max(self._score, score)
        self._persons = max(self._persons, persons)
        self._vehicles = max(self._vehicles, vehicles)

    @property
    def values(self) -> tuple[int, float, int, int]:
        return self._seconds, self._score, self._persons, self._vehicles
