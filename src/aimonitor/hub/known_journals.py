"""What is known in memory of the numbers of each journal, bounded: edges may call themselves anything. Pure.

Forgetting costs a question to the store when the edge comes back, and nothing else: the store has the numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aimonitor.hub.metrics import Counters
from aimonitor.hub.sequence import SequenceSet

LIMIT = 5_000
"""Journals; there are more only while more are in use."""


@dataclass(slots=True)
class KnownJournal:
    """One edge's numbering.

    have: the numbers that the store has; shared with the connection of the edge
    floor: numbers up to here are not needed, and the others are stored in order only; None: in any order
    waits_until: how many events will have left the queue when the last one of this journal has
    """

    have: SequenceSet = field(default_factory=SequenceSet)
    floor: int | None = None
    waits_until: int = 0


class KnownJournals:
    """By name. The one that was asked for the longest time ago is forgotten first, and counted.

    in_use: whether a journal's edge is here; what it shares with the hub must not be forgotten
    """

    def __init__(self, counters: Counters, in_use: Callable[[str], bool], limit: int = LIMIT) -> None:
        self._counters = counters
        self._in_use = in_use
        self._limit = limit
        self._known: dict[str, KnownJournal] = {}
        self._handed_in = self._done = 0

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[tuple[str, KnownJournal]]:
        return iter(tuple(self._known.items()))

    def get(self, name: str) -> KnownJournal | None:
        """The journal, if it is known."""
        return self._known.get(name)

    def ask(self, name: str) -> KnownJournal:
        """The journal, made when it is new."""
        known = self._known.pop(name) if name in self._known else KnownJournal()
        self._known[name] = known  # at the end: the order is that of use
        if len(self._known) > self._limit:
            self._forget_unused(name)
        return known

    def handed_in(self, name: str) -> None:
        """One more event waits to be stored, behind all others."""
        self._handed_in += 1
        if name in self._known:
            self._known[name].waits_until = self._handed_in

    def done(self, events: int) -> None:
        """So many events wait no more, the first ones that were handed in."""
        self._done += events

    def _forget_unused(self, asked: str) -> None:
        for name, known in self:
            if name == asked or known.waits_until > self._done or self._in_use(name):
                self._known[name] = self._known.pop(name)  # not looked at again soon
                continue
            del self._known[name]
            self._counters.journals_forgotten += 1
            if len(self._known) <= self._limit:
                return
