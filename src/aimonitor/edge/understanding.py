"""The stages that understand, made of one policy, and made to follow it when it changes."""

from collections.abc import Sequence
from dataclasses import replace

from aimonitor.edge.behavior import BehaviorAnalyzer
from aimonitor.edge.events import EventJudge
from aimonitor.edge.fusion import fuse
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.thermal import ThermalAnalyzer
from aimonitor.edge.types import Scene, SceneBehavior, ThermalScene, Track, Unusual


class Understanding:
    """Behavior, thermal, fusion, risk and events of one camera, for its pipeline. Owned by the pipeline's thread."""

    def __init__(self, policy: SitePolicy) -> None:
        self._policy = policy
        self.alignment = policy.alignment()
        self.unusual: tuple[Unusual, ...] = ()
        """What is unusual just now; set from outside, because the stages remember no weeks."""
        self.behavior = BehaviorAnalyzer(policy.site())
        self.thermal = ThermalAnalyzer(policy.heat())
        self.risk = RiskAssessor(policy.risk())
        self.events = EventJudge(policy.judging())

    def fuse(self, tracks: Sequence[Track], behavior: SceneBehavior, thermal: ThermalScene, brightness: float) -> Scene:
        """The fusion stage, with the policy's alignment and what is unusual."""
        scene = fuse(tracks, behavior, thermal, brightness, alignment=self.alignment)
        return replace(scene, unusual=self.unusual) if self.unusual else scene

    def adopt(self, policy: SitePolicy) -> None:
        """Follow another policy from the next frame on; what a change does not touch is not forgotten."""
        before, self._policy = self._policy, policy
        self.alignment = policy.alignment()
        self.risk.adopt(policy.risk())
        self.events.adopt(policy.judging())
        if policy.site() != before.site():
            self.behavior.adopt(policy.site())
        if policy.heat() != before.heat():
            self.thermal.adopt(policy.heat())
