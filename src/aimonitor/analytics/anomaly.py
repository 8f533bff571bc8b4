"""Is this count unusual here, at this hour? For one camera, zone and class: "usual 3, now 19".

Two questions are asked of each count. *Now*: how far is it in the tail of what the hour of the week lets expect?
*Lately*: has it been off for a while (`drift.Drift`)? Both answers are then measured against
how often this very series gave such answers before (`surprise.Memory`), because people stay for more than one count and
real counts follow no textbook: that is what makes the false-alarm rate come out as set.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

from aimonitor.analytics.baseline import WEEK_S, Expectation, WeeklyBaseline
from aimonitor.analytics.counts import tails
from aimonitor.analytics.drift import Drift
from aimonitor.analytics.surprise import Memory

UNUSUAL = 0.5
"""The score at which the set false-alarm rate is met."""

LARGEST_COUNT = 1_000_000
MEMORY_WEEKS = 4
LEAST_MEMORY_ROWS = 500.0
TRUST_ROWS = 500.0
ALIKE = 0.9
_NORMAL = NormalDist()
_SURELY = 1e-12

Kind = Literal["usual", "more", "fewer", "more_lately", "fewer_lately"]


@dataclass(frozen=True, slots=True)
class AnomalySettings:
    """interval_s: time between two counts of a series.
    false_alarms_per_week: how many unusual moments chance alone may raise, per series.
    prior_count: the usual count that is assumed before anything was seen.
    utc_offset_s: local time minus UTC, so that hours of the week are the people's hours.
    settle_s: after so long a change is the new usual.
    """

    interval_s: float = 60.0
    false_alarms_per_week: float = 1.0
    prior_count: float = 1.0
    utc_offset_s: float = 0.0
    settle_s: float = 4 * 3600.0

    def __post_init__(self) -> None:
        for name in ("interval_s", "false_alarms_per_week", "prior_count", "settle_s"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"{name}: expected a finite number above 0, got {value}")
        if self.allowed >= 1:
            raise ValueError(
                f"false_alarms_per_week: expected fewer than the {WEEK_S / self.interval_s:g} counts of a week, "
                f"got {self.false_alarms_per_week}"
            )

    @property
    def allowed(self) -> float:
        """The chance of a false alarm that one count may have."""
        return self.false_alarms_per_week * self.interval_s / WEEK_S


@dataclass(frozen=True, slots=True)
class Anomaly:
    """How unusual a count is. `score` is 0..1, UNUSUAL where the set false-alarm rate is met.

    `usual` is the expected count, `since_utc` when a lasting change began (kinds more_lately, fewer_lately).
    """

    score: float
    kind: Kind
    usual: float
    now: int
    words: str
    since_utc: float | None = None

    @property
    def unusual(self) -> bool:
        return self.score >= UNUSUAL


class Baseline:
    """Learns one series of counts and says of each new one how unusual it is. Fixed memory, about 800 numbers."""

    def __init__(self, settings: AnomalySettings | None = None) -> None:
        self._settings = settings = settings or AnomalySettings()
        self._weekly = WeeklyBaseline(settings.interval_s, settings.prior_count, settings.utc_offset_s)
        life = max(LEAST_MEMORY_ROWS, MEMORY_WEEKS * WEEK_S / settings.interval_s)
        self._now = Memory(life, width=0.25, reach_nats=3.0)
        self._drift = Drift(life)
        self._was_unusual = False

    def update(self, count: int, utc: float) -> Anomaly:
        """Judge `count` (0 to LARGEST_COUNT, taken at `utc`), then learn it. Raises ValueError on anything else."""
        if not (0 <= count <= LARGEST_COUNT and count == int(count) and math.isfinite(utc)):
            expected_count = f"a whole count of 0 to {LARGEST_COUNT:,} at a finite time"
            raise ValueError(f"expected {expected_count}, got {str(count)[:20]} at {utc!r}")
        count = int(count)
        expected = self._weekly.expect(utc)
        chance = tails(count, expected.mean, expected.variance)
        now_nats = self._nats_now(-math.log(min(1.0, 2 * min(chance.above, chance.below))))
        sigmas = -_NORMAL.inv_cdf(min(1 - _SURELY, max(_SURELY, chance.above)))
        lately_nats = self._drift.nats(sigmas, utc, familiar=self._weekly.knows(utc))
        anomaly = self._say(count, utc, expected, now_nats, lately_nats)
        self._weekly.learn(count, utc)
        if anomaly.since_utc is not None and utc - anomaly.since_utc >= self._settings.settle_s:
            self._weekly.accept_change()
            self._drift.restart()
        return anomaly

    def _nats_now(self, by_model: float) -> float:
        """-ln chance of a count so far in the tail: by the model at first, by experience when there is enough.

        An incident is remembered once, by its first count.
        """
        trust = self._now.rows / (self._now.rows + TRUST_ROWS)
        nats = trust * self._now.nats(ALIKE * by_model) + (1 - trust) * by_model
        unusual = 2 * math.exp(-nats) <= self._settings.allowed
        if not (unusual and self._was_unusual):
            self._now.add(by_model)
        self._was_unusual = unusual
        return nats

    def _say(self, count: int, utc: float, expected: Expectation, now_nats: float, lately_nats: float) -> Anomaly:
        chance = min(1.0, 2 * math.exp(-max(now_nats, lately_nats)))
        score = 1 / (1 + chance / self._settings.allowed)
        words = f"usual {_count_words(expected.mean)}, now {count}"
        if score < UNUSUAL:
            return Anomaly(score, "usual", expected.mean, count, words)
        if now_nats >= lately_nats:
            return Anomaly(score, "more" if count > expected.mean else "fewer", expected.mean, count, words)
        more, since = self._drift.rising, self._drift.since_utc
        words = f"{'more' if more else 'fewer'} for {_time_words(utc - since)}: {words}"
        return Anomaly(score, "more_lately" if more else "fewer_lately", expected.mean, count, words, since)

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON values; the settings are not in it."""
        return {
            "weekly": self._weekly.to_dict(),
            "now": self._now.to_dict(),
            "drift": self._drift.to_dict(),
            "was_unusual": self._was_unusual,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], settings: AnomalySettings | None = None) -> "Baseline":
        """Go on from a state of `to_dict`; raises ValueError when it is none."""
        baseline = cls(settings)
        try:
            baseline._weekly.restore(state["weekly"])
            baseline._now.restore(state["now"])
            baseline._drift.restore(state["drift"])
            baseline._was_unusual = bool(state["was_unusual"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"expected the state of a baseline, got something else: {error!r}") from None
        return baseline


class SeriesKey(NamedTuple):
    """What is counted where."""

    camera_id: str
    zone: str
    label: str


class Baselines:
    """A Baseline for each camera, zone and class; beyond `limit` the one that was not updated longest is dropped."""

    def __init__(self, settings: AnomalySettings | None = None, *, limit: int = 256) -> None:
        if limit < 1:
            raise ValueError(f"expected a limit of at least 1, got {limit}")
        self._settings = settings or AnomalySettings()
        self._limit = limit
        self._series: OrderedDict[SeriesKey, Baseline] = OrderedDict()
        self.dropped = 0

    def update(self, key: SeriesKey, count: int, utc: float) -> Anomaly:
        """Judge and learn one count of one series. Raises ValueError as Baseline.update does."""
        baseline = self._series.get(key) or Baseline(self._settings)
        anomaly = baseline.update(count, utc)
        self._series[key] = baseline
        self._series.move_to_end(key)
        if len(self._series) > self._limit:
            self._series.popitem(last=False)
            self.dropped += 1
        return anomaly

    def __len__(self) -> int:
        return len(self._series)

    def to_dict(self) -> dict[str, Any]:
        """The state of all series as plain JSON values."""
        return {"series": [[*key, baseline.to_dict()] for key, baseline in self._series.items()]}

    @classmethod
    def from_dict(
        cls, state: Mapping[str, Any], settings: AnomalySettings | None = None, *, limit: int = 256
    ) -> "Baselines":
        """Go on from a state of `to_dict`; raises ValueError when it is none."""
        baselines = cls(settings, limit=limit)
        try:
            saved = [(SeriesKey(*key), of_key) for *key, of_key in state["series"][-limit:]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"expected the state of baselines, got something else: {error!r}") from None
        for key, of_key in saved:
            baselines._series[key] = Baseline.from_dict(of_key, settings)
        return baselines


def _count_words(count: float) -> str:
    """3, 0.4, 0: as exact as people want it."""
    if count >= 1.5:
        return f"{count:.0f}"
    return "0" if count < 0.05 else f"{count:.1f}".removesuffix(".0")


def _time_words(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
