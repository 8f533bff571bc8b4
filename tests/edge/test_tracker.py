"""Stories about identity: who keeps it, who gets a new one, and who is only expected."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Detections


def people(*boxes, score=0.95, label="person"):
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), score, np.float32), (label,) * len(boxes)
    )


def walker(x, y=0.5):
    return (x - 0.03, y - 0.12, x + 0.03, y + 0.12)


def test_a_sure_detection_shows_at_once_with_its_own_box():
    (track,) = Tracker().update(people(walker(0.4)), 7.0)
    assert (track.track_id, track.label, track.first_at, track.seen_at, track.coasting) == (
        1,
        "person",
        7.0,
        7.0,
        False,
    )
    assert track.box == pytest.approx(walker(0.4), abs=1e-6)


def test_a_doubtful_detection_shows_when_it_comes_again():
    tracker = Tracker()
    assert tracker.update(people(walker(0.4), score=0.5), 0.0) == []
    (track,) = tracker.update(people(walker(0.4), score=0.5), 0.2)
    assert (track.track_id, track.first_at) == (1, 0.0)


def test_noise_that_comes_once_never_shows():
    tracker = Tracker()
    shown = [tracker.update(people(walker(0.1 + 0.2 * (i % 5)), score=0.5), i * 0.5) for i in range(20)]
    assert shown == [[]] * 20


def test_a_walker_keeps_id_and_gets_a_velocity_at_five_irregular_frames_a_second():
    tracker, at = Tracker(), 0.0
    for i in range(20):
        at += 0.12 if i % 2 else 0.28
        (track,) = tracker.update(people(walker(0.1 + 0.1 * at)), at)
    assert track.track_id == 1
    assert track.velocity.x == pytest.approx(0.1, rel=0.15)
    assert track.velocity.y == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("fps", [5, 12, 25, 60])
def test_a_box_beside_the_one_before_is_the_same_person_at_any_rate(fps):
    tracker = Tracker()
    for i in range(3 * fps):
        tracker.update(people(walker(0.4)), i / fps)
    (track,) = tracker.update(people(walker(0.465)), 3.0)  # boxes are 0.06 wide
    assert (track.track_id, track.coasting) == (1, False)


def test_missed_detections_coast_and_the_id_comes_back():
    tracker = Tracker()
    for i in range(10):
        tracker.update(people(walker(0.2 + 0.02 * i)), i * 0.2)
    (coasting,) = tracker.update(Detections.none(), 2.0)
    assert coasting.coasting
    assert coasting.seen_at == pytest.approx(1.8)
    assert coasting.box.center.x == pytest.approx(0.40, abs=0.01)
    assert tracker.update(Detections.none(), 2.8) == []
    (back,) = tracker.update(people(walker(0.50)), 3.0)
    assert (back.track_id, back.coasting) == (1, False)


def test_who_is_gone_for_longer_than_the_limit_comes_back_as_somebody_else():
    tracker = Tracker()
    tracker.update(people(walker(0.5)), 0.0)
    for i in range(1, 40):
        tracker.update(Detections.none(), i * 0.1)
    (track,) = tracker.update(people(walker(0.5)), 4.0)
    assert track.track_id == 2


def test_standing_objects_outlast_an_hour_in_which_nobody_looked():
    tracker = Tracker()
    for i in range(10):
        tracker.update(people(walker(0.5), walker(0.8)), i * 0.2)
    for i in range(10, 18_000):
        tracks = tracker.update(None, i * 0.2)
    assert [(track.track_id, track.coasting) for track in tracks] == [(1, True), (2, True)]
    assert tracks[0].box == pytest.approx(walker(0.5), abs=0.005)
    assert [track.track_id for track in tracker.update(people(walker(0.5), walker(0.8)), 3600.0)] == [1, 2]


def test_one_missed_glance_after_a_long_rest_does_not_end_a_track():
    tracker = Tracker()
    tracker.update(people(walker(0.5)), 0.0)
    for i in range(1, 100):
        tracker.update(None, i * 1.0)
    tracker.update(Detections.none(), 100.0)
    (track,) = tracker.update(people(walker(0.5)), 101.0)
    assert track.track_id == 1


def test_two_who_cross_keep_their_ids():
    tracker = Tracker()
    for i in range(31):
        left, right = 0.2 + 0.02 * i, 0.8 - 0.02 * i
        found = [walker(left, 0.50)] if abs(left - right) < 0.025 else [walker(left, 0.50), walker(right, 0.53)]
        tracks = tracker.update(people(*found), i * 0.2)
    assert [track.track_id for track in tracks] == [1, 2]
    assert tracks[0].box.center.x > tracks[1].box.center.x


def test_a_person_never_becomes_a_car_but_a_car_may_turn_out_a_truck():
    tracker = Tracker()
    tracker.update(people(walker(0.5)), 0.0)
    tracks = tracker.update(people(walker(0.5), label="car"), 0.2)
    assert {(track.track_id, track.label) for track in tracks} == {(1, "person"), (2, "car")}
    for i in range(3):
        tracks = tracker.update(people(walker(0.5), label="truck"), 0.4 + 0.2 * i)
    assert (2, "truck") in {(track.track_id, track.label) for track in tracks}


def test_two_names_for_one_vehicle_are_one_track():
    box = (0.4, 0.4, 0.6, 0.55)
    both = Detections(np.array([box, box], np.float32), np.array([0.9, 0.8], np.float32), ("car", "truck"))
    tracker = Tracker()
    for i in range(5):
        tracks = tracker.update(both, i * 0.2)
    assert [(track.track_id, track.label) for track in tracks] == [(1, "car")]


def test_what_is_no_box_is_no_evidence():
    bad = Detections(
        np.array([(np.nan, 0, 1, 1), (0.5, 0.5, 0.5, 0.9), (0.6, 0.6, 0.4, 0.9), (0.1, 0.1, np.inf, 0.4)], np.float32),
        np.array([0.9, 0.9, 0.9, np.nan], np.float32),
        ("person",) * 4,
    )
    assert Tracker().update(bad, 0.0) == []


def test_time_that_runs_backwards_is_refused():
    tracker = Tracker()
    tracker.update(None, 5.0)
    with pytest.raises(ValueError, match=r"expected at >= 5\.0, got 4\.0"):
        tracker.update(None, 4.0)
    with pytest.raises(ValueError, match="got nan"):
        tracker.update(None, float("nan"))


scores = st.floats(0, 1, width=32)
edges = st.floats(-0.25, 1.25, width=32)
rectangles = st.tuples(edges, edges, edges, edges).map(lambda e: (*map(min, e[:2], e[2:]), *map(max, e[:2], e[2:])))
labels = st.sampled_from(["person", "car", "truck", "dog", "kite"])
frames = st.lists(
    st.tuples(
        st.floats(0, 3),
        st.none() | st.lists(st.tuples(rectangles, scores, labels), max_size=6),
    ),
    max_size=25,
)


def replay(frames):
    tracker, at, history = Tracker(), 0.0, []
    for dt, found in frames:
        at += dt
        detections = found and Detections(
            np.array([box for box, _, _ in found], np.float32),
            np.array([score for _, score, _ in found], np.float32),
            tuple(label for _, _, label in found),
        )
        if found == []:
            detections = Detections.none()
        history.append((at, tracker.update(detections, at)))
    return history


@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(frames)
def test_whatever_comes_boxes_stay_inside_and_ids_are_unique_and_never_come_again(frames):
    first_at = {}
    for at, tracks in replay(frames):
        ids = [track.track_id for track in tracks]
        assert ids == sorted(set(ids))
        for track in tracks:
            assert 0 <= track.box.x1 < track.box.x2 <= 1
            assert 0 <= track.box.y1 < track.box.y2 <= 1
            assert track.first_at <= track.seen_at <= at
            assert track.coasting == (track.seen_at != at)
            assert first_at.setdefault(track.track_id, track.first_at) == track.first_at


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(frames)
def test_the_same_input_gives_the_same_tracks(frames):
    assert replay(frames) == replay(frames)
