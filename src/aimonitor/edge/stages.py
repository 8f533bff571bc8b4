"""The pipeline of one camera, made of a detector and the site's policy when the first picture tells its size."""

from aimonitor.edge.focus import Focus
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.motion import MotionGate
from aimonitor.edge.pipeline import Detector, Pipeline
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.travels import Mark, S, watched, watched_call
from aimonitor.edge.types import Frame, Observation, Size, ThermalReading, Unusual
from aimonitor.edge.understanding import Understanding


class CameraStages:
    """Builds the stages for the size of the camera's pictures, and follows policy changes. Owned by one thread."""

    def __init__(self, detector: Detector, policy: SitePolicy, mark: Mark | None = None) -> None:
        """mark: told the name of each stage when it is done with a frame, where somebody follows that"""
        self._detector = detector
        self.policy = policy
        self._mark = mark
        self._understanding = Understanding(policy)
        self._pipeline: Pipeline | None = None
        self._last_id = 0

    def step(self, frame: Frame, reading: ThermalReading | None) -> Observation:
        """Understand one frame. Raises PictureError when its bytes are no picture."""
        if self._pipeline is None:
            self._pipeline = self._build(Size(frame.picture.width, frame.picture.height))
        observation = self._pipeline.step(frame, reading)
        self._last_id = max(self._last_id, max((track.track_id for track in observation.tracks), default=0))
        return observation

    def adopt(self, policy: SitePolicy) -> None:
        """Follow another policy from the next frame on."""
        self.policy = policy
        self._understanding.adopt(policy)

    @property
    def alignment(self) -> Alignment:
        """From the thermal picture to the camera's."""
        return self._understanding.alignment

    def note(self, unusual: tuple[Unusual, ...]) -> None:
        """From the next frame on, this is what is unusual."""
        self._understanding.unusual = unusual

    def reset(self) -> None:
        """Begin anew: after an error inside a stage nothing that it remembered is to be trusted."""
        unusual, self._understanding = self._understanding.unusual, Understanding(self.policy)
        self.note(unusual)
        self._pipeline = None

    def _build(self, size: Size) -> Pipeline:
        understanding = self._understanding
        tracker = Tracker(aspect=min(10.0, max(0.1, size.width / size.height)), after_id=self._last_id)
        return Pipeline(
            gate=self._watch(MotionGate(), "look", "gate"),
            eye=self._watch(Focus(self._detector), "detect", "detector"),
            tracker=self._watch(tracker, "update", "tracker"),
            behavior=self._watch(understanding.behavior, "update", "behavior"),
            thermal=self._watch(understanding.thermal, "update", "thermal"),
            fuse=understanding.fuse if self._mark is None else watched_call(understanding.fuse, "fusion", self._mark),
            risk=self._watch(understanding.risk, "assess", "risk"),
            events=self._watch(understanding.events, "update", "events"),
        )

    def _watch(self, stage: S, verb: str, name: str) -> S:
        return stage if self._mark is None else watched(stage, verb, name, self._mark)
