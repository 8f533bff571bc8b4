"""What is usual at this hour of the week: learned from nothing, by neighbours first, then for itself."""

import random

import pytest

from aimonitor.analytics.baseline import HOUR_S, WEEK_S, WeeklyBaseline

NOON = 12 * HOUR_S
STEP_S = 300.0


def watched(hours: int, rate_of_hour, seed: int = 1) -> WeeklyBaseline:
    baseline = WeeklyBaseline(STEP_S, prior_count=1.0, utc_offset_s=0.0)
    chance = random.Random(seed)
    for step in range(int(hours * HOUR_S / STEP_S)):
        utc = step * STEP_S
        mean = rate_of_hour(int(utc // HOUR_S))
        baseline.learn(sum(chance.random() < mean / 20 for _ in range(20)), utc)
    return baseline


def test_before_anything_was_seen_the_prior_is_expected_with_little_conviction():
    expected = WeeklyBaseline(60.0, prior_count=2.0, utc_offset_s=0.0).expect(NOON)
    assert expected.mean == pytest.approx(2.0)
    assert expected.variance > 10 * expected.mean


def test_the_first_days_speak_for_the_same_hour_of_the_next():
    baseline = watched(4 * 24, lambda hour: 10 if hour % 24 == 12 else 1)
    next_day = 4 * 24 * HOUR_S
    assert baseline.expect(next_day + NOON + HOUR_S / 2).mean > 6
    assert baseline.expect(next_day + HOUR_S / 2).mean < 2


def test_after_weeks_an_hour_of_the_week_speaks_for_itself():
    on_sundays = lambda hour: 12 if hour % 168 == 84 else 2  # noqa: E731
    baseline = watched(5 * 168, on_sundays)
    week_later = 5 * WEEK_S
    assert baseline.expect(week_later + 84.5 * HOUR_S).mean > 7
    assert baseline.expect(week_later + 60.5 * HOUR_S).mean < 3.5


def test_the_expectation_does_not_jump_on_the_hour():
    baseline = watched(3 * 168, lambda hour: 10 if hour % 24 >= 12 else 2)
    before, after = baseline.expect(3 * WEEK_S + NOON - 1), baseline.expect(3 * WEEK_S + NOON + 1)
    assert after.mean == pytest.approx(before.mean, rel=0.02)


def test_certainty_grows_with_watching():
    young, old = watched(24, lambda _: 5), watched(4 * 168, lambda _: 5)
    assert old.expect(4 * WEEK_S).variance < young.expect(24 * HOUR_S).variance


def test_one_monstrous_count_does_not_become_the_usual():
    baseline = watched(168, lambda _: 3)
    baseline.learn(1_000_000, WEEK_S)
    assert baseline.expect(WEEK_S + STEP_S).mean < 5


def test_an_accepted_change_is_the_usual_within_hours():
    slow, quick = watched(2 * 168, lambda _: 3), watched(2 * 168, lambda _: 3)
    quick.accept_change()
    for step in range(int(4 * HOUR_S / STEP_S)):
        for baseline in (slow, quick):
            baseline.learn(9, 2 * WEEK_S + step * STEP_S)
    at = 2 * WEEK_S + 4 * HOUR_S
    assert quick.expect(at).mean > 6
    assert quick.expect(at).mean > slow.expect(at).mean + 1


def test_the_hours_are_those_of_the_people():
    here = WeeklyBaseline(STEP_S, prior_count=1.0, utc_offset_s=3 * HOUR_S)
    there = WeeklyBaseline(STEP_S, prior_count=1.0, utc_offset_s=0.0)
    for step in range(2000):
        here.learn(step % 7, step * STEP_S)
        there.learn(step % 7, step * STEP_S + 3 * HOUR_S)
    assert here.expect(NOON) == there.expect(NOON + 3 * HOUR_S)
