"""One message to many outlets, a chunk at a time, so that a thousand viewers do not hold up the next request.

While a message is still on its way to the last viewers, the newest one for the same slot waits, and replaces an older
one that waits: newest wins here too.
"""

from collections.abc import Callable, Sequence

from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import Outlet
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.sink import write_to_each

CHUNK = 128
"""Outlets written to before the event loop gets a turn; about a millisecond."""

CallSoon = Callable[[Callable[[], None]], object]


class _Pass:
    """One message under way."""

    __slots__ = ("next", "outlets", "parcel")

    def __init__(self, outlets: Sequence[Outlet], parcel: Parcel) -> None:
        self.outlets = outlets
        self.parcel = parcel
        self.next = 0


class FanOut:
    """All passes that are under way, at most one and one waiting for each slot."""

    def __init__(self, counters: Counters, call_soon: CallSoon) -> None:
        self._counters = counters
        self._call_soon = call_soon
        self._under_way: dict[str, _Pass] = {}
        self._waiting: dict[str, _Pass] = {}

    def send(self, slot: str, outlets: Sequence[Outlet], parcel: Parcel) -> None:
        """Put `parcel` into `slot` of every outlet, soon."""
        if slot in self._under_way:
            waited = self._waiting.get(slot)
            if waited is not None:
                self._counters.messages_replaced += len(waited.outlets)
            self._waiting[slot] = _Pass(outlets, parcel)
            return
        self._begin(slot, _Pass(outlets, parcel))

    def _begin(self, slot: str, work: _Pass) -> None:
        self._write_chunk(slot, work)
        if work.next < len(work.outlets):
            self._under_way[slot] = work
            self._call_soon(lambda: self._go_on(slot))

    def _go_on(self, slot: str) -> None:
        work = self._under_way[slot]
        self._write_chunk(slot, work)
        if work.next < len(work.outlets):
            self._call_soon(lambda: self._go_on(slot))
            return
        del self._under_way[slot]
        waiting = self._waiting.pop(slot, None)
        if waiting is not None:
            self._begin(slot, waiting)

    def _write_chunk(self, slot: str, work: _Pass) -> None:
        chunk = work.outlets[work.next : work.next + CHUNK]
        work.next += CHUNK
        wire = work.parcel.wire
        others = write_to_each(chunk, wire)
        late = sum(outlet.put(slot, work.parcel) for outlet in others)
        self._counters.sent(slot, len(wire), len(chunk) - len(others) + late)
