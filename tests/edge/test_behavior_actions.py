"""Running, stopped, wrong way, intrusion, approach, things left and taken."""

import pytest
from behavior_stage import SIZE, analyzer, kinds, track, watch

from aimonitor.edge.behavior import Zone
from aimonitor.edge.types import Point

LANE = Zone("Lane", (Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)), direction_deg=90.0)
YARD = Zone("Yard", (Point(0.6, 0.0), Point(1, 0), Point(1, 1), Point(0.6, 1)), restricted=True)


def moving(speed, start=0.1, label="person", track_id=1):
    """Speed in fractions of the image per second; a person of 0.2 x 480 px = 96 px is 1.7 m: 56 px to the metre."""
    return lambda at: [track(track_id, label, x=start + speed * at, at=at, velocity=(speed, 0.0))]


def test_a_person_is_running_by_body_heights_before_calibration():
    assert kinds(watch(analyzer(), moving(0.30), 2.0)[-1]) == {"running"}  # 192 px/s = 3.4 m/s
    assert kinds(watch(analyzer(), moving(0.13), 2.0)[-1]) == set()  # 83 px/s = 1.5 m/s


def test_a_vehicle_that_came_and_stands_has_stopped_and_a_parked_one_has_not():
    def cars(at):
        return [track(1, "car", x=min(0.6, 0.1 + 0.1 * at), at=at), track(2, "car", x=0.8, at=at)]

    behaviors = watch(analyzer(stopped_after_s=10.0), cars, 20.0)
    assert kinds(behaviors[-1], 1) == {"stopped"}
    assert kinds(behaviors[-1], 2) == set()
    assert kinds(behaviors[int(5 * 14.0)], 1) == set()


def test_where_stopping_is_forbidden_a_parked_one_counts_too():
    bay = Zone("Bus stop", LANE.polygon, no_stopping=True)
    behaviors = watch(analyzer(zones=[bay]), lambda at: [track(1, "car", at=at)], 20.0)
    assert [doing.zone for doing in behaviors[-1].by_track[1].doing] == ["Bus stop"]


def test_the_wrong_way_is_against_the_arrow_for_a_while():
    against = watch(analyzer(zones=[LANE]), moving(-0.1, start=0.9, label="car"), 4.0)
    along = watch(analyzer(zones=[LANE]), moving(0.1, label="car"), 4.0)
    assert kinds(against[-1]) == {"wrong_way"}
    assert not any(kinds(behavior) for behavior in along)


def test_a_person_comes_near_and_then_is_inside():
    behaviors = watch(analyzer(zones=[YARD]), moving(0.08, start=0.2), 8.0)
    seen = [kinds(behavior) for behavior in behaviors]
    assert {"approach"} in seen
    assert seen[-1] == {"intrusion"}
    assert seen.index({"approach"}) < seen.index({"intrusion"})


def test_who_walks_past_does_not_approach():
    behaviors = watch(analyzer(zones=[YARD]), moving(-0.08, start=0.5), 4.0)
    assert not any(kinds(behavior) for behavior in behaviors)


def owner_and_case(at, leaves_at):
    """Somebody brings a suitcase at 2 s and goes at `leaves_at`."""
    x = 0.4 if at < leaves_at else 0.4 - 0.15 * (at - leaves_at)
    seen = [track(1, x=x, at=at)] if x > 0 else []
    return seen + ([track(2, "suitcase", x=0.45, at=at, height=0.08, first_at=2.0)] if at >= 2 else [])


def test_a_thing_is_left_when_its_owner_is_gone_for_long_enough():
    behaviors = watch(analyzer(left_after_s=10.0), lambda at: owner_and_case(at, 5.0), 25.0)
    said = [index / 5 for index, behavior in enumerate(behaviors) if 2 in behavior.by_track and kinds(behavior, 2)]
    assert kinds(behaviors[-1], 2) == {"object_left"}
    assert 15.0 < said[0] < 18.5


def test_a_thing_with_its_owner_is_not_left():
    behaviors = watch(analyzer(left_after_s=10.0), lambda at: owner_and_case(at, 100.0), 25.0)
    assert kinds(behaviors[-1], 2) == set()


def test_a_thing_that_always_stood_there_is_not_left():
    stage = analyzer(left_after_s=10.0)
    behaviors = watch(stage, lambda at: [track(2, "suitcase", at=at, height=0.08)], 25.0)
    assert kinds(behaviors[-1], 2) == set()


def test_a_thing_that_goes_with_somebody_was_removed():
    def scene(at):
        thief = [track(1, x=0.9 - 0.1 * at, at=at)] if 0.9 - 0.1 * at > 0.05 else []
        return thief + ([track(2, "suitcase", x=0.5, at=at, height=0.08)] if at < 4.0 else [])

    stage = analyzer(removed_after_s=3.0)
    watch(stage, lambda at: [track(2, "suitcase", x=0.5, at=at, height=0.08)], 5.0, start=-6.0)
    groups = [group for behavior in watch(stage, scene, 9.0) for group in behavior.groups]
    assert {(group.kind, group.track_ids) for group in groups} == {("object_removed", (2, 1))}


def test_a_thing_that_is_only_hidden_was_not_removed():
    def scene(at):
        case = [track(2, "suitcase", x=0.5, at=at, height=0.08)]
        return [track(1, x=0.5, at=at)] + ([] if 5 < at < 9 else case)

    behaviors = watch(analyzer(removed_after_s=3.0), scene, 12.0)
    assert not any(behavior.groups for behavior in behaviors)


def test_nothing_is_an_answer_too():
    behavior = analyzer().update([], SIZE, 0.0)
    assert (behavior.by_track, behavior.groups, behavior.crossings) == ({}, (), ())
    assert behavior.avg_speed.value == pytest.approx(0.0)
