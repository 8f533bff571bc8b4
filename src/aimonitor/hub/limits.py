"""Limits on everything that arrives. Pure: time is passed in as monotonic seconds."""

import ipaddress
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008
TOO_BIG = 1009
REPLACED = 4000
"""WebSocket close codes: RFC 6455 section 7.4.1, the IANA registry, and one of our own for a newer connection."""

_ADDRESSES = 10_000
_WAIT_S, _LONGEST_WAIT_S, _FORGIVEN_S = 60.0, 900.0, 3600.0


def household(address: str) -> str:
    """Who stands behind an IP address: itself, or its /64, of which every subscriber of IPv6 has one to roam in."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class Places:
    """How many connections there may be, in all and from one address."""

    def __init__(self, total: int, per_address: int, shared: Callable[[str], bool] = lambda _: False) -> None:
        """shared: whether an address is that of many, for whom only `total` counts"""
        self.total = total
        self._per_address = per_address
        self._shared = shared
        self._taken: Counter[str] = Counter()
        self.used = 0
        self.refused = 0

    def resize(self, total: int, per_address: int) -> None:
        """From now on so many; whoever is there stays."""
        self.total, self._per_address = total, per_address

    def take(self, address: str) -> str | None:
        """Take a place; returns why there is none, or None when it was given and must be given back."""
        who = household(address)
        if self.used >= self.total:
            self.refused += 1
            return f"expected at most {self.total} connections"
        if self._taken[who] >= self._per_address and not self._shared(address):
            self.refused += 1
            return f"expected at most {self._per_address} connections from one address"
        self._taken[who] += 1
        self.used += 1
        return None

    def give_back(self, address: str) -> None:
        who = household(address)
        self.used -= 1
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]


class Stall:
    """Whether what waits to be sent never gets less: then nobody reads at the other side."""

    __slots__ = ("_limit_s", "_since", "_waiting")

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._waiting = 0
        self._since = 0.0

    def too_long(self, waiting: int, at: float) -> bool:
        """Whether the same number of bytes, not 0, has been `waiting` for longer than the limit."""
        if waiting == 0 or waiting != self._waiting:
            self._waiting, self._since = waiting, at
            return False
        return at - self._since > self._limit_s


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


@dataclass(slots=True)
class _Guesser:
    strikes: Strikes
    until: float = float("-inf")
    rounds: int = 0


class Guesses:
    """Wrong guesses by address, account or both: after five within a minute the guesser waits, each time longer.

    The first wait is a minute, the next two, up to a quarter of an hour; an hour without a wait forgives. Remembers
    the 10,000 newest guessers.
    """

    def __init__(self) -> None:
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()

    def wrong(self, key: str, at: float) -> None:
        """Note a wrong guess; of an IPv6 address its whole subscriber is the guesser."""
        key = household(key)
        guesser = self._guessers.setdefault(key, _Guesser(Strikes()))
        if guesser.strikes.add(at):
            if at - guesser.until > _FORGIVEN_S:
                guesser.rounds = 0
            guesser.until = at + min(_WAIT_S * 2**guesser.rounds, _LONGEST_WAIT_S)
            guesser.rounds += 1
            guesser.strikes = Strikes()
        self._guessers.move_to_end(key)
        if len(self._guessers) > _ADDRESSES:
            self._guessers.popitem(last=False)

    def wait_s(self, key: str, at: float) -> float:
        """How long this guesser must still wait, 0 when it need not."""
        guesser = self._guessers.get(household(key))
        return max(0.0, guesser.until - at) if guesser else 0.0

    def must_wait(self, key: str, at: float) -> bool:
        """Whether this guesser is not listened to now."""
        return self.wait_s(key, at) > 0
