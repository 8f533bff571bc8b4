"""Everything after the detector, per frame, with 20 tracks: goal 1 ms.

    python benchmarks/understanding.py [--tracks 20] [--fps 5] [--seconds 120] [--bare]

Twenty objects walk and drive on a calibrated ground with four zones and two lines, on typical detections; a thermal
sensor of 32 x 24 gives a reading with every frame. Runs nine times and takes the fastest of each frame, so that
other work on the machine does not count. Prints the median and 95th percentile of each stage and of all. `--bare`: no
zones and lines, as an edge runs before it is told of any.
"""

import argparse
import random
import time
from collections import defaultdict

import numpy as np

from aimonitor.edge.behavior import BehaviorAnalyzer, Line, Site, Zone
from aimonitor.edge.events import EventJudge
from aimonitor.edge.fusion import fuse
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.thermal import ThermalAnalyzer
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Point, Size, ThermalReading
from aimonitor.simulator.scenes import TYPICAL, Scene, on_ground, times
from aimonitor.simulator.scripts import ROAD
from aimonitor.simulator.stage import Actor, Mark

_RUNS = 9
_ZONES = {
    "Near": ((-8, 14), (0, 14), (0, 24), (-8, 24)),
    "Far": ((-8, 26), (8, 26), (8, 44), (-8, 44)),
    "Lane": ((1, 14), (6, 14), (6, 60), (1, 60)),
    "Yard": ((-6, 20), (4, 20), (4, 34), (-6, 34)),
}


def scene(tracks: int, seconds: float) -> Scene:
    """Objects that go to and fro for the whole time, most of them persons."""
    rng = random.Random(7)
    actors = []
    for number in range(1, tracks + 1):
        label, pace = ("car", 5.0) if number % 4 == 0 else ("person", 1.3)
        at, x, y = 0.0, rng.uniform(-7, 7), rng.uniform(17, 40)
        path = [Mark(at, x, y)]
        while at < seconds:
            to_x, to_y = rng.uniform(-7, 7), rng.uniform(17, 40)
            at += max(1.0, float(np.hypot(to_x - x, to_y - y)) / pace)
            x, y = to_x, to_y
            path.append(Mark(at, x, y))
        actors.append(Actor(number, label, tuple(path)))
    return Scene("benchmark", 1, seconds, ROAD, tuple(actors), rectangle_m=(-4.0, 22.0, 4.0, 40.0))


def site(stage: Scene) -> Site:
    zones = tuple(
        Zone(name, on_ground(ROAD, *corners), restricted=name == "Yard", direction_deg=0.0 if name == "Lane" else None)
        for name, corners in _ZONES.items()
    )
    near, far = on_ground(ROAD, (0, 14), (0, 45))
    lines = (Line("Middle", near, far), Line("Across", Point(0.1, 0.5), Point(0.9, 0.5)))
    return Site(zones, lines, stage.ground())


def measure(tracks: int, fps: float, seconds: float, bare: bool) -> tuple[dict[str, list[float]], float]:
    """Seconds per frame by stage, and the mean number of tracks."""
    stage = scene(tracks, seconds)
    tracker, behavior = Tracker(aspect=4 / 3), BehaviorAnalyzer(Site(ground=stage.ground()) if bare else site(stage))
    thermal, risk, judge = ThermalAnalyzer(), RiskAssessor(), EventJudge()
    size = Size(*ROAD.size)
    spent: dict[str, list[float]] = defaultdict(list)
    seen = 0
    moments = times(seconds, fps)
    for at in moments:
        detections = stage.detections(at, TYPICAL)
        reading = ThermalReading("stage", at, stage.celsius(at))
        marks = [time.thread_time()]
        followed = tracker.update(detections, at)
        marks.append(time.thread_time())
        done = behavior.update(followed, size, at)
        marks.append(time.thread_time())
        felt = thermal.update(reading, at)
        marks.append(time.thread_time())
        fused = fuse(followed, done, felt, 0.5)
        marks.append(time.thread_time())
        worry = risk.assess(fused, at, 1.75e9 + at)
        marks.append(time.thread_time())
        judge.update(fused, worry, at, 1.75e9 + at)
        marks.append(time.thread_time())
        for name, before, after in zip(
            ("tracker", "behavior", "thermal", "fusion", "risk", "events"), marks, marks[1:], strict=False
        ):
            spent[name].append(after - before)
        spent["all"].append(marks[-1] - marks[0])
        seen += len(followed)
    return spent, seen / len(moments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=20)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--bare", action="store_true")
    chosen = parser.parse_args()
    runs = [measure(chosen.tracks, chosen.fps, chosen.seconds, chosen.bare) for _ in range(_RUNS)]
    spent = {name: [min(frame) for frame in zip(*(run[name] for run, _ in runs), strict=True)] for name in runs[0][0]}
    print(f"{runs[0][1]:.1f} tracks on average, {len(spent['all'])} frames; microseconds per frame")
    print(f"{'stage':<10}{'median':>10}{'p95':>10}")
    for name, values in spent.items():
        median, high = np.percentile(values, (50, 95)) * 1e6
        print(f"{name:<10}{median:>10.0f}{high:>10.0f}")


if __name__ == "__main__":
    main()
