"""The nouns of the edge: what passes from one stage of the journey to the next.

Boxes and positions are fractions of the image (x to the right, y down, 0..1). `at` is monotonic seconds, for
arithmetic; `utc` is seconds since 1970, for people and for the time of day.

What is made anew for every object in every frame is a msgspec Struct: frozen and named as a dataclass is, in a seventh
of the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Image = npt.NDArray[np.uint8]
"""A picture in memory: (height, width, 3) BGR or (height, width) gray, uint8."""

Floats = npt.NDArray[np.float32]

PERSONS = frozenset({"person"})
VEHICLES = frozenset({"bicycle", "car", "motorcycle", "bus", "truck", "train", "boat"})
ANIMALS = frozenset({"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})


class Picture(Protocol):
    """A camera's picture, decoded as late and as little as possible. Any method raises PictureError on bad bytes."""

    @property
    def width(self) -> int:
        """Pixels, known without decoding."""
        ...

    @property
    def height(self) -> int:
        """Pixels, known without decoding."""
        ...

    def gray(self) -> Image:
        """A gray picture for the motion gate, about 160 pixels wide (whole-number reduction of the original)."""
        ...

    def bgr(self) -> Image:
        """The full picture, (height, width, 3) uint8; decoded once and kept."""
        ...

    def jpeg(self) -> bytes:
        """The camera's own JPEG bytes where there are such, else encoded once."""
        ...

    def thumbnail(self) -> bytes:
        """A JPEG about 160 pixels wide, for those who only glance; the picture itself where it is no wider."""
        ...

    def crop(self, part: "Box") -> "Picture":
        """A part of the full picture, of its shape where the part's sides are equal shares; not copied."""
        ...


class PictureError(ValueError):
    """The bytes that a camera sent are no picture that we can show."""


class Size(NamedTuple):
    """Width and height of a picture in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera. `frame_id` counts up from 1 in a camera, across reconnects."""

    camera_id: str
    frame_id: int
    at: float
    utc: float
    picture: Picture


class Box(NamedTuple):
    """A rectangle in fractions of the image, x1 <= x2, y1 <= y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def center(self) -> "Point":
        return Point((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2)

    @property
    def foot(self) -> "Point":
        """Bottom centre: where a standing object touches the ground."""
        return Point((self.x1 + self.x2) / 2, self.y2)


class Point(NamedTuple):
    """A position in fractions of the image, or in metres on the ground where the name says so."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in one frame, in columns of equal length n.

    boxes:  (n, 4) float32, x1 y1 x2 y2 in fractions of the image
    scores: (n,) float32, 0..1
    labels: n class names
    """

    boxes: Floats
    scores: Floats
    labels: Sequence[str]

    def __post_init__(self) -> None:
        n = len(self.labels)
        if self.boxes.shape != (n, 4) or self.scores.shape != (n,):
            raise ValueError(
                f"expected boxes ({n}, 4) and scores ({n},) for {n} labels, "
                f"got {self.boxes.shape} and {self.scores.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def none(cls) -> "Detections":
        """Nothing found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


class Track(Struct, frozen=True, gc=False):
    """One object followed over time. Ids are never reused within a camera.

    velocity: of the box centre, fractions of the image per second
    seen_at: monotonic time of the last detection that belongs to it; `coasting` when that was not this frame
    """

    track_id: int
    label: str
    score: float
    box: Box
    velocity: Point
    first_at: float
    seen_at: float
    coasting: bool = False


SpeedUnit = Literal["px/s", "m/s"]


class Speed(Struct, frozen=True, gc=False):
    """How fast, with one standard deviation. Pixels of the original picture per second until calibrated."""

    value: float
    unit: SpeedUnit = "px/s"
    error: float = 0.0


_AT_REST = Speed(0.0)


class Doing(Struct, frozen=True, gc=False):
    """Something that a track does: `kind` such as loitering, running, wrong_way, stopped, in `zone` since `since`."""

    kind: str
    since: float
    zone: str = ""
    value: float = 0.0


class Behavior(Struct, frozen=True, gc=False):
    """What one track is doing. Dwell is seconds in each zone by name; heading is clockwise from up in the image.

    position_m: where it stands on the ground, in metres, once the camera is calibrated and its foot is in view
    """

    track_id: int
    speed: Speed
    heading_deg: float | None = None
    still_s: float = 0.0
    dwell_s: Mapping[str, float] = {}
    doing: tuple[Doing, ...] = ()
    position_m: Point | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """A track crossed a line in this frame; `direction` is `in` or `out`, `forbidden` when the line allows only one."""

    track_id: int
    line: str
    direction: str
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Tracks that belong together: a convoy of vehicles, a crowd of people (of `zone`, where the zone has a limit)."""

    kind: str
    track_ids: tuple[int, ...]
    since: float
    zone: str = ""


@dataclass(frozen=True, slots=True)
class SceneBehavior:
    """What all tracks of a camera do: each on its own, and together. `masked` tracks are to be ignored by all."""

    by_track: Mapping[int, Behavior] = field(default_factory=dict)
    crossings: tuple[Crossing, ...] = ()
    groups: tuple[Group, ...] = ()
    avg_speed: Speed = _AT_REST
    masked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ThermalReading:
    """One frame of a thermal sensor: (rows, cols) float32 degrees Celsius, NaN for dead pixels, origin top left."""

    sensor_id: str
    at: float
    celsius: Floats
    ambient_celsius: float | None = None


class Hotspot(Struct, frozen=True, gc=False):
    """A warm region in the sensor's frame; `kind` is warm (a person or animal), hot, overheating or fire.

    area: fraction of the sensor's picture; growth_per_s: relative growth of the area, 0.1 = a tenth more each second
    """

    hotspot_id: int
    kind: str
    box: Box
    peak_celsius: float
    mean_celsius: float
    area: float
    since: float
    growth_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ThermalScene:
    """What the thermal sensor says now; `active` means that it is alive."""

    active: bool = False
    hotspots: tuple[Hotspot, ...] = ()
    ambient_celsius: float | None = None


class Evidence(Struct, frozen=True, gc=False):
    """Seen + done + felt, for one object. A thermal-only object has no behavior and the label of its hotspot."""

    track: Track
    behavior: Behavior | None = None
    hottest_celsius: float | None = None
    hotspot: Hotspot | None = None


@dataclass(frozen=True, slots=True)
class Unusual:
    """More or fewer of a class than usual at this hour, in `zone` or in the whole picture.

    score: 0..1, from 0.5 on it is unusual; words: "persons: usual 3, now 19"
    """

    label: str
    zone: str
    score: float
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Scene:
    """All evidence of one frame and what the objects do together. `dark`: too dark for the camera to be relied on."""

    evidence: tuple[Evidence, ...] = ()
    groups: tuple[Group, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    hotspots: tuple[Hotspot, ...] = ()
    thermal_active: bool = False
    avg_speed: Speed = _AT_REST
    persons: int = 0
    vehicles: int = 0
    animals: int = 0
    dark: bool = False
    unusual: tuple[Unusual, ...] = ()


class Factor(Struct, frozen=True, gc=False):
    """One cause of the risk; the contributions of all factors sum to the score.

    `cause` is a word of an open vocabulary, `words` the explanation in English ("loitering 47 s in Gate").
    `fading`: no longer so, but not forgotten yet.
    """

    cause: str
    contribution: float
    words: str
    track_id: int | None = None
    zone: str = ""
    value: float | None = None
    fading: bool = False


Level = Literal["NORMAL", "WATCH", "ALERT", "CRITICAL"]
LEVELS: tuple[Level, ...] = ("NORMAL", "WATCH", "ALERT", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Risk:
    """How worried to be, 0..1, and why."""

    score: float
    level: Level
    factors: tuple[Factor, ...] = ()
    by_track: Mapping[int, float] = field(default_factory=dict)


Phase = Literal["opened", "updated", "closed"]


@dataclass(frozen=True, slots=True)
class Event:
    """News of an incident: opened once, updated, closed once. `incident_id` is unique in a camera."""

    incident_id: str
    kind: str
    phase: Phase
    at: float
    utc: float
    opened_utc: float
    level: Level
    score: float
    words: str
    factors: tuple[Factor, ...] = ()
    track_ids: tuple[int, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything understood of one frame. `analyzed` is False when the motion gate let the frame pass unseen."""

    frame: Frame
    tracks: Sequence[Track]
    scene: Scene
    behavior: SceneBehavior
    risk: Risk
    events: Sequence[Event]
    analyzed: bool = True
