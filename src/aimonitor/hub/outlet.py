"""The way out to one socket: what ages is replaced by the newer, what must be read waits its turn, nobody else waits.

`Outlet` is what the relay sees. `Mailbox` is the one that works with any ASGI server: a task of its own that awaits
`send`, so that a socket which does not read holds up nobody else. `sink_outlet.SinkOutlet` is the quick one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from aimonitor.common.clock import Clock
from aimonitor.hub.metrics import Counters
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.sink import Sink, no_change

LINES = 256
"""Messages that wait their turn for one socket; the oldest falls out when there are more."""

LINE = "line"
"""The heading under which lines are counted."""

Send = Callable[[str | bytes], Awaitable[None]]


class Outlet(Protocol):
    """Never blocks and never raises: what cannot be sent is replaced or dropped, and counted.

    What goes out later counts itself as a message out; what went out at once is counted by who called.
    """

    sink: Sink
    """Where it may be written to at once while it is `ready`: the short cut for many outlets."""
    stalled_since: float | None
    """Since when (monotonic) the socket has taken nothing although something waits; None when nothing does."""
    on_stall: Callable[[], None]
    """Called whenever that begins."""

    def put(self, slot: str, parcel: Parcel) -> bool:
        """Send `parcel`, or keep it in place of an older one with the same `slot`: newest wins.

        Returns whether it went out at once.
        """
        ...

    def say(self, parcel: Parcel) -> bool:
        """Send `parcel` in its turn; the oldest of more than LINES is dropped. Returns whether it went out at once."""
        ...


class Mailbox:
    """One slot per stream and a short queue of lines, emptied by `run`."""

    def __init__(self, send: Send, clock: Clock, counters: Counters) -> None:
        self._send = send
        self._clock = clock
        self._counters = counters
        self._slots: dict[str, Parcel] = {}
        self._lines: deque[Parcel] = deque()
        self._wake = asyncio.Event()
        self.stalled_since: float | None = None
        self.on_stall: Callable[[], None] = no_change
        self.sink = Sink()

    def put(self, slot: str, parcel: Parcel) -> bool:
        if slot in self._slots:
            self._counters.messages_replaced += 1
        self._slots[slot] = parcel
        self._wake.set()
        return False

    def say(self, parcel: Parcel) -> bool:
        if len(self._lines) >= LINES:
            self._lines.popleft()
            self._counters.messages_dropped += 1
        self._lines.append(parcel)
        self._wake.set()
        return False

    async def run(self) -> None:
        """Send what comes, lines first, until cancelled; raises what `send` raises when the socket is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._lines or self._slots:
                slot = LINE if self._lines else next(iter(self._slots))
                parcel = self._lines.popleft() if self._lines else self._slots.pop(slot)
                self.stalled_since = self._clock.monotonic()
                self.on_stall()
                await self._send(parcel.payload)
                self.stalled_since = None
                self._counters.sent(slot, len(parcel.wire))

    async def drain(self) -> None:
        """Send the lines that still wait; pictures and figures no longer matter."""
        while self._lines:
            await self._send(self._lines.popleft().payload)
