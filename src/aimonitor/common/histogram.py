"""How long things took, as counts in buckets: fixed memory, any thread, no library."""

import threading
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds that suit waits between a few milliseconds and ten seconds."""


class Distribution(msgspec.Struct, frozen=True):
    """What was measured so far. `cumulative[i]` values were at most `bounds[i]`; `count` is all of them."""

    bounds: tuple[float, ...]
    cumulative: tuple[int, ...]
    count: int
    sum: float


class Histogram:
    """Counts values, in seconds, by the first of `bounds` that they do not exceed; negative ones count as 0."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        if not bounds or list(bounds) != sorted(set(bounds)):
            raise ValueError(f"expected rising bounds, got {bounds!r}")
        self._bounds = tuple(bounds)
        self._lock = threading.Lock()
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        value = max(0.0, value)
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    def read(self) -> Distribution:
        """Everything counted so far."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        cumulative, below = [], 0
        for count in counts[:-1]:
            below += count
            cumulative.append(below)
        return Distribution(self._bounds, tuple(cumulative), below + counts[-1], total)
