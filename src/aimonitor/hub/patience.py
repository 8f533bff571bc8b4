"""Connections that somebody looks at now and then, so that none of them needs a timer of its own.

To look at one costs more than to send it a picture: nothing of it is left in the processor's caches. So who owes us
something is looked at often, and all the others, who are only to be pinged, seldom.
"""

import itertools
from typing import Generic, TypeVar

OFTEN_TURNS, SELDOM_TURNS = 5, 20
"""The server gives a turn every second."""
LUMP = 64
"""So many are met in the same turn before another turn has any: their answers to a ping wake the hub together."""

T = TypeVar("T")


class Swept:
    """A connection with an end to its patience. No ABC: to ask what is one would take as long as to sweep it."""

    def sweep(self, at: float) -> None:
        """End the connection when the other side is too slow; `at` is the loop's time."""
        raise NotImplementedError


class Round(Generic[T]):
    """Goes round all its members in a number of turns, touching only those whose turn it is.

    Few are met together, many are dealt out evenly. A member is met once in every so many turns, neither earlier nor
    later, whoever else comes and goes.
    """

    def __init__(self, turns: int) -> None:
        self._shares: list[set[T]] = [set() for _ in range(turns)]
        self._share_of: dict[T, set[T]] = {}
        self._met = itertools.cycle(self._shares)

    def __contains__(self, one: T) -> bool:
        return one in self._share_of

    def join(self, one: T) -> None:
        """Be met from now on; once is enough."""
        if one not in self._share_of:
            sizes = [len(share) for share in self._shares]
            size = max((size for size in sizes if size < LUMP), default=min(sizes))
            share = self._share_of[one] = self._shares[sizes.index(size)]
            share.add(one)

    def leave(self, one: T) -> None:
        """Be met no more."""
        share = self._share_of.pop(one, None)
        if share is not None:
            share.remove(one)

    def next(self) -> list[T]:
        """Those whose turn it is."""
        return list(next(self._met))


class Patience:
    """Who is looked at `often`, and who `seldom`; one may be in both."""

    def __init__(self) -> None:
        self.often: Round[Swept] = Round(OFTEN_TURNS)
        self.seldom: Round[Swept] = Round(SELDOM_TURNS)

    def sweep(self, at: float) -> None:
        """One turn, at the loop's time `at`; a share at a time, for after a thousand at once others would wait."""
        for one in (*self.often.next(), *self.seldom.next()):
            one.sweep(at)
