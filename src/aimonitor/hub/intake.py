"""Which events of an edge have come, which to acknowledge, which to ask for again. Pure.

The edge resends by itself what follows `Welcome.acked_seq`. Only when nothing has come into a gap for a while (the hub
or its store lost its memory, or had no room) is the gap asked for with a `Refill`. A gap that the edge leaves open
three times, although it is heard, is one that it cannot fill: its journal was trimmed. Then it is passed over and
counted.
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
        self._still_since = self._asked_at = at
        self._gap: Range | None = None
        self._asked: Range | None = None
        self._tries = 0
        self.unavailable = 0

    @property
    def acked_seq(self) -> int:
        """Every event up to this number is stored, or can no longer be had."""
        return self._have.contiguous(self.floor)

    @property
    def lacks_some(self) -> bool:
        """Whether an event is known that is not stored."""
        return self.acked_seq < self._highest

    def came(self, seq: int, at: float) -> None:
        """An event came, stored or not yet. One from beyond the gap says nothing of those in it."""
        self._highest = max(self._highest, seq)
        if self._gap is None or seq <= self._gap.last:
            self._still_since = at
        if self._asked is not None and self._asked.first <= seq <= self._asked.last:
            self._tries = 0

    def refill(self, at: float, heard_at: float) -> messages.Refill | None:
        """What to ask for now, if anything. heard_at: when anything came from the edge; a silent one may be deaf."""
        self._gap = self._lowest_gap() if self.lacks_some else None
        if self._gap is None or at - self._still_since < QUIET_S:
            return None
        if self._gap != self._asked:
            self._asked, self._tries = self._gap, 0
        elif self._tries and heard_at <= self._asked_at:
            return None
        if self._tries >= _TRIES:
            self.unavailable += len(self._gap)
            self._have.add_range(*self._gap)
            return None
        self._tries += 1
        self._still_since = self._asked_at = at
        return messages.Refill(self._gap.first - 1, self._gap.last)

    def _lowest_gap(self) -> Range | None:
        gap = self._have.lowest_gap(self.floor + 1, self._highest)
        return Range(gap.first, min(gap.last, gap.first + CHUNK - 1)) if gap else None
