"""The tracker beside BoT-SORT and ByteTrack of the PyPI package `trackers`: CPU for each update, and identity kept.

    python benchmarks/tracker.py --peer-python SCRATCH/bin/python [--mot-root DIR --det DIR]

SCRATCH is an environment with `pip install trackers`; without it only our own figures are printed. The peers have
their defaults and take one step a frame: given the times of the frames (`timestamp=`) they keep fewer identities.

First CPU, one scene of each kind: rounds are interleaved, so that a busy machine is busy for all; times are CPU time
of the thread, medians over frames and rounds. What a single crowd says of identities is chance, so these are told
of many: a row is all crowds of its kind, or both real sequences, pooled as the "overall" row of MOTChallenge is
(hits and boxes are summed before any ratio is taken), and says in how many of them ours has the highest IDF1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROUNDS = 3
SIZE = (640, 480)
TIMED_SEED = 5
SEEDS = range(500, 510)
"""Nothing was ever chosen by these."""


@dataclass
class Scene:
    """Frames of boxes in pixels with scores; truth is None where only time is measured. Pooled by `kind`."""

    name: str
    kind: str
    at: list
    boxes: list
    scores: list
    truth: list | None = None


def ours():
    from aimonitor.edge.tracker import Tracker
    from aimonitor.edge.types import Detections

    tracker, scale = Tracker(aspect=SIZE[0] / SIZE[1]), np.array([*SIZE, *SIZE], np.float32)

    def step(boxes, scores, at):
        fractions = boxes / scale
        labels = ("person",) * len(scores)
        start = time.thread_time_ns()
        tracks = tracker.update(Detections(fractions, scores, labels), at)
        spent = time.thread_time_ns() - start
        seen = [track for track in tracks if not track.coasting]
        return spent, [t.track_id for t in seen], [[v * s for v, s in zip(t.box, scale, strict=True)] for t in seen]

    return step


def peer(name):
    import supervision
    import trackers

    # Camera motion compensation needs the picture, which costs far more than all that is measured here.
    tracker = trackers.BoTSORTTracker(enable_cmc=False) if name == "botsort" else trackers.ByteTrackTracker()

    def step(boxes, scores, at):
        found = supervision.Detections(xyxy=boxes, confidence=scores, class_id=np.zeros(len(scores), int))
        start = time.thread_time_ns()
        tracked = tracker.update(found)
        spent = time.thread_time_ns() - start
        ids = np.zeros(0) if tracked.tracker_id is None else tracked.tracker_id
        return spent, ids[ids >= 0].tolist(), tracked.xyxy[ids >= 0].tolist()

    return step


def child(name, path):
    """Run one tracker over every scene of `path` and print what it found, as JSON."""
    scenes = json.loads(Path(path).read_text())
    result = {}
    for scene in scenes:
        step = ours() if name == "ours" else peer(name)
        frames = zip(scene["boxes"], scene["scores"], scene["at"], strict=True)
        result[scene["name"]] = [
            step(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), at)
            for boxes, scores, at in frames
        ]
    print(json.dumps(result, default=float))


def grid(count, frames=150):
    """`count` people who walk about and hardly meet."""
    rng = np.random.default_rng(count)
    side = int(np.ceil(np.sqrt(count)))
    places = (np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:count] + 0.5) / side
    velocity, half = rng.normal(0, 0.02, (count, 2)), np.array([0.17, 0.4]) / side
    at = [i / 10 for i in range(frames)]
    centers = [places + velocity * t + rng.normal(0, 0.001, (count, 2)) for t in at]
    boxes = [(np.concatenate((c - half, c + half), axis=1) * [*SIZE, *SIZE]).tolist() for c in centers]
    return Scene(f"{count} objects", "", at, boxes, [rng.uniform(0.7, 0.95, count).tolist() for _ in at])


def crowds(seeds):
    from aimonitor.evaluation.crowds import Crowd, simulate

    scale = [*SIZE, *SIZE]
    for kind in (
        Crowd("crowd 25 fps", people=14, fps=25, seconds=20),
        Crowd("crowd 10 fps", people=14, fps=10),
        Crowd("crowd 5 fps", people=14, fps=5),
        Crowd("irregular 5 fps", people=10, fps=5, irregular=0.4),
        Crowd("shaking 10 fps", people=14, fps=10, shake=0.02),
    ):
        for seed in seeds:
            frames = simulate(replace(kind, seed=seed))
            yield Scene(
                f"{kind.name}, seed {seed}",
                kind.name,
                [f.at for f in frames],
                [(f.boxes * scale).tolist() for f in frames],
                [f.scores.tolist() for f in frames],
                [(f.ids, f.truth * scale) for f in frames],
            )


def real(mot_root, det_dir):
    from aimonitor.evaluation.track import read_all

    def corners(rows):
        return np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)

    for sequence in read_all(mot_root, det_dir):
        for step in (1, 2, 5):
            numbers = range(1, sequence.frames + 1, step)
            truth = [sequence.truth[sequence.truth[:, 0] == n] for n in numbers]
            found = [sequence.detections[sequence.detections[:, 0] == n] for n in numbers]
            yield Scene(
                f"{sequence.name} {sequence.fps / step:g} fps",
                f"both, {sequence.fps / step:g} fps",
                [n / sequence.fps for n in numbers],
                [corners(rows).tolist() for rows in found],
                [np.clip(rows[:, 6], 0, 1).tolist() for rows in found],
                [(rows[:, 1], corners(rows)) for rows in truth],
            )


def run_all(pythons, scenes, rounds):
    """Every round of every tracker: {tracker: {scene: [frames of each round]}}."""
    runs = {name: {scene.name: [] for scene in scenes} for name in pythons}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenes.json"
        keys = ("name", "at", "boxes", "scores")
        path.write_text(json.dumps([{key: getattr(scene, key) for key in keys} for scene in scenes]))
        for _ in range(rounds):
            for name, python in pythons.items():
                command = [python, __file__, "--child", name, str(path)]
                printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                for scene, frames in json.loads(printed.splitlines()[-1]).items():
                    runs[name][scene].append(frames)
    return runs


def print_times(scenes, runs):
    """Median CPU of one update, and how many times ours the peers take."""
    print(f"\n{'CPU of one update, us':28}" + "".join(f"{name:>11}" for name in runs))
    for scene in scenes:
        us = {
            name: np.median(
                [np.median([frame[0] for frame in run[min(20, len(run) // 2) :]]) for run in of[scene.name]]
            )
            for name, of in runs.items()
        }
        ratios = ", ".join(f"{us[name] / us['ours']:.1f}x {name}" for name in runs if name != "ours")
        print(f"{scene.name:28}" + "".join(f"{each / 1000:11.0f}" for each in us.values()) + f"   {ratios}")


def judge(scene, frames):
    """The tally of one tracker in one scene."""
    from aimonitor.evaluation.metrics import Boxes, tally

    found = [Boxes(np.array(ids, np.int64), np.array(boxes, np.float64).reshape(-1, 4)) for _, ids, boxes in frames]
    return tally([Boxes(np.array(ids, np.int64), np.array(boxes, np.float64)) for ids, boxes in scene.truth], found)


def print_identities(scenes, runs):
    """IDF1 and HOTA of every kind of scene, pooled; real sequences also on their own."""
    from aimonitor.evaluation.metrics import combine

    def line(name, members):
        pooled = [combine(of[member] for member in members) for of in tallies.values()]
        cells = "".join(f"{100 * each.idf1:13.1f} {100 * each.hota:6.1f}" for each in pooled)
        best = sum(max(tallies, key=lambda each: tallies[each][member].idf1) == "ours" for member in members)
        print(f"{name:28}{cells}   {best} of {len(members)}")
        return [100 * each.idf1 for each in pooled]

    tallies = {name: {each.name: judge(each, of[each.name][0]) for each in scenes} for name, of in runs.items()}
    kinds = {}
    for scene in scenes:
        kinds.setdefault(scene.kind, []).append(scene.name)
    heads = "".join(f"{name:>20}" for name in runs)
    print(f"\n{'identities: IDF1, HOTA':28}{heads}   highest: ours")
    rows = []
    for kind, members in kinds.items():
        for member in members if kind.startswith("both") else ():
            line(member, [member])
        rows.append(line(kind, members))
    print(f"{'mean of the kinds':28}" + "".join(f"{mean:13.1f}       " for mean in np.mean(rows, axis=0)))
    line("all, pooled", [scene.name for scene in scenes])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", metavar="PATH", help="python of an environment with `trackers`")
    parser.add_argument("--mot-root", type=Path, metavar="DIR")
    parser.add_argument("--det", type=Path, metavar="DIR")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(*chosen.child)
        return
    from aimonitor.edge.tracker import COMPILED

    print(f"ours: {'compiled' if COMPILED else 'interpreted'}")
    pythons = {"ours": sys.executable}
    if chosen.peer_python:
        pythons |= {"botsort": chosen.peer_python, "bytetrack": chosen.peer_python}
    else:
        print("without --peer-python: peers skipped")
    sequences = list(real(chosen.mot_root, chosen.det)) if chosen.mot_root and chosen.det else []
    timed = [grid(20), grid(100), *crowds([TIMED_SEED]), *sequences]
    print_times(timed, run_all(pythons, timed, ROUNDS))
    judged = [*crowds([TIMED_SEED, *SEEDS]), *sequences]
    print_identities(judged, run_all(pythons, judged, 1))


if __name__ == "__main__":
    main()
