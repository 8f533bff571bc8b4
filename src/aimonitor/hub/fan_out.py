"""One message to many outlets, a chunk at a time, so that a thousand viewers do not hold up the next request.

While a message is still on its way to the last viewers, the newest one for the same slot waits, and replaces an older
one that waits: newest wins here too.

Between two frames, and between two sends, the kernel's work pushes ours out of the processor's caches: each object that
is touched per viewer costs as much as all of the loop's arithmetic. Therefore a `Row` has the sockets' numbers side by
side, and the viewer's own objects stay untouched unless the socket does not take the frame.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from aimonitor.hub.courtesy import Courtesy, Pace
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import Outlet
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.writing import write_to_each

_AT_ONCE: Final = Pace.at_once(64)
"""A row that is not longer is written to in one go."""

CallSoon = Callable[[Callable[[], None]], object]


class Row:
    """Outlets that get the same messages, and side by side the socket numbers of those that may be written to now."""

    __slots__ = ("as_of", "fds", "outlets")

    def __init__(self, outlets: Sequence[Outlet] = ()) -> None:
        self.outlets = outlets
        self.fds: array[int] = array("i")
        self.as_of = -1
        """The change after which the numbers were read."""

    def __len__(self) -> int:
        return len(self.outlets)

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self.outlets)

    def look_again(self, change: int) -> None:
        """Read the sockets' numbers anew, after `change`."""
        self.fds = array("i", [outlet.sink.ready_fd for outlet in self.outlets])
        self.as_of = change


class _Pass:
    """One message under way to a row; the outlets before `next` have it, and to `sent` of them it went at once."""

    __slots__ = ("next", "parcel", "row", "sent", "slot")

    def __init__(self, slot: str, row: Row, parcel: Parcel) -> None:
        self.slot = slot
        self.row = row
        self.parcel = parcel
        self.next = 0
        self.sent = 0


class FanOut:
    """All passes that are under way, at most one and one waiting for each slot."""

    def __init__(self, counters: Counters, call_soon: CallSoon, courtesy: Courtesy) -> None:
        self._counters = counters
        self._courtesy = courtesy
        self._call_soon = call_soon
        self._under_way: set[str] = set()
        self._waiting: dict[str, _Pass] = {}
        self._change = 0

    def note_change(self) -> None:
        """A socket takes frames again, or takes none any more."""
        self._change += 1

    def send(self, slot: str, row: Row, parcel: Parcel) -> None:
        """Put `parcel` into `slot` of every outlet of `row`, soon."""
        if slot in self._under_way:
            waited = self._waiting.get(slot)
            if waited is not None:
                self._counters.messages_replaced += len(waited.row)
            self._waiting[slot] = _Pass(slot, row, parcel)
        elif len(row.outlets) > _AT_ONCE.turn:
            self._go_on(_Pass(slot, row, parcel))
        else:
            work = _Pass(slot, row, parcel)
            self._write(work, _AT_ONCE)
            self._counters.sent(slot, len(parcel.wire), work.sent)

    def _go_on(self, work: _Pass) -> None:
        """Write until somebody else has something to do; what is left then comes after all that."""
        self._write(work, self._courtesy.pace())
        if work.next < len(work.row.outlets):
            self._under_way.add(work.slot)
            self._call_soon(partial(self._go_on, work))
            return
        self._counters.sent(work.slot, len(work.parcel.wire), work.sent)
        self._under_way.discard(work.slot)
        waiting = self._waiting.pop(work.slot, None)
        if waiting is not None:
            self._go_on(waiting)

    def _write(self, work: _Pass, pace: Pace) -> None:
        """Write to the outlets that are next, as many as the turn has, or fewer where somebody waits."""
        row, wire, first = work.row, work.parcel.wire, work.next
        if row.as_of != self._change:
            row.look_again(self._change)
        fds = row.fds[first : first + pace.turn] if first or len(row.fds) > pace.turn else row.fds
        taken = write_to_each(fds, wire, pace.chunk, pace.waits)
        if len(taken) < len(fds):
            self._courtesy.rang()
        work.next += len(taken)
        work.sent += len(taken)
        if taken.count(len(wire)) < len(taken):
            for outlet, fd, size in zip(row.outlets[first : work.next], fds, taken, strict=False):
                if fd < 0:
                    work.sent -= not outlet.put(work.slot, work.parcel)
                elif size < len(wire):
                    outlet.sink.write(wire[size:])
