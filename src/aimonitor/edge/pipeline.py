"""The journey of a frame, in one place: one call per stage, top to bottom.

Nothing here asks the clock, the network or the disk: time comes in with the frame, and what comes out is returned.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from aimonitor.edge.types import (
    Box,
    Detections,
    Event,
    Frame,
    Image,
    Observation,
    Picture,
    Risk,
    Scene,
    SceneBehavior,
    Size,
    ThermalReading,
    ThermalScene,
    Track,
)


class Gate(Protocol):
    @property
    def moved(self) -> Box | None:
        """Where something moved in the frame last looked at; None when it is worth looking for another reason."""
        ...

    def look(self, gray: Image, at: float, watched: Sequence[Track]) -> bool:
        """True when the frame deserves inference: something moves, or a watched track is due for a check."""
        ...


class Detector(Protocol):
    @property
    def detail(self) -> Size | None:
        """The pixels of a picture that it makes use of; None when it does not matter how large one is."""
        ...

    def detect(self, picture: Picture) -> Detections: ...


class Eye(Protocol):
    def detect(self, picture: Picture, moved: Box | None, tracks: Sequence[Track]) -> Detections:
        """Look at the picture, or in more detail at the part of it where something moved or is followed."""
        ...


class Tracker(Protocol):
    def update(self, detections: Detections | None, at: float) -> Sequence[Track]:
        """Follow on to time `at`; None means that nobody looked, which is no evidence of absence."""
        ...


class BehaviorAnalyzer(Protocol):
    def update(self, tracks: Sequence[Track], size: Size, at: float) -> SceneBehavior: ...


class ThermalAnalyzer(Protocol):
    def update(self, reading: ThermalReading | None, at: float) -> ThermalScene: ...


class RiskAssessor(Protocol):
    def assess(self, scene: Scene, at: float, utc: float) -> Risk: ...


class EventJudge(Protocol):
    def update(self, scene: Scene, risk: Risk, at: float, utc: float) -> Sequence[Event]: ...


Fuse = Callable[[Sequence[Track], SceneBehavior, ThermalScene, float], Scene]
"""Tracks, behavior, thermal and the brightness of the picture (mean gray, 0..1) become one Scene."""


class Pipeline:
    """The stages of one camera, in order. Owned by one thread."""

    def __init__(
        self,
        *,
        gate: Gate,
        eye: Eye,
        tracker: Tracker,
        behavior: BehaviorAnalyzer,
        thermal: ThermalAnalyzer,
        fuse: Fuse,
        risk: RiskAssessor,
        events: EventJudge,
    ) -> None:
        self._gate = gate
        self._eye = eye
        self._tracker = tracker
        self._behavior = behavior
        self._thermal = thermal
        self._fuse = fuse
        self._risk = risk
        self._events = events
        self._tracks: Sequence[Track] = ()

    def step(self, frame: Frame, reading: ThermalReading | None = None) -> Observation:
        """Understand one frame. Raises PictureError when its bytes are no picture; then only the gate has seen it."""
        picture, at, utc = frame.picture, frame.at, frame.utc
        gray = picture.gray()
        worth_a_look = self._gate.look(gray, at, self._tracks)
        detections = self._eye.detect(picture, self._gate.moved, self._tracks) if worth_a_look else None
        tracks = self._tracks = self._tracker.update(detections, at)
        behavior = self._behavior.update(tracks, Size(picture.width, picture.height), at)
        thermal = self._thermal.update(reading, at)
        scene = self._fuse(tracks, behavior, thermal, float(gray.mean()) / 255.0)
        risk = self._risk.assess(scene, at, utc)
        events = self._events.update(scene, risk, at, utc)
        return Observation(frame, tracks, scene, behavior, risk, events, analyzed=worth_a_look)
