"""The tracker in crowds with exact truth: floors well below what it reaches, well above what a broken one does."""

import numpy as np
import pytest

from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Detections
from aimonitor.evaluation.crowds import Crowd, simulate
from aimonitor.evaluation.metrics import Boxes, combine, tally


def follow(crowd):
    tracker, found, frames = Tracker(), [], simulate(crowd)
    for frame in frames:
        detections = Detections(
            frame.boxes.astype(np.float32), frame.scores.astype(np.float32), ("person",) * len(frame.scores)
        )
        tracks = [track for track in tracker.update(detections, frame.at) if not track.coasting]
        boxes = np.array([track.box for track in tracks], np.float64).reshape(-1, 4)
        found.append(Boxes(np.array([track.track_id for track in tracks], np.int64), boxes))
    return tally([Boxes(frame.ids.astype(np.int64), frame.truth) for frame in frames], found)


SCENES = [
    (Crowd("quiet", people=6, fps=10, seconds=15), 0.75),
    (Crowd("five frames a second", people=10, fps=5, seconds=20), 0.70),
    (Crowd("irregular", people=8, fps=5, irregular=0.4, seconds=20), 0.68),
    (Crowd("many misses", people=8, fps=5, missed=0.3, seconds=20), 0.50),
    (Crowd("many false findings", people=8, fps=10, false=1.0, seconds=15), 0.65),
    (Crowd("running", people=6, fps=5, speed=3.0, seconds=20), 0.65),
    (Crowd("panning", people=10, fps=10, pan=0.15, seconds=15), 0.50),
    (Crowd("shaking", people=14, fps=10, shake=0.02, seconds=15), 0.50),
]


@pytest.mark.parametrize(("crowd", "least_idf1"), SCENES, ids=[crowd.name for crowd, _ in SCENES])
def test_identities_hold_in_a_crowd(crowd, least_idf1):
    from dataclasses import replace

    result = combine(follow(replace(crowd, seed=seed)) for seed in (11, 12))
    assert result.idf1 >= least_idf1, f"IDF1 {result.idf1:.3f}, HOTA {result.hota:.3f}, MOTA {result.mota:.3f}"


def test_a_crowd_is_the_same_for_the_same_seed():
    one, two = simulate(Crowd("twice", seconds=2)), simulate(Crowd("twice", seconds=2))
    assert all(np.array_equal(a.boxes, b.boxes) and a.at == b.at for a, b in zip(one, two, strict=True))
    other = simulate(Crowd("twice", seconds=2, seed=1))
    assert not all(np.array_equal(a.boxes, b.boxes) for a, b in zip(one, other, strict=True))
