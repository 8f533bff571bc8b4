"""Pictures on their way to a viewer that acknowledges what it has drawn. Pure.

Between us and a viewer there may be a proxy whose buffers take megabytes. Only the viewer knows what has arrived, so
only its `Seen` lets the next picture go: at most WINDOW of a camera are under way, and the newest waits for its turn.
"""

from collections import deque

from aimonitor.hub.parcel import Parcel

WINDOW = 2
PROBE_S = 2.0
"""A viewer that has acknowledged nothing for so long is sent one picture more: its `Seen` may have been lost."""


class Window:
    """One camera's pictures to one viewer."""

    __slots__ = ("_sent_at", "_under_way", "_waiting")

    def __init__(self) -> None:
        self._under_way: deque[int] = deque(maxlen=WINDOW)
        self._waiting: tuple[int, Parcel] | None = None
        self._sent_at = float("-inf")

    @property
    def full(self) -> bool:
        return len(self._under_way) == WINDOW

    def offer(self, frame_id: int, parcel: Parcel, at: float) -> bool:
        """Whether to send this picture now; otherwise it waits in place of an older one."""
        if self.full and at - self._sent_at < PROBE_S:
            self._waiting = frame_id, parcel
            return False
        self._send(frame_id, at)
        return True

    def seen(self, frame_id: int, at: float) -> Parcel | None:
        """The viewer has drawn this picture; returns the one that may go now, if one waits."""
        if frame_id in self._under_way:
            while self._under_way.popleft() != frame_id:
                pass
        if self.full or self._waiting is None:
            return None
        number, parcel = self._waiting
        self._send(number, at)
        return parcel

    def _send(self, frame_id: int, at: float) -> None:
        self._waiting = None
        self._under_way.append(frame_id)
        self._sent_at = at
