"""What worries this site, and how much: the settings of the risk and event stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from aimonitor.edge.types import Level

WEIGHTS: Mapping[str, float] = {
    "person": 0.10,
    "vehicle": 0.04,
    "animal": 0.0,
    "night": 0.15,
    "dark": 0.05,
    "loitering": 0.35,
    "running": 0.25,
    "intrusion": 0.55,
    "approach": 0.15,
    "wrong_way": 0.40,
    "stopped": 0.20,
    "object_left": 0.45,
    "object_removed": 0.50,
    "crowd": 0.35,
    "convoy": 0.40,
    "line_crossing": 0.0,
    "warm": 0.30,
    "hot": 0.08,
    "overheating": 0.60,
    "fire": 0.90,
    "unusual": 0.25,
    "known_hours": 0.35,
}
"""Every cause there is, with the weight it has unless the policy says otherwise."""

RELIEFS = frozenset({"known_hours"})
"""Causes that lower the risk."""

NEWS = frozenset(WEIGHTS) - RELIEFS - {"person", "vehicle", "animal", "night", "dark", "approach", "hot"}
"""Causes that open an incident unless the policy says otherwise."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day from `start` to `end`, in minutes after midnight, the end not included; may pass midnight."""

    start: int
    end: int

    def __contains__(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """How much each cause weighs: the probability (0..1) that it alone is worth an alarm.

    weights: by cause; what is missing has its weight in WEIGHTS
    places: factor on the weights of what happens in a zone or on a line, by name; 0 silences it, 1 is usual
    night, known: times of day in `zone`
    watch, alert, critical: scores from which the level holds; it falls again `margin` below
    rise_s, fall_s: time constants of the score
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[str, float] = field(default_factory=dict)
    night: Hours = Hours(22 * 60, 6 * 60)
    known: tuple[Hours, ...] = ()
    zone: tzinfo = UTC
    watch: float = 0.25
    alert: float = 0.50
    critical: float = 0.75
    margin: float = 0.06
    rise_s: float = 0.4
    fall_s: float = 8.0

    def weight(self, cause: str, place: str = "") -> float:
        """The weight of a cause, in a place, 0..0.99."""
        weight = self.weights.get(cause, WEIGHTS.get(cause, 0.0)) * self.places.get(place, 1.0)
        return 0.0 if weight < 0.0 else 0.99 if weight > 0.99 else weight


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """When something is news.

    news: causes that open an incident of their own, when they add at least `least` to the score
    level: from this level on, whatever is the cause, there is an incident
    open_after_s, close_after_s: how long it must hold, and how long be gone; update_every_s: at most so often
    """

    news: frozenset[str] = NEWS
    level: Level = "ALERT"
    least: float = 0.01
    open_after_s: float = 0.5
    close_after_s: float = 10.0
    update_every_s: float = 10.0
