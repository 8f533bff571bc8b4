"""Crowds and convoys, against the definition computed the slow way."""

from itertools import combinations

import numpy as np
import pytest
from behavior_stage import SIZE, analyzer, track, watch
from hypothesis import given, settings
from hypothesis import strategies as st

from aimonitor.edge.behavior import Rules, Zone
from aimonitor.edge.behavior.convoy import ConvoyFinder, Vehicle
from aimonitor.edge.behavior.groups import density_connected
from aimonitor.edge.types import Point

RULES = Rules(convoy_patience_s=0.4, convoy_every_s=0.5, convoy_for_s=2.0)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), max_size=12), st.integers(1, 4))
def test_clusters_are_those_of_the_definition(places, at_least):
    def near(i, j):
        return abs(places[i][0] - places[j][0]) + abs(places[i][1] - places[j][1]) <= 2.0

    n = len(places)
    cores = {i for i in range(n) if 1 + sum(near(i, j) for j in range(n) if j != i) >= at_least}
    groups = {i: {i} for i in cores}
    for i, j in combinations(sorted(cores), 2):
        if near(i, j) and groups[i] is not groups[j]:
            merged = groups[i] | groups[j]
            for member in merged:
                groups[member] = merged
    expected = {frozenset(group) for group in groups.values()}
    found = density_connected(np.array([[near(i, j) for j in range(n)] for i in range(n)]).reshape(n, n), at_least)
    assert {frozenset(set(cluster) & cores) for cluster in found} == expected
    members = [item for cluster in found for item in cluster]
    assert len(members) == len(set(members))
    border = set(members) - cores
    assert border == {i for i in range(n) if i not in cores and any(near(i, core) for core in cores)}


def drive(finder, cars, seconds, missed=lambda at, car: False):
    """`cars`: (id, first x, y, speed); driving along x at 5 fps. The groups of each frame."""
    told = []
    for step in range(int(seconds * 5) + 1):
        at = step / 5
        seen = [
            Vehicle(car, at, x + speed * at, y, speed, 0.0, 1.0) for car, x, y, speed in cars if not missed(at, car)
        ]
        told.append(finder.update(seen, at))
    return told


def test_three_together_for_long_enough_are_a_convoy_since_the_beginning():
    told = drive(ConvoyFinder(RULES), [(1, 0, 0, 8), (2, 12, 0, 8), (3, 24, 0, 8)], 6.0)
    first = next(index for index, groups in enumerate(told) if groups)
    assert first / 5 == pytest.approx(2.0, abs=0.51)
    assert told[-1][0].track_ids == (1, 2, 3)
    assert told[-1][0].since == pytest.approx(0.0)


@pytest.mark.parametrize(
    "cars",
    [
        [(1, 0, 0, 8), (2, 12, 0, 8)],
        [(1, 0, 0, 8), (2, 12, 0, 8), (3, 70, 0, 8)],
        [(1, 0, 0, 8), (2, 12, 0, 8), (3, 24, 4, -8)],
        [(1, 0, 0, 0), (2, 6, 0, 0), (3, 12, 0, 0)],
        [(1, 0, 0, 8), (2, 12, 0, 8), (3, -30, 0, 50)],
    ],
    ids=["two", "one far away", "one against", "parked", "one that passes"],
)
def test_what_only_looks_like_a_convoy_is_none(cars):
    assert not any(drive(ConvoyFinder(RULES), cars, 3.5))


def test_a_missed_vehicle_does_not_break_it():
    draw = np.random.default_rng(5)
    holes = {(step, car) for step in range(40) for car in (1, 2, 3) if draw.random() < 0.1}
    finder = ConvoyFinder(RULES)
    cars = [(1, 0, 0, 8), (2, 12, 0, 8), (3, 24, 0, 8)]
    told = drive(finder, cars, 6.0, missed=lambda at, car: (round(at * 5), car) in holes)
    assert all(groups and groups[0].track_ids == (1, 2, 3) for groups in told[15:])


def test_it_ends_one_patience_after_its_members_were_last_seen():
    told = drive(ConvoyFinder(RULES), [(1, 0, 0, 8), (2, 12, 0, 8), (3, 24, 0, 8)], 10.0, lambda at, car: at > 6)
    last = max(index for index, groups in enumerate(told) if groups) / 5
    assert 6.0 <= last <= 6.0 + RULES.convoy_patience_s + RULES.convoy_every_s


def test_who_joins_and_who_leaves_changes_the_members():
    def missed(at, car):
        return (car == 4 and at < 3) or (car == 1 and at > 7)

    cars = [(1, 0, 0, 8), (2, 12, 0, 8), (3, 24, 0, 8), (4, 36, 0, 8)]
    told = drive(ConvoyFinder(RULES), cars, 12.0, missed)
    assert told[12][0].track_ids == (1, 2, 3)
    assert told[32][0].track_ids == (1, 2, 3, 4)
    assert told[-1][0].track_ids == (2, 3, 4)


def slow_convoys(moments, m, k):
    """Jeung's definition by brute force: sets of m or more in one cluster at each of k time points in a row."""
    found = set()
    for end in range(k - 1, len(moments)):
        common = {frozenset(cluster) for cluster in moments[end - k + 1]}
        for clusters in moments[end - k + 2 : end + 1]:
            common = {one & frozenset(other) for one in common for other in clusters if len(one & set(other)) >= m}
        found |= {(end, members) for members in common if len(members) >= m}
    return found


@settings(max_examples=40)
@given(st.lists(st.lists(st.floats(0, 60), min_size=5, max_size=5), min_size=6, max_size=12))
def test_streaming_finds_what_brute_force_finds(rows):
    """Five vehicles at arbitrary places at each time point; a gap of 15 m, m = 3, k = 4 points."""
    rules = Rules(convoy_every_s=1.0, convoy_for_s=3.0, convoy_gap_m=15.0, convoy_patience_s=0.0)
    finder = ConvoyFinder(rules)
    moments = []
    for index, places in enumerate(rows):
        moments.append(density_connected(np.array([[abs(p - q) <= 15.0 for q in places] for p in places]), 3))
        vehicles = [Vehicle(car, float(index), place, 0.0, 5.0, 0.0, 1.0) for car, place in enumerate(places)]
        told = finder.update(vehicles, float(index))
        truth = [members for end, members in slow_convoys(moments, 3, 4) if end == index]
        if truth:
            largest = max(truth, key=len)
            assert any(len(group.track_ids) >= len(largest) for group in told)
        for group in told:
            survivor_of_patience = any(set(group.track_ids) <= members for _, members in slow_convoys(moments, 3, 4))
            assert survivor_of_patience


def test_six_people_close_together_are_a_crowd():
    def people(at):
        return [track(number, x=0.3 + 0.05 * number, at=at) for number in range(1, 7)]

    behaviors = watch(analyzer(), people, 5.0)
    assert not behaviors[5].groups
    assert [(group.kind, group.track_ids) for group in behaviors[-1].groups] == [("crowd", (1, 2, 3, 4, 5, 6))]


def test_six_people_far_apart_are_not():
    def people(at):
        return [track(number, x=0.14 * number, foot=0.5 + 0.4 * (number % 2), at=at) for number in range(1, 7)]

    assert not watch(analyzer(), people, 5.0)[-1].groups


def test_a_zone_has_its_own_limit():
    left = Zone("Hall", (Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1)), crowd_at=2)

    def people(at):
        return [track(number, x=0.2 * number, at=at) for number in (1, 2, 3, 4)]

    groups = watch(analyzer(zones=[left]), people, 5.0)[-1].groups
    assert [(group.kind, group.track_ids, group.zone) for group in groups] == [("crowd", (1, 2), "Hall")]


def test_vehicles_make_a_convoy_through_the_stage():
    """Uncalibrated: a car of 0.1 x 480 px high is 1.5 m, 32 px to the metre; five metres between the cars."""
    stage = analyzer(convoy_for_s=2.0)
    behaviors = watch(
        stage, lambda at: [track(n, "car", x=0.05 + 0.25 * n + 0.09 * at, at=at, height=0.1) for n in (0, 1, 2)], 4.0
    )
    assert behaviors[-1].groups[0].kind == "convoy"
    assert stage.update([], SIZE, 9.0).groups == ()
