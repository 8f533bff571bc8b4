"""Which numbers are there: a set of whole numbers kept as ranges, for `Ack` (no gap below) and `Refill` (the gaps)."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Range(NamedTuple):
    """Numbers from `first` up to and including `last`."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


class SequenceSet:
    """The numbers of an edge's events that need not be asked for again."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(ranges):
            self.add_range(first, last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def add(self, number: int) -> bool:
        """Add one number; False when it was there."""
        if number in self:
            return False
        self.add_range(number, number)
        return True

    def add_range(self, first: int, last: int) -> None:
        """Add every number from `first` to `last`; nothing when `last` < `first`."""
        if last < first:
            return
        start = bisect_right(self._firsts, first) - 1
        if start < 0 or self._lasts[start] < first - 1:
            start += 1
        end = bisect_right(self._firsts, last + 1)
        if start < end:
            first = min(first, self._firsts[start])
            last = max(last, self._lasts[end - 1])
        self._firsts[start:end] = [first]
        self._lasts[start:end] = [last]

    def replace(self, ranges: Iterable[Range]) -> int:
        """Hold exactly `ranges` from now on; returns how many numbers are gone by that."""
        before = self.ranges
        self._firsts.clear()
        self._lasts.clear()
        for first, last in sorted(ranges):
            self.add_range(first, last)
        return sum(len(gap) for first, last in before for gap in self.missing(first, last))

    def contiguous(self, floor: int = 0) -> int:
        """The highest number such that none is missing above `floor` up to it; `floor` when the next one is missing."""
        at = bisect_right(self._firsts, floor + 1) - 1
        return max(floor, self._lasts[at]) if at >= 0 and self._lasts[at] >= floor else floor

    def missing(self, first: int, last: int) -> list[Range]:
        """The gaps between `first` and `last`, lowest first."""
        gaps = []
        for start, end in zip(self._firsts, self._lasts, strict=True):
            if end < first:
                continue
            if start > last:
                break
            if first < start:
                gaps.append(Range(first, start - 1))
            first = end + 1
        if first <= last:
            gaps.append(Range(first, last))
        return gaps

    def lowest_gap(self, first: int, last: int) -> Range | None:
        """The first of the gaps between `first` and `last`, None when there is none; quick however many there are."""
        first = self.contiguous(first - 1) + 1
        if first > last:
            return None
        at = bisect_right(self._firsts, first)
        return Range(first, min(last, self._firsts[at] - 1) if at < len(self._firsts) else last)

    @property
    def pieces(self) -> int:
        """In how many ranges the numbers lie."""
        return len(self._firsts)

    @property
    def highest(self) -> int:
        """The highest number, 0 when there is none."""
        return self._lasts[-1] if self._lasts else 0

    @property
    def ranges(self) -> tuple[Range, ...]:
        return tuple(map(Range, self._firsts, self._lasts))
