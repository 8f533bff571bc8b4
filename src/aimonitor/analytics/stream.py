"""A general anomaly detector for any series of numbers: streaming, no look-ahead, one parameter set for all.

Three questions are asked of each value: did it *jump* from the one before, is it *off* what the time of day and the
present level let expect, and has it been off for a *while*? Each answer is the expected number of rows in the
remembered history that would be as extreme (`surprise.Memory`); the three are combined as Fisher did, by adding their
logarithms. Measuring against the history's own length is what makes one threshold fit short and long series.
"""

import math

from aimonitor.analytics.forecast import Blend, DayProfile, LevelAndDay, Scale
from aimonitor.analytics.surprise import Memory

MEMORY_ROWS = 4000
WHILE_ROWS = 50
REST_ROWS = 200
REST_NATS = 12.0
LEARN_ROWS = 20
LEAST_ROWS = 200
_LARGEST = 1e150


class StreamDetector:
    """Scores one series, value by value. Memory is fixed (about 700 numbers); O(1) work a value."""

    def __init__(self) -> None:
        self._forecast = Blend((DayProfile(), LevelAndDay()))
        self._jump_scale, self._error_scale = Scale(), Scale()
        self._jumps, self._errors, self._drifts = (Memory(MEMORY_ROWS) for _ in range(3))
        self._before: float | None = None
        self._drift = 0.0
        self._rows = 0
        self._rest = Rest()

    def update(self, value: float, utc: float) -> float:
        """Return how anomalous `value` at `utc` (seconds since 1970) is, 0..1.

        The score is 1 / (1 + n), n being the number of alarms of this strength that chance alone would raise in the
        remembered history (at most MEMORY_ROWS rows). After a moment of strength s, only a stronger one scores again
        until s has faded. Raises ValueError on a value or time that is not finite.
        """
        if not (math.isfinite(value) and math.isfinite(utc)):
            raise ValueError(f"expected a finite value and time, got {value} at {utc}")
        value = max(-_LARGEST, min(_LARGEST, value))
        self._rows += 1
        jump = 0.0 if self._before is None else value - self._before
        self._before = value
        error = self._forecast.learn(value, utc)
        self._drift += (error - self._drift) / WHILE_ROWS
        strength = self._strength(jump, error)
        self._jump_scale.add(jump)
        self._error_scale.add(error)
        score = 1 / (1 + expected_alarms(strength))
        return score if self._rest.lets_pass(strength) else 0.01 * score

    def _strength(self, jump: float, error: float) -> float:
        """Sum of ln(1 / expected rows as extreme) over the three questions; learns their magnitudes."""
        learning = self._rows <= LEARN_ROWS
        asked = (
            (self._jumps, self._jump_scale.magnitude(jump)),
            (self._errors, 0.0 if learning else self._error_scale.magnitude(error)),
            (self._drifts, 0.0 if learning else self._error_scale.magnitude(self._drift)),
        )
        strength = 0.0
        for memory, magnitude in asked:
            strength += memory.nats(magnitude) - math.log(max(memory.rows, LEAST_ROWS) + 1)
            memory.add(magnitude)
        return strength


class Rest:
    """Lets only news pass: after a moment of some strength, nothing weaker until that strength has faded."""

    def __init__(self) -> None:
        self._bar = -math.inf

    def lets_pass(self, strength: float) -> bool:
        passes = strength > self._bar
        self._bar = strength if passes else self._bar - REST_NATS / REST_ROWS
        return passes


def expected_alarms(strength: float) -> float:
    """Number of alarms of at least this strength that chance alone raises in one memory.

    An upper envelope, fitted to noise of many kinds (normal, Laplace, Poisson, lognormal, autoregressive, with and
    without a daily cycle); see docs/design/anomaly.md.
    """
    return math.exp(min(50.0, -0.6 * (strength + 8.0)))


def threshold(false_alarms: float) -> float:
    """The score from which on to alarm, so that chance raises at most `false_alarms` in MEMORY_ROWS rows."""
    if not 0 < false_alarms < math.inf:
        raise ValueError(f"expected a number of false alarms above 0, got {false_alarms}")
    return 1 / (1 + false_alarms)
