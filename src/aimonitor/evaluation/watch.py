"""Everything after the detector, wired as in the product, in front of a scripted scene."""

from collections.abc import Sequence

from aimonitor.edge.behavior import BehaviorAnalyzer, Site
from aimonitor.edge.events import EventJudge
from aimonitor.edge.fusion import fuse
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.thermal import ThermalAnalyzer
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Event, SceneBehavior, Size, ThermalReading, Track
from aimonitor.edge.types import Scene as FusedScene
from aimonitor.simulator.scenes import Noise, Scene

NOON_UTC = 1_750_075_200.0
"""An ordinary day: no night in any policy."""

_THERMAL_EVERY_S = 0.5


class Watch:
    """The stages of one camera on a stage; `look` at one moment after the other."""

    def __init__(self, scene: Scene, noise: Noise, site: Site) -> None:
        self.scene, self.noise, self.site = scene, noise, site
        size = scene.camera.size
        self.tracker = Tracker(aspect=size.width / size.height)
        self.behavior = BehaviorAnalyzer(site)
        self.thermal = ThermalAnalyzer()
        self.risk = RiskAssessor()
        self.judge = EventJudge()
        self._felt_at = float("-inf")
        self.fused = FusedScene()

    def look(self, at: float) -> tuple[Sequence[Track], SceneBehavior, Sequence[Event]]:
        """Understand the frame at `at` seconds of the scene."""
        scene = self.scene
        dark = scene.brightness < 0.1
        detections = scene.detections(at, Noise(missed=1.0) if dark else self.noise)
        tracks = self.tracker.update(detections, at)
        behavior = self.behavior.update(tracks, Size(*scene.camera.size), at)
        reading = None
        if at >= self._felt_at + _THERMAL_EVERY_S - 1e-6:
            self._felt_at, reading = at, ThermalReading("stage", at, scene.celsius(at))
        thermal = self.thermal.update(reading, at)
        fused = self.fused = fuse(tracks, behavior, thermal, scene.brightness)
        risk = self.risk.assess(fused, at, NOON_UTC + at)
        return tracks, behavior, self.judge.update(fused, risk, at, NOON_UTC + at)
