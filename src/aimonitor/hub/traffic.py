"""The receipt: bytes by direction, kind and camera, and what an edge's uplink will come to in a month. Pure.

Counted is what WebSockets put on the wire: payload, frame header and mask; and the files of incidents that edges send
(`media`). TLS, TCP and IP come on top (for small messages some 60 to 90 bytes each).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

MONTH_S = 30 * 86_400.0
_MINUTES = 60
_MASK: Final = 4


@dataclass(slots=True)
class Tally:
    """What was counted under one heading."""

    messages: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the receipt. `direction` is seen from the hub: `in` from edges, `out` to viewers and edges."""

    direction: str
    kind: str
    source: str
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """An edge's uplink: what it came to lately (up to an hour), and in 30 days if it goes on like this."""

    edge_id: str
    bytes_per_s: float
    month_bytes: float


class _LastHour:
    """Bytes in each of the last sixty minutes."""

    __slots__ = ("_began_at", "_minute", "_past", "_size")

    def __init__(self, at: float) -> None:
        self._began_at = at
        self._minute, self._size = int(at // 60), 0
        self._past: deque[tuple[int, int]] = deque(maxlen=_MINUTES - 1)

    def add(self, size: int, at: float) -> None:
        minute = int(at // 60)
        if minute != self._minute:
            self._past.append((self._minute, self._size))
            self._minute, self._size = minute, 0
        self._size += size

    def bytes_per_s(self, at: float) -> float:
        oldest = int(at // 60) - _MINUTES + 1
        lately = sum(size for minute, size in (*self._past, (self._minute, self._size)) if minute >= oldest)
        return lately / max(1.0, min(at - self._began_at, at - oldest * 60))


@dataclass(slots=True)
class _Inflow(Tally):
    """What came under one heading, and the uplink by which it came."""

    uplink: _LastHour = field(kw_only=True)


class Traffic:
    """All bytes since the start. A slot is a kind and what it is about: `picture yard/gate`, `presence yard`."""

    def __init__(self) -> None:
        self._in: dict[str, _Inflow] = {}
        self._out: dict[str, Tally] = {}
        self._uplinks: dict[str, _LastHour] = {}

    def came(self, slot: str, payload: str | bytes, at: float) -> None:
        """An edge sent a message."""
        text = isinstance(payload, str) and not payload.isascii()
        size = len(payload.encode()) if text and isinstance(payload, str) else len(payload)
        size += (2 if size < 126 else 4 if size < 65_536 else 10) + _MASK
        inflow = self._in.get(slot) or self._begin(slot, at)
        inflow.messages += 1
        inflow.bytes += size
        inflow.uplink.add(size, at)

    def _begin(self, slot: str, at: float) -> _Inflow:
        edge_id = _heading(slot)[1].partition("/")[0]
        inflow = self._in[slot] = _Inflow(uplink=self._uplinks.setdefault(edge_id, _LastHour(at)))
        return inflow

    def went(self, slot: str, size: int, messages: int = 1) -> None:
        """`messages` messages of `size` bytes on the wire went out."""
        if messages:
            tally = self._out.get(slot) or self._out.setdefault(slot, Tally())
            tally.messages += messages
            tally.bytes += size * messages

    def receipt(self) -> list[Line]:
        """Every heading, the largest first."""
        lines = [
            Line(direction, *_heading(slot), tally.messages, tally.bytes)
            for direction, tallies in (("in", self._in), ("out", self._out))
            for slot, tally in tallies.items()
        ]
        return sorted(lines, key=lambda line: -line.bytes)

    def forecasts(self, at: float) -> list[Forecast]:
        """What every edge's uplink comes to."""
        rates = {edge_id: uplink.bytes_per_s(at) for edge_id, uplink in self._uplinks.items()}
        return [Forecast(edge_id, round(rate, 1), round(rate * MONTH_S)) for edge_id, rate in rates.items()]


def _heading(slot: str) -> tuple[str, str]:
    kind, _, source = slot.partition(" ")
    return kind, source
