"""Pictures on their way to a viewer that acknowledges what it has drawn. Pure.

Between us and a viewer there may be a proxy whose buffers take megabytes. Only the viewer knows what has arrived, so
only its `Seen` lets the next picture go: so many are under way at most, of all cameras together, for one line carries
them all; of each camera the newest waits for its turn, and with it the newest figures.

How many is found as TCP finds its window (RFC 5681): one more for each acknowledgement that comes quickly, the least
again when one comes late. A viewer far away needs several to get every picture; one that cannot keep up gets LEAST, so
that what it sees is no older than the time it takes for as many. A window that holds nothing back does not grow (RFC
7661): what it would allow but nobody needs is what a line that becomes slow has to carry first.
"""

from collections import deque
from dataclasses import dataclass

from aimonitor.hub.parcel import Parcel

FIRST = 2
LEAST = 1
MOST = 32
"""Nine cameras at 10 pictures a second, told of four times a second."""
QUICK_S = 0.5
LATE_S = 1.0
PROBE_S = 2.0
"""A viewer that has acknowledged nothing for so long is sent one picture more: its `Seen` may have been lost. After
that for twice as long each time (as RFC 6298, 5.5): where nothing comes through, more would come later still."""
PROBE_MOST_S = 32.0


@dataclass(frozen=True, slots=True)
class _Sent:
    source: str
    frame_id: int
    at: float


class Window:
    """The pictures to one viewer."""

    __slots__ = ("_figures", "_probe_s", "_size", "_under_way", "_waiting")

    def __init__(self) -> None:
        self._size = FIRST
        self._probe_s = PROBE_S
        self._under_way: deque[_Sent] = deque()
        self._waiting: dict[str, tuple[int, Parcel]] = {}
        """By camera, who has waited longest first."""
        self._figures: dict[str, Parcel] = {}

    @property
    def full(self) -> bool:
        return len(self._under_way) >= self._size

    def lets_by(self, source: str, figures: Parcel) -> bool:
        """Whether figures may go now; otherwise the newest go with the next picture of the camera."""
        if self.full:
            self._figures[source] = figures
            return False
        self._figures.pop(source, None)
        return True

    def figures(self, source: str) -> Parcel | None:
        """The figures that waited, once."""
        return self._figures.pop(source, None)

    def offer(self, source: str, frame_id: int, parcel: Parcel, at: float) -> bool:
        """Whether to send this picture now; otherwise it waits in place of an older one."""
        if self.full:
            if at - self._under_way[-1].at < self._probe_s:
                self._waiting[source] = frame_id, parcel
                return False
            self._probe_s = min(PROBE_MOST_S, 2 * self._probe_s)
        self._send(source, frame_id, at)
        return True

    def seen(self, source: str, frame_id: int, at: float) -> list[tuple[str, Parcel]]:
        """The viewer has drawn this picture, so those sent before have come; returns which may go now, of what."""
        if any(sent.frame_id == frame_id and sent.source == source for sent in self._under_way):
            sent = self._under_way.popleft()
            while sent.frame_id != frame_id or sent.source != source:
                sent = self._under_way.popleft()
            self._learn(at - sent.at)
            self._probe_s = PROBE_S
        due = []
        while self._waiting and not self.full:
            first = next(iter(self._waiting))
            number, parcel = self._waiting[first]
            self._send(first, number, at)
            due.append((first, parcel))
        return due

    def _learn(self, took_s: float) -> None:
        if took_s < QUICK_S and self._waiting:
            self._size = min(MOST, self._size + 1)
        elif took_s > LATE_S:
            self._size = LEAST

    def _send(self, source: str, frame_id: int, at: float) -> None:
        self._waiting.pop(source, None)
        if len(self._under_way) == MOST:
            self._under_way.popleft()
        self._under_way.append(_Sent(source, frame_id, at))
