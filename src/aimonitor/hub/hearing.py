"""What is done with the messages of one connection, until there are too many, too large or too wrong ones."""

from collections.abc import Callable
from typing import Protocol

from aimonitor.common.clock import Clock
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.hub.limits import POLICY_VIOLATION, TOO_BIG, Bucket, Strikes
from aimonitor.hub.metrics import Counters


class Listener(Protocol):
    """What is done with the messages of one connection."""

    def take(self, data: str | bytes, at: float) -> None:
        """One message came at monotonic time `at`; raises ContractError when it is refused."""
        ...

    def refuse(self, error: ContractError) -> None:
        """Tell the other side why its message was not accepted."""
        ...


class Hearing:
    """Hands messages to a listener, at most twice `rate` at once and `rate` a second; after that it calls `close`."""

    __slots__ = ("_bucket", "_clock", "_close", "_counters", "_listener", "_rate", "_strikes", "over")

    def __init__(
        self, listener: Listener, close: Callable[[int, str], None], clock: Clock, counters: Counters, rate: float
    ) -> None:
        self._listener = listener
        self._close = close
        self._clock = clock
        self._counters = counters
        self._rate = rate
        self._bucket = Bucket(rate, 2 * rate, clock.monotonic())
        self._strikes = Strikes()
        self.over = False
        """Whether the connection is being closed for what came; nothing is heard any more."""

    def take(self, data: str | bytes) -> None:
        """One message came."""
        if self.over:
            return
        at = self._clock.monotonic()
        if not self._bucket.take(at):
            self._counters.rate_limited += 1
            self._end(POLICY_VIOLATION, f"expected at most {self._rate:.0f} messages a second")
            return
        try:
            self._listener.take(data, at)
        except ContractError as error:
            self._counters.contract_errors += 1
            self._listener.refuse(error)
            if isinstance(error, TooLargeError):
                self._end(TOO_BIG, str(error)[:120])
            elif self._strikes.add(at):
                self._end(POLICY_VIOLATION, "five wrong messages in a minute")

    def _end(self, code: int, reason: str) -> None:
        self.over = True
        self._close(code, reason)
