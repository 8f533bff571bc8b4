"""`eval scenes`: what the edge understands of scripted scenes, against the truth of the script.

Everything after the detector runs as in the product: tracker, behavior, thermal, fusion, risk and events, at 5 fps, on
the detections of a typical detector (a tenth missed, edges that tremble, now and then a box where nothing is), with a
thermal picture twice a second. Seeds that nobody has looked at are the honest ones: `--seeds 300..307`.

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

from aimonitor.edge.types import SceneBehavior
from aimonitor.evaluation.scene_truth import Convoys, Stays, match, true_crossings
from aimonitor.evaluation.watch import Watch
from aimonitor.simulator.scenes import TYPICAL, Noise, Scene, Truth, times
from aimonitor.simulator.scripts import SCRIPTS, build

_STEADY_S = 1.5
_MOVING_M_PER_S = 0.5


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


def evaluate(
    seeds: Sequence[int] = range(5), *, noise: Noise = TYPICAL, fps: float = 5.0, names: Sequence[str] = ()
) -> Measured:
    """Run every scene (or those named) with each of `seeds` and measure."""
    measured = Measured()
    for name in names or sorted(SCRIPTS):
        for seed in seeds:
            _measure(build(name, seed), noise, fps, measured)
    return measured


def _measure(scene: Scene, noise: Noise, fps: float, measured: Measured) -> None:
    watch = Watch(scene, noise, scene.site())
    opened: set[tuple[str, str]] = set()
    stays = Stays(scene)
    convoys = Convoys(watch.site.rules)
    for at in times(scene.duration_s, fps):
        truths = scene.truth(at)
        tracks, behavior, events = watch.look(at)
        opened |= {(event.kind, event.zone) for event in events if event.phase == "opened"}
        known = match(truths, tracks)
        _measure_speed(known, behavior, measured)
        stays.look(behavior, at)
        convoys.look(truths, known, behavior, at)
        measured.lines_reported.update((crossing.line, crossing.direction) for crossing in behavior.crossings)
    measured.lines_true.update(true_crossings(scene, fps))
    measured.dwell_errors.extend(stays.errors())
    measured.convoy.update(convoys.score())
    measured.scenes += 1
    if opened != scene.incidents:
        measured.wrong.append(f"{scene.name} {scene.seed}: expected {sorted(scene.incidents)}, got {sorted(opened)}")
    if not scene.incidents:
        measured.quiet_s += scene.duration_s
        measured.quiet_events += len(opened)


def _measure_speed(known: dict[int, Truth], behavior: SceneBehavior, measured: Measured) -> None:
    for track_id, truth in known.items():
        pace = behavior.by_track[track_id].speed
        box = truth.box
        in_view = box.x1 > 0.01 and box.x2 < 0.99 and box.y2 < 0.99
        steady = truth.steady_s >= _STEADY_S and truth.speed_m > _MOVING_M_PER_S
        if in_view and steady and pace.unit == "m/s" and pace.error > 0:
            measured.speed_errors.append(abs(pace.value - truth.speed_m) / truth.speed_m)
            measured.speed_sigmas.append(abs(pace.value - truth.speed_m) / pace.error)
