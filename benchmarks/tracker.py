"""The tracker beside BoT-SORT and ByteTrack of the PyPI package `trackers`: CPU for each update, and identity kept.

    python benchmarks/tracker.py --peer-python SCRATCH/bin/python [--mot-root DIR --det DIR]

SCRATCH is an environment with `pip install trackers`; without it only our own figures are printed. Rounds are
interleaved, so that a busy machine is busy for all; times are CPU time of the thread, medians over frames and rounds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROUNDS = 3
SIZE = (640, 480)


@dataclass
class Scene:
    """Frames of boxes in pixels with scores; truth is None where only time is measured."""

    name: str
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
    return Scene(f"{count} objects", at, boxes, [rng.uniform(0.7, 0.95, count).tolist() for _ in at])


def crowds():
    from aimonitor.evaluation.crowds import Crowd, simulate

    scale = [*SIZE, *SIZE]
    for crowd in (
        Crowd("crowd 25 fps", seed=5, people=14, fps=25, seconds=20),
        Crowd("crowd 10 fps", seed=5, people=14, fps=10),
        Crowd("crowd 5 fps", seed=5, people=14, fps=5),
        Crowd("irregular 5 fps", seed=5, people=10, fps=5, irregular=0.4),
        Crowd("shaking 10 fps", seed=5, people=14, fps=10, shake=0.02),
    ):
        frames = simulate(crowd)
        yield Scene(
            crowd.name,
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
        for step in (1, 5):
            numbers = range(1, sequence.frames + 1, step)
            truth = [sequence.truth[sequence.truth[:, 0] == n] for n in numbers]
            found = [sequence.detections[sequence.detections[:, 0] == n] for n in numbers]
            yield Scene(
                f"{sequence.name} {sequence.fps / step:.0f} fps",
                [n / sequence.fps for n in numbers],
                [corners(rows).tolist() for rows in found],
                [np.clip(rows[:, 6], 0, 1).tolist() for rows in found],
                [(rows[:, 1], corners(rows)) for rows in truth],
            )


def judge(scene, runs):
    """(median CPU microseconds, IDF1, HOTA) of one tracker on one scene."""
    from aimonitor.evaluation.metrics import Boxes, tally

    spent = [np.median([frame[0] for frame in run[min(20, len(run) // 2) :]]) / 1000 for run in runs]
    if scene.truth is None:
        return np.median(spent), np.nan, np.nan
    found = [Boxes(np.array(ids, np.int64), np.array(boxes, np.float64).reshape(-1, 4)) for _, ids, boxes in runs[0]]
    truth = [Boxes(np.array(ids, np.int64), np.array(boxes, np.float64)) for ids, boxes in scene.truth]
    result = tally(truth, found)
    return np.median(spent), 100 * result.idf1, 100 * result.hota


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
    scenes = [grid(20), grid(100), *crowds()]
    if chosen.mot_root and chosen.det:
        scenes += real(chosen.mot_root, chosen.det)
    from aimonitor.edge.tracker import COMPILED

    print(f"ours: {'compiled' if COMPILED else 'interpreted'}")
    pythons = {"ours": sys.executable}
    if chosen.peer_python:
        pythons |= {"botsort": chosen.peer_python, "bytetrack": chosen.peer_python}
    else:
        print("without --peer-python: peers skipped")
    runs = {name: {scene.name: [] for scene in scenes} for name in pythons}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenes.json"
        keys = ("name", "at", "boxes", "scores")
        path.write_text(json.dumps([{key: getattr(scene, key) for key in keys} for scene in scenes]))
        for _ in range(ROUNDS):
            for name, python in pythons.items():
                command = [python, __file__, "--child", name, str(path)]
                printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                for scene, frames in json.loads(printed.splitlines()[-1]).items():
                    runs[name][scene].append(frames)
    print(f"{'scene':24}" + "".join(f"{name + ' us, IDF1, HOTA':>30}" for name in pythons) + "   CPU ratio")
    for scene in scenes:
        rows = {name: judge(scene, runs[name][scene.name]) for name in pythons}
        cells = "".join(f"{us:14.0f} {idf1:7.1f} {hota:7.1f}" for us, idf1, hota in rows.values())
        ratios = ", ".join(f"{rows[name][0] / rows['ours'][0]:.1f}x {name}" for name in pythons if name != "ours")
        print(f"{scene.name:24}{cells}   {ratios}")


if __name__ == "__main__":
    main()
