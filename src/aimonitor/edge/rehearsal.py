"""What would this policy have done? Recorded minutes run again through the stages that a policy has a say in.

Behavior, fusion, risk and events see the recorded tracks as they saw them live, up to five times a second; what the
tracker and the thermal sensor said is taken as it was. Pure: the same recording and policy give the same answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aimonitor.edge.fusion import THERMAL_IDS
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.recording import RecordedScene
from aimonitor.edge.types import LEVELS, Event, Size, ThermalScene, Track
from aimonitor.edge.understanding import Understanding

WARM_UP_S = 60.0
"""What went on before the minutes that count is run as well, so that who loitered already is known to."""

GAP_S = 10.0
"""After such a gap nothing is remembered: the edge was restarted, or the camera was away."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded moment under a policy."""

    utc: float
    score: float
    events: tuple[Event, ...]


@dataclass(slots=True)
class Opened:
    """An incident that a policy opened, and the highest level that it reached."""

    event: Event
    highest: str


class Rehearsal:
    """One policy, one recording. `step` takes the scenes, oldest first."""

    def __init__(self, policy: SitePolicy) -> None:
        self._policy = policy
        self._places = {"", *policy.zones}
        self._stages = Understanding(policy)
        self._last: RecordedScene | None = None

    def step(self, one: RecordedScene) -> Step:
        """Understand one recorded moment."""
        last, self._last = self._last, one
        if last is not None and not 0 < one.at - last.at < GAP_S:
            self._stages = Understanding(self._policy)
        stages, scene = self._stages, one.scene
        stages.unusual = tuple(each for each in scene.unusual if each.zone in self._places)
        behavior = stages.behavior.update(tracks_of(one), Size(one.width, one.height), one.at)
        thermal = ThermalScene(scene.thermal_active, scene.hotspots)
        again = stages.fuse(tracks_of(one), behavior, thermal, 0.0 if scene.dark else 1.0)
        risk = stages.risk.assess(again, one.at, one.utc)
        return Step(one.utc, risk.score, tuple(stages.events.update(again, risk, one.at, one.utc)))


def rehearse(recorded: Iterable[RecordedScene], *policies: SitePolicy) -> Iterator[tuple[Step, ...]]:
    """Every recorded moment under each of the policies."""
    rehearsals = [Rehearsal(policy) for policy in policies]
    for one in recorded:
        yield tuple(rehearsal.step(one) for rehearsal in rehearsals)


def tracks_of(recorded: RecordedScene) -> list[Track]:
    """What the tracker said at that moment, what a mask hid included."""
    seen = (evidence.track for evidence in recorded.scene.evidence)
    return [track for track in seen if track.track_id < THERMAL_IDS] + list(recorded.masked)


def incidents(steps: Iterable[Step]) -> list[Opened]:
    """The incidents that opened in these steps, oldest first."""
    found: dict[tuple[str, float], Opened] = {}
    for step in steps:
        for event in step.events:
            key = event.incident_id, event.opened_utc
            if event.phase == "opened":
                found[key] = Opened(event, event.level)
            elif key in found:
                found[key].highest = max(found[key].highest, event.level, key=LEVELS.index)
    return list(found.values())
