"""What was to be expected: three small forecasters of the next value, with the time of day as their only context.

Each learns with one verb, `learn(value, utc)`, which returns the error of the forecast made *before* the value was
seen. Memory: one number per slot of the day.
"""

import math
from collections.abc import Sequence
from typing import Protocol

DAY_S = 86_400
SLOTS = 96
SLOT_S = DAY_S // SLOTS


class Forecaster(Protocol):
    def learn(self, value: float, utc: float) -> float:
        """Return value minus forecast, then take the value into account."""
        ...


class DayProfile:
    """Expects what was usual at this quarter of an hour on the days before; before that, the mean of all."""

    def __init__(self, gain: float = 0.05) -> None:
        self._gain = gain
        self._usual: list[float | None] = [None] * SLOTS
        self._mean = 0.0
        self._rows = 0

    def learn(self, value: float, utc: float) -> float:
        self._rows += 1
        if self._rows == 1:
            self._mean = value
        slot = int(utc % DAY_S) // SLOT_S
        usual = self._usual[slot]
        error = value - (self._mean if usual is None else usual)
        self._usual[slot] = value if usual is None else usual + self._gain * error
        self._mean += max(1e-3, 1 / self._rows) * (value - self._mean)
        return error


class LevelAndDay:
    """Expects the present level plus what this quarter of an hour adds to it (Winters 1960, additive, no trend).

    The level follows within `level_rows`, so that a lasting shift stops being news.
    """

    def __init__(self, level_rows: float = 100.0, gain: float = 0.05) -> None:
        self._level_gain = 1 / level_rows
        self._gain = gain
        self._level = 0.0
        self._rows = 0
        self._offsets = [0.0] * SLOTS
        self._visits = [0] * SLOTS

    def learn(self, value: float, utc: float) -> float:
        self._rows += 1
        if self._rows == 1:
            self._level = value
        slot = int(utc % DAY_S) // SLOT_S
        error = value - self._level - self._offsets[slot]
        self._level += max(self._level_gain, 1 / self._rows if self._rows < 50 else 0.0) * error
        self._visits[slot] += 1
        self._offsets[slot] += max(self._gain, 1 / (self._visits[slot] + 1)) * error
        return error


class Blend:
    """Several forecasters as one, weighted by the inverse square of their recent error (Bates and Granger 1969)."""

    def __init__(self, members: Sequence[Forecaster], memory_rows: float = 300.0) -> None:
        self._members = members
        self._gain = 1 / memory_rows
        self._misses = [0.0] * len(members)
        self._rows = 0

    def learn(self, value: float, utc: float) -> float:
        self._rows += 1
        gain = max(self._gain, 1 / self._rows)
        blended = weights = 0.0
        for i, member in enumerate(self._members):
            error = member.learn(value, utc)
            weight = 1 / (self._misses[i] + 1e-12) ** 2
            blended += weight * error
            weights += weight
            self._misses[i] += gain * (abs(error) - self._misses[i])
        return blended / weights


class Scale:
    """The usual size of an error: a slow mean of its absolute value."""

    def __init__(self, memory_rows: float = 1000.0) -> None:
        self._gain = 1 / memory_rows
        self._usual = 0.0
        self._rows = 0

    def magnitude(self, error: float) -> float:
        """asinh of |error| in units of its usual size: linear for small ones, logarithmic for large ones."""
        if self._usual > 0:
            return math.asinh(abs(error) / self._usual)
        return 0.0 if error == 0 else math.asinh(1e3)

    def add(self, error: float) -> None:
        """Take the size of `error` into account."""
        self._rows += 1
        self._usual += max(self._gain, 1 / self._rows) * (abs(error) - self._usual)
