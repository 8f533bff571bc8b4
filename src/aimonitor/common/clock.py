"""Two clocks, both passed in: monotonic for arithmetic, UTC for people."""

import time
from typing import Protocol


class Clock(Protocol):
    """What reads the time. Logic takes `at` instead; only what owns a thread or a socket holds a Clock."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary origin that never run backwards; differences only."""
        ...

    def utc(self) -> float:
        """Seconds since 1970-01-01 UTC, as people and other machines understand them; may jump."""
        ...


class SystemClock:
    """The machine's own clocks, called without a step between: they are read many times for each picture."""

    monotonic = staticmethod(time.perf_counter)  # on Windows time.monotonic() steps by 16 ms: half a picture's time
    utc = staticmethod(time.time)


class ManualClock:
    """A clock for tests: stands still until told to advance; the two hands can be moved apart."""

    def __init__(self, monotonic: float = 0.0, utc: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._utc = utc

    def monotonic(self) -> float:
        return self._monotonic

    def utc(self) -> float:
        return self._utc

    def advance(self, seconds: float) -> None:
        """Let `seconds` (>= 0) pass on both clocks."""
        if seconds < 0:
            raise ValueError(f"time passes forwards: expected seconds >= 0, got {seconds}")
        self._monotonic += seconds
        self._utc += seconds

    def jump_utc(self, seconds: float) -> None:
        """Set the wall clock forwards or back, as NTP or a person may; monotonic time is untouched."""
        self._utc += seconds
