"""What the tracker of whatever `aimonitor` is imported decides about crowds, as JSON on the standard output.

A program of its own, because one process has a module either compiled or interpreted.
"""

import importlib
import json
import sys

import numpy as np
from msgspec import to_builtins

from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Detections
from aimonitor.evaluation.crowds import Crowd, simulate

NAMES = np.array(["person", "person", "car", "truck", "dog"])
CROWDS = [
    Crowd("walking", people=12, seconds=12, seed=51),
    Crowd("missed and false", people=9, fps=5, missed=0.3, false=1.0, seconds=20, seed=52),
    Crowd("panned, shaken, irregular", people=10, pan=0.2, shake=0.02, irregular=0.5, seconds=10, seed=53),
    Crowd("dense", people=32, fps=5, seconds=12, seed=54),
]


def looks(crowd):
    """(at, detections): people, cars and dogs; None where nobody looks, a broken box now and then."""
    rng = np.random.default_rng(crowd.seed)
    for frame in simulate(crowd):
        boxes, scores = frame.boxes.astype(np.float32), frame.scores.astype(np.float32)
        labels = NAMES[((boxes[:, 0] * 5).astype(int) + (rng.random(len(scores)) < 0.1)) % len(NAMES)]
        if len(scores) and rng.random() < 0.1:
            boxes[0, rng.integers(4)] = rng.choice([np.nan, np.inf, 0.0])
        yield frame.at, None if rng.random() < 0.1 else Detections(boxes, scores, tuple(labels.tolist()))


def follow(tracker, crowd):
    return [to_builtins(tracker.update(detections, at)) for at, detections in looks(crowd)]


def main(modules):
    files = {name: importlib.import_module(name).__file__ for name in modules}
    by_number = {crowd.name: follow(Tracker(columns_from=None), crowd) for crowd in CROWDS}
    as_it_runs = {crowd.name: follow(Tracker(), crowd) for crowd in CROWDS}
    json.dump({"files": files, "by number": by_number, "as it runs": as_it_runs}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
