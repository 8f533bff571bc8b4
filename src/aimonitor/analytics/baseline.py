"""What a camera usually counts at this hour of the week, and how sure that is.

Three layers, each the cold-start prior of the next (gamma-Poisson shrinkage): all hours -> this hour of any day -> this
hour of the week. A level on top follows a lasting change within a day. Counts taken at `utc` belong to the two nearest
hours by their distance, so that the expectation does not jump on the hour.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOUR_S = 3600
DAY_HOURS = 24
WEEK_HOURS = 168
WEEK_S = WEEK_HOURS * HOUR_S

PRIOR_HOURS = 0.1
DAY_PRIOR_HOURS = 1.0
WEEK_PRIOR_HOURS = 2.0
REMEMBERED_VISITS = 8.0
LEVEL_HOURS = 24.0
LEVEL_PRIOR_HOURS = 2.0
OUTLIER_SIGMAS = 4.0
UNKNOWN_SPREAD = 16.0
FAMILIAR_HOURS = 1.05
_LEAST_MEAN = 1e-3


@dataclass(frozen=True, slots=True)
class Expectation:
    """The count to be expected: mean > 0, and variance with the uncertainty of the mean in it."""

    mean: float
    variance: float


def numbers(values: Sequence[Any], length: int) -> list[float]:
    """`values` as `length` finite floats >= 0; raises ValueError otherwise."""
    if len(values) != length:
        raise ValueError(f"expected {length} numbers, got {len(values)}")
    read = [float(value) for value in values]
    if not all(0 <= value < math.inf for value in read):
        raise ValueError(f"expected finite numbers >= 0, got {read}")
    return read


class Hours:
    """Sums of counts and of hours of watching, by slot; old visits fade once a slot has been watched long enough."""

    def __init__(self, slots: int, remembered_hours: float) -> None:
        self.counts = [0.0] * slots
        self.hours = [0.0] * slots
        self._remembered = remembered_hours

    def rate(self, slot: int, prior: float, prior_hours: float) -> float:
        """Mean count in `slot`, drawn towards `prior` as if that had been watched for `prior_hours`."""
        return (self.counts[slot] + prior_hours * prior) / (self.hours[slot] + prior_hours)

    def add(self, slot: int, count: float, hours: float) -> None:
        watched = self.hours[slot] + hours
        keep = self._remembered / watched if watched > self._remembered else 1.0
        self.counts[slot] = keep * (self.counts[slot] + hours * count)
        self.hours[slot] = keep * watched

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        return {"counts": list(self.counts), "hours": list(self.hours)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of `to_dict`; raises ValueError or KeyError when it does not fit."""
        self.counts = numbers(state["counts"], len(self.counts))
        self.hours = numbers(state["hours"], len(self.hours))


class WeeklyBaseline:
    """Learns the usual count by hour of the week. `interval_s` is the time between two counts.

    prior_count: the mean count assumed before anything was seen; utc_offset_s: local time minus UTC, for the hours.
    """

    def __init__(self, interval_s: float, prior_count: float, utc_offset_s: float) -> None:
        self._step = interval_s / HOUR_S
        self._prior = prior_count
        self._offset_s = utc_offset_s
        self._all = Hours(1, 4 * WEEK_HOURS)
        self._day = Hours(DAY_HOURS, 4 * REMEMBERED_VISITS)
        self._week = Hours(WEEK_HOURS, REMEMBERED_VISITS)
        self._level_counts = self._level_usual = self._level_hours = 0.0
        self._dispersion = 2.0
        self._seen = 20.0

    def expect(self, utc: float) -> Expectation:
        """What is usual at `utc`, at the present level."""
        slot, following, part = self._slots(utc)
        mean = max(_LEAST_MEAN, self._level() * self._usual(utc))
        known = (1 - part) * self._known(slot) + part * self._known(following)
        spread = UNKNOWN_SPREAD / (1 + UNKNOWN_SPREAD * known)
        return Expectation(mean, mean * max(1.0, self._dispersion) + mean * mean * spread)

    def knows(self, utc: float) -> bool:
        """True when this hour of the week has been watched before, in an earlier week."""
        slot, following, part = self._slots(utc)
        return self._week.hours[following if part > 0.5 else slot] >= FAMILIAR_HOURS

    def learn(self, count: int, utc: float) -> None:
        """Take a count into account; one far outside of what was expected counts as just outside."""
        expected = self.expect(utc)
        slot, following, part = self._slots(utc)
        kept = min(float(count), expected.mean + OUTLIER_SIGMAS * math.sqrt(expected.variance) + 1)
        self._learn_level(kept, self._usual(utc))
        self._learn_dispersion(kept, expected)
        unleveled = kept / self._level()
        self._all.add(0, unleveled, self._step)
        for which, share in ((slot, 1 - part), (following, part)):
            self._day.add(which % DAY_HOURS, unleveled, share * self._step)
            self._week.add(which, unleveled, share * self._step)

    def accept_change(self) -> None:
        """Forget most of what the level was learned from: what comes now is the new usual within hours."""
        self._level_counts *= 0.1
        self._level_usual *= 0.1
        self._level_hours *= 0.1

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        return {
            "all": self._all.to_dict(),
            "day": self._day.to_dict(),
            "week": self._week.to_dict(),
            "level": [self._level_counts, self._level_usual, self._level_hours],
            "dispersion": [self._dispersion, self._seen],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of `to_dict`; raises ValueError or KeyError when it does not fit."""
        self._all.restore(state["all"])
        self._day.restore(state["day"])
        self._week.restore(state["week"])
        self._level_counts, self._level_usual, self._level_hours = numbers(state["level"], 3)
        self._dispersion, self._seen = numbers(state["dispersion"], 2)

    def _slots(self, utc: float) -> tuple[int, int, float]:
        """The two hours of the week nearest to `utc` and the share of the second."""
        position = ((utc + self._offset_s) / HOUR_S - 0.5) % WEEK_HOURS
        slot = int(position) % WEEK_HOURS
        return slot, (slot + 1) % WEEK_HOURS, position - int(position)

    def _usual(self, utc: float) -> float:
        slot, following, part = self._slots(utc)
        return (1 - part) * self._rate(slot) + part * self._rate(following)

    def _rate(self, slot: int) -> float:
        at_all = self._all.rate(0, self._prior, PRIOR_HOURS)
        any_day = self._day.rate(slot % DAY_HOURS, at_all, DAY_PRIOR_HOURS)
        return self._week.rate(slot, any_day, WEEK_PRIOR_HOURS)

    def _known(self, slot: int) -> float:
        """Hours of watching that speak for this slot: its own in full, those of other days and hours in part."""
        any_day = min(self._day.hours[slot % DAY_HOURS], 4.0) / 4
        return self._week.hours[slot] + any_day + min(self._all.hours[0], 16.0) / 16

    def _level(self) -> float:
        """Present counts relative to the usual ones, drawn towards 1."""
        prior = LEVEL_PRIOR_HOURS * max(_LEAST_MEAN, self._all.rate(0, self._prior, PRIOR_HOURS))
        return (self._level_counts + prior) / (self._level_usual + prior)

    def _learn_level(self, count: float, usual: float) -> None:
        self._level_hours += self._step
        keep = min(1.0, LEVEL_HOURS / self._level_hours)
        self._level_hours *= keep
        self._level_counts = keep * (self._level_counts + self._step * count)
        self._level_usual = keep * (self._level_usual + self._step * usual)

    def _learn_dispersion(self, count: float, expected: Expectation) -> None:
        """Variance in units of the mean (the quasi-Poisson dispersion), a slow mean of Pearson's statistic."""
        self._seen = min(self._seen + 1, 2000.0)
        pearson = (count - expected.mean) ** 2 / max(expected.mean, 0.05)
        self._dispersion += (min(pearson, 25 * self._dispersion) - self._dispersion) / self._seen
