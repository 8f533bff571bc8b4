"""How much an edge may say: so many kbit/s, and so many gigabytes a month, kept by looking less closely.

Two buckets (a token bucket each, as in RFC 2697): one of seconds for the rate of the line, one of the month for the
contract. As they empty, the highest rung that is allowed sinks; events and figures always go out, and are counted.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from aimonitor.edge.publisher import Rung

OVERHEAD_BYTES = 75
"""Around each message: WebSocket and TLS headers, a TCP/IP header, and its share of acknowledgements."""

_BURST_S = 10.0
_BURST_LEAST = 100_000.0
_FLOORS: tuple[tuple[float, Rung], ...] = ((0.5, "full"), (0.25, "slow"), (0.0, "thumbnail"))
_AHEAD = 1.1
"""The month may be this much ahead of an even pace before pictures are held back."""
_EVEN_SLACK_S = 86_400.0


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """None means unlimited. 1 GB is 10^9 bytes, 1 kbit is 1,000 bits."""

    kbit_s: float | None = None
    gb_month: float | None = None


class Budget:
    """Spent by the uplink, asked by the cameras; any thread. `month_bytes` survives restarts if somebody keeps it."""

    def __init__(self, limits: BudgetLimits, at: float, month: str = "", month_bytes: int = 0) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._room = max(_BURST_LEAST, (limits.kbit_s or 0.0) * 125 * _BURST_S)
        self._tokens = self._room
        self._at = at
        self.month = month
        self.month_bytes = month_bytes

    def limit(self, limits: BudgetLimits) -> None:
        """From now on these limits; what is spent stays spent."""
        with self._lock:
            full = self._tokens / self._room
            self._limits = limits
            self._room = max(_BURST_LEAST, (limits.kbit_s or 0.0) * 125 * _BURST_S)
            self._tokens = full * self._room

    def spend(self, size: int, at: float, utc: float) -> None:
        """A message of `size` bytes goes out at monotonic `at`."""
        cost = size + OVERHEAD_BYTES
        with self._lock:
            self._refill(at)
            if self._limits.kbit_s is not None:
                self._tokens -= cost
            month = f"{datetime.fromtimestamp(utc, UTC):%Y-%m}"
            if month != self.month:
                self.month, self.month_bytes = month, 0
            self.month_bytes += cost

    def ceiling(self, at: float, utc: float) -> Rung:
        """The highest rung that the budget allows now."""
        with self._lock:
            self._refill(at)
            if self._ahead_of_month(utc):
                return "metadata"
            share = self._tokens / self._room
            return next((rung for floor, rung in _FLOORS if share > floor), "metadata")

    def forecast_bytes(self, utc: float) -> int:
        """What the month will come to at the pace so far."""
        now = datetime.fromtimestamp(utc, UTC)
        elapsed_s = max(3600.0, utc - _month_start(now))
        return round(self.month_bytes * _month_s(now) / elapsed_s) if self.month == f"{now:%Y-%m}" else 0

    def _refill(self, at: float) -> None:
        if self._limits.kbit_s is not None:
            self._tokens = min(self._room, self._tokens + max(0.0, at - self._at) * self._limits.kbit_s * 125)
        self._at = at

    def _ahead_of_month(self, utc: float) -> bool:
        """Whether more was spent than an even pace allows, with a day's grace; always true when the month is spent."""
        if self._limits.gb_month is None:
            return False
        now = datetime.fromtimestamp(utc, UTC)
        if self.month != f"{now:%Y-%m}":
            return False
        limit = self._limits.gb_month * 1e9
        even = limit * min(1.0, (utc - _month_start(now) + _EVEN_SLACK_S) / _month_s(now)) * _AHEAD
        return self.month_bytes >= min(limit, even)


def _month_start(now: datetime) -> float:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _month_s(now: datetime) -> float:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return (following - first).total_seconds()
