"""Zones, dwell, lines."""

from math import inf

import pytest
from behavior_stage import SIZE, analyzer, kinds, track, watch
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.behavior import BehaviorAnalyzer, Line, Zone
from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.zones import Area, contains
from aimonitor.edge.types import Box, Point, Track

SQUARE = (Point(0.3, 0.3), Point(0.7, 0.3), Point(0.7, 0.9), Point(0.3, 0.9))
unit = st.floats(0, 1, width=32)
MIDDLE = Line("Door", Point(0.5, 1.0), Point(0.5, 0.0))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_square_contains_what_lies_between_its_sides(x, y):
    if min(abs(x - 0.3), abs(x - 0.7), abs(y - 0.3), abs(y - 0.9)) > 1e-9:
        assert contains(SQUARE, x, y) == (0.3 < x < 0.7 and 0.3 < y < 0.9)


def test_a_hollow_shape_is_hollow():
    horseshoe = [
        Point(*corner) for corner in ((0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.3), (0.3, 0.3), (0.3, 1), (0, 1))
    ]
    assert contains(horseshoe, 0.1, 0.8)
    assert not contains(horseshoe, 0.5, 0.8)


@given(st.lists(st.tuples(unit, unit), min_size=3, max_size=7), unit, unit)
def test_a_look_at_the_bounding_box_first_changes_no_answer(corners, x, y):
    polygon = tuple(Point(*corner) for corner in corners)
    assert Area(Zone("Gate", polygon)).holds(x, y) == contains(polygon, x, y)


@given(st.lists(st.tuples(unit, unit), min_size=3, max_size=7), unit, unit, st.floats(-1, 1), st.floats(-1, 1))
def test_an_arrival_is_the_first_of_four_looks_ahead_that_is_inside(corners, x, y, vx, vy):
    area = Area(Zone("Gate", tuple(Point(*corner) for corner in corners)))
    looks = [after_s for after_s in (1.0, 2.0, 3.0, 4.0) if area.holds(x + vx * after_s, y + vy * after_s)]
    assert area.arrives_s(Point(x, y), Point(vx, vy), within_s=4.0) == min(looks, default=inf)


def test_the_foot_decides_not_the_head():
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    behavior = watch(stage, lambda at: [track(1, foot=0.28, at=at), track(2, foot=0.4, x=0.6, at=at)], 2.0)[-1]
    assert behavior.by_track[1].dwell_s == {}
    assert "Gate" in behavior.by_track[2].dwell_s


def test_dwell_begins_and_ends_in_the_middle_between_two_frames():
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    behaviors = watch(stage, lambda at: [track(x=0.5 if 2.0 <= at <= 9.0 else 0.1, at=at)], 9.4)
    assert behaviors[-1].by_track[1].dwell_s["Gate"] == pytest.approx(7.2)
    gone = stage.update([track(x=0.1, at=12)], SIZE, 12.0)
    assert gone.by_track[1].dwell_s == {}


def test_a_flicker_over_the_edge_neither_starts_nor_ends_a_stay():
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    behaviors = watch(stage, lambda at: [track(x=0.69 if round(at * 5) % 2 else 0.71, at=at)], 6.0)
    assert behaviors[-1].by_track[1].dwell_s["Gate"] == pytest.approx(5.8)


def test_a_touch_is_no_stay():
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    behaviors = watch(stage, lambda at: [track(x=0.5 if 1.0 <= at <= 1.3 else 0.1, at=at)], 3.0)
    assert all(behavior.by_track[1].dwell_s == {} for behavior in behaviors)


def test_a_zone_for_cars_does_not_count_people():
    stage = analyzer(zones=[Zone("Bay", SQUARE, labels=frozenset({"car"}))])
    behavior = watch(stage, lambda at: [track(1, at=at), track(2, "car", at=at)], 2.0)[-1]
    assert behavior.by_track[1].dwell_s == {}
    assert behavior.by_track[2].dwell_s == {"Bay": pytest.approx(2.0)}


def test_what_stands_in_a_mask_is_ignored():
    stage = analyzer(zones=[Zone("Flag", SQUARE, kind="mask")])
    behavior = watch(stage, lambda at: [track(1, at=at), track(2, x=0.1, at=at)], 1.0)[-1]
    assert behavior.masked == {1}
    assert set(behavior.by_track) == {2}


def test_a_time_in_which_nobody_looked_ends_no_stay():
    """The motion gate lets a still picture pass unseen: the track coasts, and is checked now and then."""
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    behaviors = watch(stage, lambda at: [track(at=at, coasting=round(at * 5) % 15 != 0 and at > 2)], 30.0)
    assert behaviors[-1].by_track[1].dwell_s["Gate"] == pytest.approx(30.0)


def test_loitering_starts_at_the_zones_own_limit():
    stage = analyzer(zones=[Zone("Gate", SQUARE, loiter_after_s=5.0)])
    behaviors = watch(stage, lambda at: [track(at=at)], 8.0)
    first = next(behavior for behavior in behaviors if kinds(behavior) == {"loitering"})
    doing = first.by_track[1].doing[0]
    assert (doing.zone, doing.value, doing.since) == ("Gate", pytest.approx(5.0), pytest.approx(0.0))


def test_a_lost_id_does_not_set_the_clock_to_zero():
    stage = analyzer(zones=[Zone("Gate", SQUARE)], lines=[MIDDLE])
    watch(stage, lambda at: [track(1, x=0.45, at=at)], 10.0)
    behaviors = watch(stage, lambda at: [track(2, x=0.45, at=at, first_at=10.6)], 3.0, start=10.6)
    assert behaviors[-1].by_track[2].dwell_s["Gate"] == pytest.approx(13.6)
    crossed = watch(stage, lambda at: [track(2, x=0.55, at=at)], 0.2, start=13.8)
    assert [crossing.direction for behavior in crossed for crossing in behavior.crossings] == ["in"]


def test_somebody_else_starts_from_zero():
    stage = analyzer(zones=[Zone("Gate", SQUARE)])
    watch(stage, lambda at: [track(1, x=0.35, at=at)], 10.0)
    behaviors = watch(stage, lambda at: [track(2, x=0.65, at=at, first_at=10.6)], 3.0, start=10.6)
    assert behaviors[-1].by_track[2].dwell_s["Gate"] == pytest.approx(3.0)


@pytest.mark.parametrize(("start", "end", "direction"), [(0.2, 0.8, "in"), (0.8, 0.2, "out")])
def test_in_is_from_left_to_right_for_one_who_looks_along_the_line(start, end, direction):
    stage = analyzer(lines=[MIDDLE])
    behaviors = watch(stage, lambda at: [track(x=start + (end - start) * at / 4, at=at)], 4.0)
    crossings = [crossing for behavior in behaviors for crossing in behavior.crossings]
    assert [(crossing.line, crossing.direction) for crossing in crossings] == [("Door", direction)]


def test_trembling_on_the_line_is_no_crossing():
    stage = analyzer(lines=[MIDDLE])
    behaviors = watch(stage, lambda at: [track(x=0.49 if round(at * 5) % 2 else 0.51, at=at)], 8.0)
    assert not any(behavior.crossings for behavior in behaviors)


def test_around_the_end_of_a_line_is_not_across_it():
    stage = analyzer(lines=[Line("Short", Point(0.5, 0.4), Point(0.5, 0.2))])
    behaviors = watch(stage, lambda at: [track(x=0.2 + 0.15 * at, foot=0.6, at=at)], 4.0)
    assert not any(behavior.crossings for behavior in behaviors)


def test_against_the_allowed_direction_is_forbidden():
    stage = analyzer(lines=[Line("Exit", MIDDLE.a, MIDDLE.b, allowed="out")])
    behaviors = watch(stage, lambda at: [track(x=0.2 + 0.15 * at, at=at)], 4.0)
    assert [crossing.forbidden for behavior in behaviors for crossing in behavior.crossings] == [True]


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0, 2), st.floats(0, 2))
def test_a_fact_has_held_for_long_enough_and_never_longer_than_it_was_true(truths, after_s, release_s):
    held, first_true = Held(), None
    for index, is_true in enumerate(truths):
        at = index * 0.25
        spell = held.update("x", is_true, at, after_s, release_s)
        first_true = at if is_true and first_true is None else first_true
        if spell is not None:
            assert first_true is not None
            assert spell.since >= first_true
            assert spell.duration >= after_s


@pytest.mark.parametrize("polygon", [(), (Point(0, 0), Point(1, 1))])
def test_a_zone_without_area_is_refused(polygon):
    with pytest.raises(ValueError, match="at least 3 corners"):
        Zone("Gate", polygon)


def test_a_line_without_length_is_refused():
    with pytest.raises(ValueError, match="two different ends"):
        Line("Door", Point(0.5, 0.5), Point(0.5, 0.5))


def test_a_sign_that_is_taken_for_a_person_does_not_loiter():
    behaviors = standing(seconds=200, walks_in=False)
    assert all(not behavior.doing for behavior in behaviors)


def test_a_person_who_came_and_stays_does():
    last = standing(seconds=200, walks_in=True)[-1]
    assert [doing.kind for doing in last.doing] == ["loitering"]


def standing(*, seconds, walks_in):
    """What somebody does who stands at one place, after walking there or from the start; no zones."""
    stage, behaviors = BehaviorAnalyzer(), []
    for number in range(seconds * 5):
        at = number / 5
        x = 0.2 + 0.06 * min(at, 5.0) if walks_in else 0.5
        box = Box(x, 0.4, x + 0.05, 0.6)
        somebody = Track(1, "person", 0.6, box, Point(0.06 if walks_in and at < 5 else 0.0, 0.0), 0.0, at)
        behaviors.append(stage.update([somebody], SIZE, at).by_track[1])
    return behaviors
