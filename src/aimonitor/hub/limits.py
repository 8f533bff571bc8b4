"""Limits on everything that arrives. Pure: time is passed in as monotonic seconds."""

from collections import Counter, OrderedDict, deque

TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008
TOO_BIG = 1009
SERVICE_RESTART = 1012
REPLACED = 4000
"""WebSocket close codes: RFC 6455 section 7.4.1, the IANA registry, and one of our own for a newer connection."""

_ADDRESSES = 10_000


class Places:
    """How many connections there may be, in all and from one address."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._taken: Counter[str] = Counter()
        self.used = 0

    def take(self, address: str) -> str | None:
        """Take a place; returns why there is none, or None when it was given and must be given back."""
        if self.used >= self._total:
            return f"expected at most {self._total} connections"
        if self._taken[address] >= self._per_address:
            return f"expected at most {self._per_address} connections from one address"
        self._taken[address] += 1
        self.used += 1
        return None

    def give_back(self, address: str) -> None:
        self.used -= 1
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]


class Bucket:
    """A token bucket: `rate` a second on average, `burst` at once."""

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = at

    def take(self, at: float) -> bool:
        """Take one; False when the bucket is empty."""
        self._level = min(self._burst, self._level + (at - self._at) * self._rate)
        self._at = at
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Strikes:
    """Counts errors in a sliding window: `limit` within `window_s` are enough."""

    def __init__(self, limit: int = 5, window_s: float = 60.0) -> None:
        self._window_s = window_s
        self._last: deque[float] = deque(maxlen=limit)

    def add(self, at: float) -> bool:
        """Note one error; True when it was the last one allowed."""
        self._last.append(at)
        return self.out(at)

    def out(self, at: float) -> bool:
        """Whether the window holds as many errors as are allowed."""
        return len(self._last) == self._last.maxlen and at - self._last[0] < self._window_s


class Guesses:
    """Wrong tokens by address: five a minute, then the address waits. Remembers the 10,000 newest addresses."""

    def __init__(self) -> None:
        self._strikes: OrderedDict[str, Strikes] = OrderedDict()

    def wrong(self, address: str, at: float) -> None:
        """Note a wrong token."""
        self._strikes.setdefault(address, Strikes()).add(at)
        self._strikes.move_to_end(address)
        if len(self._strikes) > _ADDRESSES:
            self._strikes.popitem(last=False)

    def must_wait(self, address: str, at: float) -> bool:
        """Whether this address has guessed too often to be listened to now."""
        strikes = self._strikes.get(address)
        return strikes is not None and strikes.out(at)
