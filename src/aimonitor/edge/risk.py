"""How worried to be, and why.

The score is a noisy-or (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, 4.3): with p the weight of each
cause, 1 - prod(1 - p) = 1 - exp(-sum(intensity)), so in intensities the causes simply add, and each owns its share of
the sum; what relieves scales the result by prod(1 - m) and owns its share of what it took away. Every cause has its own
envelope, which rises fast and falls slowly; so a falling score still names what it falls from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1
from operator import attrgetter

from aimonitor.edge.risk_causes import Cause, causes
from aimonitor.edge.risk_policy import EventPolicy, Hours, RiskPolicy
from aimonitor.edge.types import LEVELS, Factor, Level, Risk, Scene

__all__ = ["EventPolicy", "Hours", "RiskAssessor", "RiskPolicy"]

_FORGOTTEN = 0.004
_PARTS = 10_000
"""Scores and contributions are told in ten-thousandths."""

_FACTOR_LIMIT = 64


@dataclass(slots=True)
class _Envelope:
    """A cause and how strongly it is felt: its intensity, followed."""

    cause: Cause
    is_relief: bool
    felt: float = 0.0
    fading: bool = False


class RiskAssessor:
    """Risk of one camera's scene. The same scenes at the same times give the same risks. Owned by one thread."""

    def __init__(self, policy: RiskPolicy | None = None) -> None:
        self._policy = policy or RiskPolicy()
        self._envelopes: dict[tuple[str, int | None, str], _Envelope] = {}
        self._at: float | None = None
        self._level: Level = "NORMAL"

    def adopt(self, policy: RiskPolicy) -> None:
        """Judge by another policy from now on; what is felt goes on from where it is."""
        self._policy = policy

    def assess(self, scene: Scene, at: float, utc: float) -> Risk:
        """The risk at monotonic time `at`; `utc` gives the time of day."""
        elapsed_s = None if self._at is None else max(0.0, at - self._at)
        self._at = at
        self._follow(causes(scene, utc, self._policy), elapsed_s)
        felt = sorted(self._envelopes.values(), key=_felt, reverse=True)[:_FACTOR_LIMIT]
        score, factors = _explain(felt)
        self._level = self._judge(score)
        return Risk(score, self._level, factors, _by_track(felt))

    def _follow(self, now: Sequence[Cause], elapsed_s: float | None) -> None:
        policy = self._policy
        rise = 1.0 if elapsed_s is None else -expm1(-elapsed_s / policy.rise_s)
        fall = 1.0 if elapsed_s is None else -expm1(-elapsed_s / policy.fall_s)
        strongest: dict[tuple[str, int | None, str], Cause] = {}
        for cause in now:
            key = cause.key
            rival = strongest.get(key)
            if rival is None or rival.intensity < cause.intensity:
                strongest[key] = cause
        for known in self._envelopes.values():
            known.fading = True
        for key, cause in strongest.items():
            envelope = self._envelopes.get(key)
            if envelope is None:
                envelope = self._envelopes[key] = _Envelope(cause, cause.is_relief)
            envelope.cause, envelope.fading = cause, False
            pace = fall if cause.intensity < envelope.felt else 1.0 if cause.at_once else rise
            envelope.felt += (cause.intensity - envelope.felt) * pace
        for key, known in list(self._envelopes.items()):
            if known.fading:
                known.felt *= 1.0 - fall
                if known.felt < _FORGOTTEN:
                    del self._envelopes[key]

    def _judge(self, score: float) -> Level:
        """Up at once, down one margin below the limit."""
        policy = self._policy
        limits = (policy.watch, policy.alert, policy.critical)
        up = sum([score >= limit for limit in limits])
        down = sum([score >= limit - policy.margin for limit in limits])
        return LEVELS[max(up, min(down, LEVELS.index(self._level)))]


_felt = attrgetter("felt")


def _explain(felt: Sequence[_Envelope]) -> tuple[float, tuple[Factor, ...]]:
    """The score and what each cause contributes, rounded so that they still sum to it."""
    relief = sum([one.felt for one in felt if one.is_relief])
    worry = sum([one.felt for one in felt]) - relief
    if worry <= 0.0:
        return 0.0, ()
    raised = -expm1(-worry) * _PARTS
    score = round(raised * exp(-relief))
    per_worry, per_relief = raised / worry, raised * expm1(-relief) / relief if relief else 0.0
    shares = [round((per_relief if one.is_relief else per_worry) * one.felt) for one in felt]
    # Rounding leaves a few parts over: the strongest cause takes them.
    strongest = next(i for i, one in enumerate(felt) if not one.is_relief)
    shares[strongest] += score - sum(shares)
    return score / _PARTS, tuple(
        [_factor(one, share / _PARTS) for one, share in zip(felt, shares, strict=True) if share]
    )


def _factor(envelope: _Envelope, contribution: float) -> Factor:
    cause = envelope.cause
    return Factor(cause.cause, contribution, cause.words, cause.track_id, cause.zone, cause.value, envelope.fading)


def _by_track(felt: Sequence[_Envelope]) -> dict[int, float]:
    """Risk of each track by its own causes alone."""
    worry: dict[int, float] = {}
    for envelope in felt:
        track_id = envelope.cause.track_id
        if track_id is not None:
            worry[track_id] = worry.get(track_id, 0.0) + envelope.felt
    return {track_id: -expm1(-total) for track_id, total in worry.items()}
