"""The settings of the stage: what the site looks like and when something is worth a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aimonitor.edge.ground import Ground
from aimonitor.edge.types import Point


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in fractions of the image. An object is in it when its foot (bottom centre of the box) is.

    kind: `zone`, or `mask`: what stands there is ignored by behavior, risk and events
    labels: for whom it counts; empty = for everything
    restricted: being there is an intrusion, and coming near is an approach
    direction_deg: the way that traffic may take, clockwise from up in the image; None = any
    loiter_after_s, crowd_at: this zone's own limits; None = the rule of the site, no limit of its own
    """

    name: str
    polygon: tuple[Point, ...]
    kind: Literal["zone", "mask"] = "zone"
    labels: frozenset[str] = frozenset()
    restricted: bool = False
    no_stopping: bool = False
    direction_deg: float | None = None
    loiter_after_s: float | None = None
    crowd_at: int | None = None

    def __post_init__(self) -> None:
        if len(self.polygon) < 3:
            raise ValueError(f"zone {self.name!r}: expected at least 3 corners, got {len(self.polygon)}")

    def counts(self, label: str) -> bool:
        return not self.labels or label in self.labels


@dataclass(frozen=True, slots=True)
class Line:
    """A line from a to b in fractions of the image. `in` crosses it from left to right for one who looks from a to b.

    allowed: a crossing the other way is forbidden (wrong way)
    """

    name: str
    a: Point
    b: Point
    labels: frozenset[str] = frozenset()
    allowed: Literal["both", "in", "out"] = "both"

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise ValueError(f"line {self.name!r}: expected two different ends, got {self.a} twice")

    def counts(self, label: str) -> bool:
        return not self.labels or label in self.labels


@dataclass(frozen=True, slots=True)
class Rules:
    """When something is worth a name. Metres hold in uncalibrated pictures too, scaled by the object's own height."""

    memory_s: float = 0.8
    settle_s: float = 0.5
    forget_s: float = 3.0
    rejoin_s: float = 2.0
    rejoin_m: float = 1.0
    linger_after_s: float = 120.0
    loiter_after_s: float = 30.0
    running_m_per_s: float = 2.7
    running_for_s: float = 0.8
    still_radius_m: float = 0.7
    stopped_after_s: float = 15.0
    wrong_way_for_s: float = 1.2
    wrong_way_deg: float = 110.0
    approach_within_s: float = 4.0
    approach_m_per_s: float = 0.5
    left_after_s: float = 20.0
    left_radius_m: float = 3.0
    removed_after_s: float = 10.0
    crowd_at: int = 6
    crowd_gap_m: float = 1.5
    crowd_for_s: float = 3.0
    convoy_at: int = 3
    convoy_gap_m: float = 25.0
    convoy_for_s: float = 3.0
    convoy_every_s: float = 0.5
    convoy_patience_s: float = 0.8
    convoy_m_per_s: float = 1.5
    convoy_heading_deg: float = 40.0
    heights_m: Mapping[str, float] = field(
        default_factory=lambda: {
            "person": 1.7,
            "bicycle": 1.1,
            "motorcycle": 1.2,
            "car": 1.5,
            "bus": 3.1,
            "truck": 3.1,
            "train": 4.0,
            "dog": 0.6,
            "cat": 0.3,
            "horse": 1.7,
            "cow": 1.5,
            "sheep": 0.9,
            "backpack": 0.5,
            "handbag": 0.35,
            "suitcase": 0.65,
        }
    )


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that is known of one camera's view. `ground` is None until the camera is calibrated."""

    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    ground: Ground | None = None
    rules: Rules = Rules()
