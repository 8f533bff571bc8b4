"""Has a series been off for a while? Page's CUSUM (1954) on normal scores, measured against its own excursions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aimonitor.analytics.baseline import numbers
from aimonitor.analytics.surprise import Memory

SLACK_SIGMAS = 0.5
LARGEST_SIGMAS = 4.0
TRUST_EXCURSIONS = 100.0


@dataclass(slots=True)
class Excursion:
    """A one-sided sum of scores above the slack, from when it left zero until it falls back."""

    height: float = 0.0
    peak: float = 0.0
    since_utc: float = 0.0

    def add(self, sigmas: float, utc: float) -> float | None:
        """Take one score; returns the peak when the excursion is over with this score."""
        if self.height == 0:
            self.peak, self.since_utc = 0.0, utc
        self.height = max(0.0, self.height + min(LARGEST_SIGMAS, sigmas) - SLACK_SIGMAS)
        self.peak = max(self.peak, self.height)
        return self.peak if self.height == 0 and self.peak > 0 else None


class Drift:
    """Both directions of the sum, and the memory of how high their excursions usually go.

    An excursion is remembered once, by its peak, however long it was: its rows are no independent evidence.
    """

    def __init__(self, life_rows: float) -> None:
        self._peaks = Memory(max(100.0, life_rows / 4), width=0.05, reach_nats=6.0)
        self._rows = 0.0
        self._life = life_rows
        self._up, self._down = Excursion(), Excursion()

    @property
    def rising(self) -> bool:
        """True when the higher of the two sums is the upward one."""
        return self._up.height > self._down.height

    @property
    def since_utc(self) -> float:
        """When the higher of the two sums left zero: the estimate of when the change began."""
        return (self._up if self.rising else self._down).since_utc

    def nats(self, sigmas: float, utc: float, *, familiar: bool) -> float:
        """Take one normal score; returns -ln of the chance that a row brings an excursion as high as the present one.

        Excursions are remembered while the expectation is `familiar` only: what a young one misses is not usual.
        """
        self._rows += familiar
        for excursion, score in ((self._up, sigmas), (self._down, -sigmas)):
            peak = excursion.add(score, utc)
            if peak is not None and familiar:
                self._peaks.add(math.asinh(peak))
                self._rows *= min(1.0, self._life / max(1.0, self._rows))
        known = self._peaks.rows
        if not known:
            return 0.0
        height = math.asinh(max(self._up.height, self._down.height))
        rows_each = max(1.0, self._rows / known)
        return known / (known + TRUST_EXCURSIONS) * (self._peaks.nats(height) + math.log(rows_each))

    def restart(self) -> None:
        """Begin both sums anew, because what went on is the new usual."""
        for excursion in (self._up, self._down):
            if excursion.peak > 0:
                self._peaks.add(math.asinh(excursion.peak))
        self._up, self._down = Excursion(), Excursion()

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        sums = [[e.height, e.peak, e.since_utc] for e in (self._up, self._down)]
        return {"peaks": self._peaks.to_dict(), "rows": self._rows, "sums": sums}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of `to_dict`; raises ValueError or KeyError when it does not fit."""
        self._peaks.restore(state["peaks"])
        (self._rows,) = numbers([state["rows"]], 1)
        self._up, self._down = (Excursion(*numbers(values, 3)) for values in state["sums"])
