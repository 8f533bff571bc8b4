"""The quick way out to one socket: written at once while it takes, the newest kept while it does not."""

from collections.abc import Callable

from aimonitor.common.clock import Clock
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import LINE, LINES
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.sink import Sink, no_change


class SinkOutlet:
    """An `outlet.Outlet` that writes at once while the socket takes it, and keeps the newest while it does not."""

    __slots__ = ("_clock", "_counters", "_lines", "_slots", "on_stall", "sink", "stalled_since")

    def __init__(self, sink: Sink, clock: Clock, counters: Counters) -> None:
        self.sink = sink
        self._clock = clock
        self._counters = counters
        self._slots: dict[str, Parcel] = {}
        self._lines: list[Parcel] = []
        self.stalled_since: float | None = None
        self.on_stall: Callable[[], None] = no_change
        sink.keep_short()
        sink.on_ready = self._flush

    def put(self, slot: str, parcel: Parcel) -> bool:
        if self.sink.ready:
            self.sink.write(parcel.wire)
            return True
        if slot in self._slots:
            self._counters.messages_replaced += 1
        self._slots[slot] = parcel
        self._note_stall()
        return False

    def say(self, parcel: Parcel) -> bool:
        if self.sink.ready:
            self.sink.write(parcel.wire)
            return True
        if len(self._lines) >= LINES:
            self._lines.pop(0)
            self._counters.messages_dropped += 1
        self._lines.append(parcel)
        self._note_stall()
        return False

    def _note_stall(self) -> None:
        if self.stalled_since is None:
            self.stalled_since = self._clock.monotonic()
            self.on_stall()

    def _flush(self) -> None:
        """The socket takes something again: lines first, then the newest of everything, until it is full again."""
        self.stalled_since = None
        while self.sink.ready and (self._lines or self._slots):
            slot = LINE if self._lines else next(iter(self._slots))
            parcel = self._lines.pop(0) if self._lines else self._slots.pop(slot)
            self.sink.write(parcel.wire)
            self._counters.sent(slot, len(parcel.wire))
        if self._lines or self._slots:
            self._note_stall()
