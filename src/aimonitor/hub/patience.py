"""Connections that somebody looks at every few seconds, so that none of them needs a timer of its own."""

from collections.abc import Collection
from typing import Generic, TypeVar

T = TypeVar("T")


class Swept:
    """A connection with an end to its patience. No ABC: to ask what is one would take as long as to sweep it."""

    def sweep(self, at: float) -> None:
        """End the connection when the other side is too slow; `at` is the loop's time."""
        raise NotImplementedError


class Round(Generic[T]):
    """Goes round many in a number of turns, and touches in each turn only those whose turn it is.

    Everybody's turn stays the same, so that who stays is met once in every so many turns, neither earlier nor later.
    """

    def __init__(self, turns: int) -> None:
        self._shares: list[list[T]] = [[] for _ in range(turns)]
        self._turn = 0

    def next(self, everybody: Collection[T]) -> list[T]:
        """Those whose turn it is, as far as they are still there; who is new is met in the next round."""
        if self._turn == 0:
            self._shares = [[] for _ in self._shares]
            for one in everybody:
                self._shares[hash(one) % len(self._shares)].append(one)
        share = self._shares[self._turn]
        self._turn = (self._turn + 1) % len(self._shares)
        return [one for one in share if one in everybody]
