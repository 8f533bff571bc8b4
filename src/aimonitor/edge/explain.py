"""`risk explain`: why was the score what it was, and what would it have been if?

A recorded minute is replayed through the risk stage, as the policy is and as it might be.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from aimonitor.common.settings import SettingsError
from aimonitor.edge.policy_errors import unknown_word
from aimonitor.edge.recording import RecordedScene
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.risk_policy import WEIGHTS, RiskPolicy
from aimonitor.edge.types import Risk

_NUMBERS = {field.name for field in fields(RiskPolicy)} - {"weights", "places", "night", "known", "zone"}


@dataclass(frozen=True, slots=True)
class Explained:
    """The risk at one moment, and what it would have been; `instead` is None when nothing was changed."""

    utc: float
    risk: Risk
    instead: Risk | None = None


def explain(
    recorded: Iterable[RecordedScene], policy: RiskPolicy, instead: RiskPolicy | None = None
) -> Iterator[Explained]:
    """Replay scenes, oldest first, through the risk stage."""
    as_is = RiskAssessor(policy)
    as_if = None if instead is None else RiskAssessor(instead)
    for one in recorded:
        risk = as_is.assess(one.scene, one.at, one.utc)
        yield Explained(one.utc, risk, as_if.assess(one.scene, one.at, one.utc) if as_if else None)


def what_if(policy: RiskPolicy, changes: Sequence[str]) -> RiskPolicy:
    """`policy` with changes such as `loitering=0.1`, `alert=0.6` or `places.Gate=0`. Raises SettingsError."""
    for change in changes:
        name, _, text = change.partition("=")
        name = name.strip()
        try:
            value = float(text)
        except ValueError:
            raise SettingsError(f"--what-if: expected <name>=<number>, got {change!r}") from None
        if not 0 <= value <= 600:
            raise SettingsError(f"--what-if {name}: expected a number of 0 to 600, got {text.strip()}")
        if name in WEIGHTS:
            policy = replace(policy, weights={**policy.weights, name: min(0.99, value)})
        elif name.startswith("places."):
            policy = replace(policy, places={**policy.places, name.removeprefix("places."): value})
        elif name in _NUMBERS:
            number: dict[str, Any] = {name: value}
            policy = replace(policy, **number)
        else:
            raise SettingsError(f"--what-if: {unknown_word(name, [*WEIGHTS, *_NUMBERS])}")
    return policy


def table(explained: Iterable[Explained], *, every_s: float = 1.0) -> Iterator[str]:
    """One line for every `every_s` seconds: time, score, level, causes, and the score that would have been."""
    next_utc = float("-inf")
    for one in explained:
        if one.utc < next_utc:
            continue
        next_utc = one.utc + every_s - 1e-6
        time = datetime.fromtimestamp(one.utc, UTC).strftime("%H:%M:%S")
        line = f"{time}Z  {one.risk.score:.2f} {one.risk.level:<8}"
        if one.instead is not None:
            line += f"  if: {one.instead.score:.2f} {one.instead.level:<8}"
        yield f"{line}  {sentence(one.risk)}".rstrip()


def sentence(risk: Risk) -> str:
    """`loitering 47 s in Gate +0.25; night +0.15; known hour -0.10`"""
    return "; ".join(
        f"{factor.words}{' (fading)' if factor.fading else ''} {factor.contribution:+.2f}" for factor in risk.factors
    )
