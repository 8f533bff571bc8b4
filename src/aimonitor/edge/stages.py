"""The pipeline of one camera, made of a detector and the site's policy when the first picture tells its size."""

from aimonitor.edge.focus import Focus
from aimonitor.edge.motion import MotionGate
from aimonitor.edge.pipeline import Detector, Pipeline
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Frame, Observation, Size, ThermalReading, Unusual
from aimonitor.edge.understanding import Understanding


class CameraStages:
    """Builds the stages for the size of the camera's pictures, and follows policy changes. Owned by one thread."""

    def __init__(self, detector: Detector, policy: SitePolicy) -> None:
        self._detector = detector
        self._policy = policy
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
        self._policy = policy
        self._understanding.adopt(policy)

    def note(self, unusual: tuple[Unusual, ...]) -> None:
        """From the next frame on, this is what is unusual."""
        self._understanding.unusual = unusual

    def reset(self) -> None:
        """Begin anew: after an error inside a stage nothing that it remembered is to be trusted."""
        unusual, self._understanding = self._understanding.unusual, Understanding(self._policy)
        self.note(unusual)
        self._pipeline = None

    def _build(self, size: Size) -> Pipeline:
        understanding = self._understanding
        return Pipeline(
            gate=MotionGate(),
            eye=Focus(self._detector),
            tracker=Tracker(aspect=min(10.0, max(0.1, size.width / size.height)), after_id=self._last_id),
            behavior=understanding.behavior,
            thermal=understanding.thermal,
            fuse=understanding.fuse,
            risk=understanding.risk,
            events=understanding.events,
        )
