"""The two followers, number by number and in columns, decide alike, and one can go on where the other stopped."""

import numpy as np
import pytest

from aimonitor.edge.columns.follower import Follower as ColumnsFollower
from aimonitor.edge.follower import Follower, TrackerSettings
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Detections
from aimonitor.evaluation.crowds import Crowd, simulate

CROWDS = [
    Crowd("walking", people=14, fps=10, seconds=15, seed=31),
    Crowd("many misses and false findings", people=10, fps=5, missed=0.3, false=1.0, seconds=20, seed=32),
    Crowd("shaking", people=12, fps=10, shake=0.02, seconds=10, seed=33),
    Crowd("dense", people=30, fps=5, seconds=15, seed=34),
]


def looks(crowd):
    """(at, detections) of a crowd of people, cars and dogs; None where nobody looks, a broken box now and then."""
    rng, names = np.random.default_rng(crowd.seed), np.array(["person", "person", "car", "truck", "dog"])
    for frame in simulate(crowd):
        boxes, scores = frame.boxes.astype(np.float32), frame.scores.astype(np.float32)
        labels = names[((boxes[:, 0] * 5).astype(int) + (rng.random(len(scores)) < 0.1)) % len(names)]
        if len(scores) and rng.random() < 0.1:
            boxes[0, rng.integers(4)] = rng.choice([np.nan, np.inf, 0.0])
        yield frame.at, None if rng.random() < 0.1 else Detections(boxes, scores, tuple(labels.tolist()))


def follow(crowd, turns):
    """What is told of each look; the follower is changed for the next of `turns` after every seventh."""
    now, before, told = turns[0](TrackerSettings(), 4 / 3, 0), 0.0, []
    for number, (at, detections) in enumerate(looks(crowd)):
        if number % 7 == 6:
            other = turns[number // 7 % len(turns)](TrackerSettings(), 4 / 3, now.last_id)
            other.targets, now = now.targets, other
        dt, before = at - before, at
        if detections is None:
            now.rest(dt)
        else:
            now.look(detections, at, dt, dt)
        told.append(now.report(at))
    return told


def assert_alike(one, other):
    assert len(one) == len(other)
    for tracks, others in zip(one, other, strict=True):
        for name in ("track_id", "label", "score", "first_at", "seen_at", "coasting"):
            assert [getattr(track, name) for track in tracks] == [getattr(track, name) for track in others], name
        for track, same in zip(tracks, others, strict=True):
            assert track.box == pytest.approx(same.box, abs=1e-9)
            assert track.velocity == pytest.approx(same.velocity, abs=1e-9)


@pytest.mark.parametrize("crowd", CROWDS, ids=[crowd.name for crowd in CROWDS])
def test_both_followers_tell_the_same(crowd):
    plain = follow(crowd, [Follower])
    assert sum(map(len, plain)) > 2 * len(plain)
    assert_alike(plain, follow(crowd, [ColumnsFollower]))


def test_one_follower_goes_on_where_the_other_stopped():
    assert_alike(follow(CROWDS[0], [Follower]), follow(CROWDS[0], [Follower, ColumnsFollower]))


def people(count, at):
    x, y = np.divmod(np.arange(count), 5)
    low = np.stack((0.05 + 0.15 * x + 0.001 * at, 0.05 + 0.19 * y), axis=1)
    boxes = np.concatenate((low, low + np.array([0.05, 0.15])), axis=1).astype(np.float32)
    return Detections(boxes, np.full(count, 0.9, np.float32), ("person",) * count)


@pytest.mark.parametrize(("columns_from", "many"), [(20, ColumnsFollower), (None, Follower)])
def test_the_tracker_changes_followers_with_the_number_of_objects_and_nobody_notices(columns_from, many):
    tracker, kinds, given = Tracker(columns_from=columns_from), [], [0]
    for number, count in enumerate([3, 3, 20, 20, 3, 3] * 3):
        at = 5.0 * number
        for step in range(12):
            tracks = tracker.update(people(count, at + 0.2 * step), at + 0.2 * step)
        kinds.append(type(tracker._follower))
        ids = [track.track_id for track in tracks if not track.coasting]
        new = [track_id for track_id in ids if track_id not in given]
        assert ids[:3] == [1, 2, 3]
        assert ids == sorted(set(ids))
        assert all(track_id > max(given) for track_id in new)
        given += new
        assert len(ids) == count
    assert kinds == [Follower, Follower, many, many, Follower, Follower] * 3


def test_the_tracker_stays_in_columns_down_to_three_quarters_of_the_number_where_it_began():
    tracker, kinds = Tracker(columns_from=8), []
    for number, count in enumerate([7, 8, 7, 6, 7]):
        for step in range(20):
            tracker.update(people(count, 0.2 * step), 4.0 * number + 0.2 * step)
        kinds.append(type(tracker._follower))
    assert kinds == [Follower, ColumnsFollower, ColumnsFollower, Follower, Follower]
