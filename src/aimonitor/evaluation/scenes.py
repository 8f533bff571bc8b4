"""`eval scenes`: what the edge understands of scripted scenes, against the truth of the script.

Everything after the detector runs as in the product: tracker, behavior, thermal, fusion, risk and events, at 5 fps, on
the detections of a typical detector (a tenth missed, edges that tremble, now and then a box where nothing is), with a
thermal picture twice a second.

speed            of frames in steady movement (> 0.5 m/s, 1.5 s after the last change, in view): mean relative error,
                 and the share of frames whose true speed lies within two standard deviations
dwell            largest difference between the longest dwell reported in a zone and the true one, s
lines            crossings reported and true, by line and direction
convoy           precision and recall over time points: is a convoy of these members reported, is there one (Jeung's
                 definition, applied to the exact positions)? The second at either end is left out
incidents        scenes in which the kinds of incident opened are those of the script; false ones per hour of quiet
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot

from aimonitor.edge.behavior import BehaviorAnalyzer, Rules, Site, Zone
from aimonitor.edge.behavior.zones import contains
from aimonitor.edge.events import EventJudge
from aimonitor.edge.fusion import fuse
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.thermal import ThermalAnalyzer
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import PERSONS, VEHICLES, Box, Event, Risk, SceneBehavior, Size, ThermalReading, Track
from aimonitor.edge.types import Scene as FusedScene
from aimonitor.simulator.scenes import TYPICAL, Noise, Scene, Truth, times
from aimonitor.simulator.scripts import SCRIPTS, build

_STEADY_S = 1.5
_MOVING_M_PER_S = 0.5
_MATCH_IOU = 0.3
_THERMAL_EVERY_S = 0.5
_NOON_UTC = 1_750_075_200.0


@dataclass(slots=True)
class Measured:
    """Sums over all scenes; the properties are the measures."""

    speed_errors: list[float] = field(default_factory=list)
    speed_sigmas: list[float] = field(default_factory=list)
    dwell_errors: list[float] = field(default_factory=list)
    lines_true: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines_reported: Counter[tuple[str, str]] = field(default_factory=Counter)
    convoy: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    scenes: int = 0
    quiet_s: float = 0.0
    quiet_events: int = 0

    @property
    def speed_error(self) -> float:
        return sum(self.speed_errors) / max(1, len(self.speed_errors))

    @property
    def within_bar(self) -> float:
        return sum(sigma <= 2.0 for sigma in self.speed_sigmas) / max(1, len(self.speed_sigmas))

    @property
    def convoy_precision(self) -> float:
        return self.convoy["both"] / max(1, self.convoy["both"] + self.convoy["reported"])

    @property
    def convoy_recall(self) -> float:
        return self.convoy["both"] / max(1, self.convoy["both"] + self.convoy["true"])

    @property
    def false_per_hour(self) -> float:
        return self.quiet_events / max(1.0, self.quiet_s) * 3600

    def report(self) -> str:
        """What could be measured, one measure a line, with its goal."""
        lines = [f"scenes               {self.scenes}"]
        if count := len(self.speed_errors):
            lines.append(f"speed error          {self.speed_error:.1%} (goal 5%) over {count} frames")
            lines.append(f"within its error bar {self.within_bar:.1%} (goal 95%, two standard deviations)")
        if count := len(self.dwell_errors):
            lines.append(f"dwell error          {max(self.dwell_errors):.2f} s at most (goal 0.5 s) over {count} stays")
        if self.lines_true or self.lines_reported:
            counts = ", ".join(f"{line} {way} {count}" for (line, way), count in sorted(self.lines_reported.items()))
            exact = "exact" if self.lines_reported == self.lines_true else f"true: {dict(self.lines_true)}"
            lines.append(f"line crossings       {counts} ({exact})")
        if self.convoy:
            lines.append(f"convoy precision     {self.convoy_precision:.3f} (goal 0.95)")
            lines.append(f"convoy recall        {self.convoy_recall:.3f} (goal 0.95)")
        lines.append(f"incidents            {self.scenes - len(self.wrong)} of {self.scenes} scenes as in the script")
        if self.quiet_s:
            minutes = self.quiet_s / 60
            lines.append(f"false when quiet     {self.false_per_hour:.1f} per hour over {minutes:.0f} min (goal 0)")
        return "\n".join((*lines, *(f"  {line}" for line in self.wrong)))


def evaluate(seeds: int = 5, *, noise: Noise = TYPICAL, fps: float = 5.0, names: Sequence[str] = ()) -> Measured:
    """Run every scene (or those named) with seeds 0..seeds-1 and measure."""
    measured = Measured()
    for name in names or sorted(SCRIPTS):
        for seed in range(seeds):
            _measure(build(name, seed), noise, fps, measured)
    return measured


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
        self.fused, self.assessed = FusedScene(), Risk(0.0, "NORMAL")

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
        risk = self.assessed = self.risk.assess(fused, at, _NOON_UTC + at)
        return tracks, behavior, self.judge.update(fused, risk, at, _NOON_UTC + at)


def _measure(scene: Scene, noise: Noise, fps: float, measured: Measured) -> None:
    watch = Watch(scene, noise, scene.site())
    opened: set[tuple[str, str]] = set()
    stays = _Stays(scene)
    convoys = _Convoys(watch.site.rules)
    for at in times(scene.duration_s, fps):
        truths = scene.truth(at)
        tracks, behavior, events = watch.look(at)
        opened |= {(event.kind, event.zone) for event in events if event.phase == "opened"}
        known = _match(truths, tracks)
        _measure_speed(known, behavior, measured)
        stays.look(behavior, at)
        convoys.look(truths, known, behavior, at)
        measured.lines_reported.update((crossing.line, crossing.direction) for crossing in behavior.crossings)
    measured.lines_true.update(_true_crossings(scene, fps))
    measured.dwell_errors.extend(stays.errors())
    measured.convoy.update(convoys.score())
    measured.scenes += 1
    if opened != scene.incidents:
        measured.wrong.append(f"{scene.name} {scene.seed}: expected {sorted(scene.incidents)}, got {sorted(opened)}")
    if not scene.incidents:
        measured.quiet_s += scene.duration_s
        measured.quiet_events += len(opened)


def _match(truths: Sequence[Truth], tracks: Sequence[Track]) -> dict[int, Truth]:
    """Truth by track id, best overlap first."""
    pairs = sorted(
        ((_iou(truth.box, track.box), i, j) for i, truth in enumerate(truths) for j, track in enumerate(tracks)),
        reverse=True,
    )
    matched: dict[int, Truth] = {}
    taken: set[int] = set()
    for iou, i, j in pairs:
        if iou >= _MATCH_IOU and i not in taken and tracks[j].track_id not in matched:
            taken.add(i)
            matched[tracks[j].track_id] = truths[i]
    return matched


def _iou(one: Box, other: Box) -> float:
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)


def _measure_speed(known: dict[int, Truth], behavior: SceneBehavior, measured: Measured) -> None:
    for track_id, truth in known.items():
        pace = behavior.by_track[track_id].speed
        box = truth.box
        in_view = box.x1 > 0.01 and box.x2 < 0.99 and box.y2 < 0.99
        steady = truth.steady_s >= _STEADY_S and truth.speed_m > _MOVING_M_PER_S
        if in_view and steady and pace.unit == "m/s" and pace.error > 0:
            measured.speed_errors.append(abs(pace.value - truth.speed_m) / truth.speed_m)
            measured.speed_sigmas.append(abs(pace.value - truth.speed_m) / pace.error)


class _Stays:
    """Longest dwell in each zone, reported and true."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._reported: dict[str, float] = {}

    def look(self, behavior: SceneBehavior, at: float) -> None:
        for one in behavior.by_track.values():
            for name, dwell_s in one.dwell_s.items():
                self._reported[name] = max(self._reported.get(name, 0.0), dwell_s)

    def errors(self) -> list[float]:
        errors = []
        for zone in self._scene.zones:
            true_s = max((self._true_s(zone, actor.actor_id) for actor in self._scene.actors), default=0.0)
            if true_s >= 2.0:
                errors.append(abs(self._reported.get(zone.name, 0.0) - true_s))
        return errors

    def _true_s(self, zone: Zone, actor_id: int) -> float:
        """From the exact path, sampled fifty times a second."""
        actor = next(actor for actor in self._scene.actors if actor.actor_id == actor_id)
        inside = [
            at
            for at in times(self._scene.duration_s, 50)
            if actor.is_on_stage(at) and contains(zone.polygon, *self._scene.camera.project(*actor.position(at)))
        ]
        return inside[-1] - inside[0] if inside else 0.0


def _true_crossings(scene: Scene, fps: float) -> list[tuple[str, str]]:
    """From the exact paths: the side of the line on which the foot was, frame after frame, while in view."""
    found = []
    for line in scene.lines:
        for actor in scene.actors:
            before = 0.0
            for at in times(scene.duration_s, fps):
                if not any(truth.actor_id == actor.actor_id for truth in scene.truth(at)):
                    continue
                foot = scene.camera.project(*actor.position(at))
                side = (line.b.x - line.a.x) * (foot.y - line.a.y) - (line.b.y - line.a.y) * (foot.x - line.a.x)
                if before * side < 0:
                    found.append((line.name, "in" if side > 0 else "out"))
                before = side
    return found


class _Convoys:
    """Convoys by the definition: m vehicles, density-connected over k time points, on exact positions, in view."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._moments: list[tuple[float, frozenset[int], frozenset[int]]] = []

    def look(self, truths: Sequence[Truth], known: dict[int, Truth], behavior: SceneBehavior, at: float) -> None:
        reported = {
            known[track_id].actor_id if track_id in known else -track_id
            for group in behavior.groups
            if group.kind == "convoy"
            for track_id in group.track_ids
        }
        self._moments.append((at, self._together(truths), frozenset(reported)))

    def _together(self, truths: Sequence[Truth]) -> frozenset[int]:
        """Members of a scripted group that now are connected; the scripts have one group at most."""
        rules = self._rules
        members = [truth for truth in truths if truth.group == "convoy" and truth.label in VEHICLES - PERSONS]
        connected: set[int] = set()
        for one in members:
            near = [
                other.actor_id
                for other in members
                if hypot(one.position_m.x - other.position_m.x, one.position_m.y - other.position_m.y)
                <= rules.convoy_gap_m
            ]
            if len(near) >= rules.convoy_at:
                connected.update(near)
        return frozenset(connected if len(connected) >= rules.convoy_at else ())

    def score(self) -> Counter[str]:
        """Time points at which a convoy is reported and true, only reported, only true."""
        counted: Counter[str] = Counter()
        since: float | None = None
        true_at = []
        for at, together, _ in self._moments:
            since = (at if since is None else since) if together else None
            true_at.append(since is not None and at - since >= self._rules.convoy_for_s)
        slack = max(1, round(1.0 / (self._moments[1][0] - self._moments[0][0])))
        for index, (_, together, reported) in enumerate(self._moments):
            near = true_at[max(0, index - slack) : index + slack + 1]
            if reported and (not any(near) or (together and len(reported & together) < self._rules.convoy_at)):
                counted["reported"] += 1
            elif true_at[index] and not reported:
                if all(near):
                    counted["true"] += 1
            elif true_at[index]:
                counted["both"] += 1
        return counted
