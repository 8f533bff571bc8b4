"""What a store of events promises; one suite of tests runs over every implementation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from aimonitor.hub.sequence import Range
from aimonitor.hub.stores.hours import Hour, HourQuery

if TYPE_CHECKING:
    from aimonitor.hub.stores.course import CourseQuery, Step


class StoreError(OSError):
    """The store could not take or give something; the text says why and what to do. What it holds stays."""


class StoreFullError(StoreError):
    """There is no room left where the store keeps its things."""


class NewEvent(msgspec.Struct, frozen=True):
    """An event to store. (`journal`, `seq`) is unique: `journal` is the numbering that `seq` belongs to."""

    journal: str
    seq: int
    source: str
    received_at: float
    body: str
    """The message as it came, JSON."""


class StoredEvent(msgspec.Struct, frozen=True):
    """An event in the history; `id` counts from 1 without gaps in the order of storing."""

    id: int
    received_at: float
    source: str
    body: str


class Sample(msgspec.Struct, frozen=True):
    """The figures of one camera in one second. `at` in whole seconds since 1970 UTC, on the hub's clock."""

    at: int
    source: str
    score: float
    level: str
    persons: int
    vehicles: int
    fps: float
    speed: float = 0.0
    speed_unit: str = "px/s"


class Incident(msgspec.Struct, frozen=True):
    """Which incident: `incident_id` is unique in a camera."""

    source: str
    incident_id: str


class Mark(msgspec.Struct, frozen=True):
    """What a person said of an incident, who and when (seconds since 1970 UTC, on the hub's clock)."""

    incident: Incident
    mark: str
    by: str
    at: float


class Query(msgspec.Struct, frozen=True):
    """A page of the history, newest first: at most `limit`, with ids below `before`, of one edge or camera."""

    limit: int = 100
    before: int | None = None
    edge_id: str | None = None
    camera_id: str | None = None


class EventStore(Protocol):
    """Every method raises StoreError. What `add` returned from survives a crash, where the store is a lasting one."""

    lasting: bool
    shared: bool
    """Other hubs store there as well."""
    fine_s: int
    """So long a span it can tell from its samples without keeping others waiting."""

    async def open(self) -> None:
        """Get ready; called once before anything else."""
        ...

    async def close(self) -> None:
        """Write what is left and let go of everything."""
        ...

    async def add(self, events: Sequence[NewEvent]) -> list[bool]:
        """Store all or none; says for each whether it was new."""
        ...

    async def ranges(self, journal: str) -> tuple[Range, ...]:
        """The numbers of `journal` that need not be asked for again: stored, or stored once and pruned since."""
        ...

    async def events(self, query: Query) -> list[StoredEvent]:
        """A page of events, newest first."""
        ...

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        """Keep samples; the oldest go when there are too many."""
        ...

    async def samples(self, query: Query) -> list[Sample]:
        """The newest `query.limit` samples, newest first; `before` is a time here."""
        ...

    async def course(self, query: "CourseQuery") -> "list[Step]":
        """The samples of a span of time in steps, by source and oldest first. For spans up to `fine_s`."""
        ...

    async def add_hours(self, hours: Sequence[Hour]) -> None:
        """Add pieces to the hours that are there; the oldest hours go when there are too many."""
        ...

    async def hours(self, query: HourQuery) -> list[Hour]:
        """The hours of a span of time, oldest first."""
        ...

    async def mark(self, mark: Mark) -> None:
        """Keep a mark in place of an earlier one of the same incident; the oldest go when there are too many."""
        ...

    async def marks(self, incidents: Sequence[Incident]) -> list[Mark]:
        """The marks of those incidents that have one, in any order."""
        ...

    async def count(self) -> int:
        """How many events it holds."""
        ...

    async def life(self) -> str:
        """Another word than before when something that was stored may be gone: a restart, a failover.

        From then on `add` refuses until this was asked, so that nothing is stored after a gap that nobody knows of.
        """
        ...
