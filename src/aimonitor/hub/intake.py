"""Which events of an edge have come, which to acknowledge, which to ask for again. Pure.

The edge resends by itself what follows `Welcome.acked_seq`. Only when it has been quiet for a while and a gap is still
there (this hub lost its memory in between, or could not store) is the gap asked for with a `Refill`. A gap that the
edge leaves open three times is one that it cannot fill: its journal was trimmed. Then it is passed over and counted.
"""

from aimonitor.contract import messages
from aimonitor.hub.sequence import Range, SequenceSet

CHUNK = 500
"""Events asked for at once."""
QUIET_S = 2.0
_TRIES = 3


class Intake:
    """The events of one connection. `have` is shared with the history, which adds to it what was stored."""

    def __init__(self, have: SequenceSet, hello: messages.Hello, keep: int, at: float) -> None:
        """keep: how many of its newest events an edge is asked for at most."""
        self._have = have
        # Events up to here are not asked for: the edge no longer has them, or there are more than the hub keeps.
        self.floor = max(hello.journal_first - 1, hello.journal_last - keep, 0)
        self._highest = hello.journal_last
        self._quiet_since = at
        self._asked: Range | None = None
        self._tries = 0
        self.unavailable = 0

    @property
    def acked_seq(self) -> int:
        """Every event up to this number is stored, or can no longer be had."""
        return self._have.contiguous(self.floor)

    def came(self, seq: int, at: float) -> None:
        """An event came, stored or not yet."""
        self._highest = max(self._highest, seq)
        self._quiet_since = at
        if self._asked is not None and self._asked.first <= seq <= self._asked.last:
            self._tries = 0

    def refill(self, at: float) -> messages.Refill | None:
        """What to ask for now, if anything."""
        if at - self._quiet_since < QUIET_S:
            return None
        gaps = self._have.missing(self.floor + 1, self._highest)
        if not gaps:
            return None
        gap = Range(gaps[0].first, min(gaps[0].last, gaps[0].first + CHUNK - 1))
        if gap != self._asked:
            self._asked, self._tries = gap, 0
        if self._tries >= _TRIES:
            self.unavailable += len(gap)
            self._have.add_range(gap.first, gap.last)
            return None
        self._tries += 1
        self._quiet_since = at
        return messages.Refill(gap.first - 1, gap.last)
