"""Pictures on their way to a viewer that acknowledges what it has drawn. Pure.

Between us and a viewer there may be a proxy whose buffers take megabytes. Only the viewer knows what has arrived, so
only its `Seen` lets the next picture go: so many of a camera are under way at most, and the newest waits for its turn.

How many is found as TCP finds its window (RFC 5681): one more for each acknowledgement that comes quickly, the least
again when one comes late. A viewer far away needs several to get every picture; one that cannot keep up gets LEAST, so
that what it sees is no older than the time it takes for as many.
"""

from collections import deque
from dataclasses import dataclass

from aimonitor.hub.parcel import Parcel

LEAST = 2
MOST = 8
QUICK_S = 0.5
LATE_S = 1.0
PROBE_S = 2.0
"""A viewer that has acknowledged nothing for so long is sent one picture more: its `Seen` may have been lost."""


@dataclass(frozen=True, slots=True)
class _Sent:
    frame_id: int
    at: float


class Window:
    """One camera's pictures to one viewer."""

    __slots__ = ("_size", "_under_way", "_waiting")

    def __init__(self) -> None:
        self._size = LEAST
        self._under_way: deque[_Sent] = deque()
        self._waiting: tuple[int, Parcel] | None = None

    @property
    def full(self) -> bool:
        return len(self._under_way) >= self._size

    def offer(self, frame_id: int, parcel: Parcel, at: float) -> bool:
        """Whether to send this picture now; otherwise it waits in place of an older one."""
        if self.full and at - self._under_way[-1].at < PROBE_S:
            self._waiting = frame_id, parcel
            return False
        self._send(frame_id, at)
        return True

    def seen(self, frame_id: int, at: float) -> Parcel | None:
        """The viewer has drawn this picture and those before; returns the one that may go now, if one waits."""
        if any(sent.frame_id == frame_id for sent in self._under_way):
            while (sent := self._under_way.popleft()).frame_id != frame_id:
                pass
            self._learn(at - sent.at)
        if self.full or self._waiting is None:
            return None
        number, parcel = self._waiting
        self._send(number, at)
        return parcel

    def _learn(self, took_s: float) -> None:
        if took_s < QUICK_S:
            self._size = min(MOST, self._size + 1)
        elif took_s > LATE_S:
            self._size = LEAST

    def _send(self, frame_id: int, at: float) -> None:
        self._waiting = None
        if len(self._under_way) == MOST:
            self._under_way.popleft()
        self._under_way.append(_Sent(frame_id, at))
