"""How fast, and how sure."""

import numpy as np
import pytest
from behavior_stage import SIZE, analyzer, track, watch
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.trend import Trend
from aimonitor.simulator.scripts import build


def test_a_straight_line_is_found_exactly():
    trend = Trend(memory_s=1.0)
    for at in (0.0, 0.2, 0.5, 0.6, 1.1):
        trend.add(at, 3 + 2 * at, 5 - 1 * at, 0.1)
    motion = trend.motion
    assert (motion.vx, motion.vy) == pytest.approx((2.0, -1.0))


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-1e5, 1e5), st.floats(0.2, 3.0))
def test_position_and_time_of_the_start_do_not_matter(vx, vy, origin, memory_s):
    trend = Trend(memory_s)
    for step in range(12):
        at = 1e5 + step * 0.2
        trend.add(at, origin + vx * step * 0.2, -origin + vy * step * 0.2, 1.0)
    motion = trend.motion
    assert motion.vx == pytest.approx(vx, abs=1e-3)
    assert motion.vy == pytest.approx(vy, abs=1e-3)


@pytest.mark.parametrize("memory_s", [0.5, 1.0, 2.0])
def test_the_standard_deviation_is_the_one_of_many_trials(memory_s):
    draw = np.random.default_rng(1)
    errors, claimed = [], []
    for _ in range(400):
        trend = Trend(memory_s)
        for step in range(25):
            trend.add(step * 0.2, 1.5 * step * 0.2 + draw.normal(0, 0.3), draw.normal(0, 0.3), 0.3)
        motion = trend.motion
        errors.append(motion.vx - 1.5)
        claimed.append(motion.spread * np.sqrt(motion.misfit))
    assert np.std(errors) == pytest.approx(np.mean(claimed), rel=0.2)


def test_a_start_is_followed_within_a_few_values():
    trend = Trend(memory_s=0.8)
    for step in range(30):
        trend.add(step * 0.2, 0.0, 0.0, 0.05)
    for step in range(5):
        trend.add(6.0 + step * 0.2, 1.4 * (step + 1) * 0.2, 0.0, 0.05)
    assert trend.motion.vx == pytest.approx(1.4, rel=0.1)


def test_time_that_does_not_pass_adds_nothing():
    trend = Trend(memory_s=1.0)
    for _ in range(10):
        trend.add(1.0, 5.0, 5.0, 1.0)
    assert trend.motion is None


def test_without_calibration_the_speed_is_in_pixels_and_says_so():
    behaviors = watch(analyzer(), lambda at: [track(x=0.1 + 0.1 * at, at=at)], 4.0)
    speed = behaviors[-1].by_track[1].speed
    assert speed.unit == "px/s"
    assert speed.value == pytest.approx(64.0, rel=0.02)
    assert 0 < speed.error < 5
    assert behaviors[-1].avg_speed == speed


def test_with_calibration_it_is_in_metres_and_inside_its_error_bar():
    scene = build("walk", 0)
    stage = analyzer(ground=scene.ground())
    for step in range(20):
        at = 1.0 + step * 0.2
        truth = next(truth for truth in scene.truth(at) if truth.actor_id == 1)
        seen = track(at=at)
        behavior = stage.update([type(seen)(1, "person", 0.9, truth.box, seen.velocity, 0.0, at)], SIZE, at)
    speed = behavior.by_track[1].speed
    assert speed.unit == "m/s"
    assert abs(speed.value - truth.speed_m) < 2 * speed.error
    assert speed.value == pytest.approx(truth.speed_m, rel=0.05)
    position = behavior.by_track[1].position_m
    assert position is not None


@pytest.mark.parametrize(("dx", "dy", "heading"), [(0, -1, 0), (1, 0, 90), (0, 1, 180), (-1, 0, 270)])
def test_heading_is_clockwise_from_up(dx, dy, heading):
    behaviors = watch(analyzer(), lambda at: [track(x=0.5 + 0.05 * dx * at, foot=0.6 + 0.05 * dy * at, at=at)], 3.0)
    assert behaviors[-1].by_track[1].heading_deg == pytest.approx(heading, abs=1)


def test_who_stands_has_no_speed_and_no_heading():
    draw = np.random.default_rng(2)
    behaviors = watch(analyzer(), lambda at: [track(x=0.5 + draw.normal(0, 0.001), at=at)], 10.0)
    last = behaviors[-1].by_track[1]
    assert last.heading_deg is None
    assert last.speed.value <= 3 * last.speed.error
    assert last.still_s == pytest.approx(10.0)


def test_a_coasting_track_keeps_its_last_behavior_and_adds_no_evidence():
    stage = analyzer()
    before = watch(stage, lambda at: [track(x=0.1 + 0.1 * at, at=at)], 3.0)[-1].by_track[1]
    coasting = stage.update([track(x=0.9, at=3.2, coasting=True)], SIZE, 3.2).by_track[1]
    assert coasting == before


def test_a_foot_out_of_view_is_nowhere_on_the_ground():
    scene = build("walk", 0)
    behavior = analyzer(ground=scene.ground()).update([track(foot=1.0)], SIZE, 0.0)
    assert behavior.by_track[1].position_m is None
    assert behavior.by_track[1].speed.unit == "m/s"
