"""Counts of a camera: known injections are found, the rest is left alone, and a restart changes nothing."""

import json
import math

import pytest
from counting import DAY, HOUR, SETTINGS, STEP_S, WEEK, counted, incidents, judge, utc_of

from aimonitor.analytics.anomaly import UNUSUAL, AnomalySettings, Baseline, Baselines, SeriesKey

DOOR = SeriesKey("front", "Gate", "person")


def noon(day: int) -> int:
    return day * DAY + 12 * HOUR


@pytest.mark.parametrize("setting", [1.0, 7.0])
def test_chance_raises_no_more_false_alarms_than_the_setting_says(setting):
    weeks, series = 6, 2
    settings = AnomalySettings(interval_s=STEP_S, false_alarms_per_week=setting)
    raised = sum(
        len(incidents(judge(counted(weeks, seed), Baseline(settings)), first_row=WEEK)) for seed in range(series)
    )
    allowed = setting * (weeks - 1) * series
    assert raised <= allowed + 2 * math.sqrt(allowed)
    assert raised >= allowed / 20, "a detector that never speaks has no false-alarm rate"


def test_bursts_are_found_at_once_and_little_else():
    counts, days = counted(6, seed=5), range(16, 41, 4)
    for day in days:
        for row in range(noon(day), noon(day) + 3):
            counts[row] += 20
    begun = incidents(judge(counts), first_row=2 * WEEK)
    found = [row for row in begun if any(0 <= row - noon(day) < 3 for day in days)]
    assert len(found) >= 0.85 * len(days), "recall"
    assert len(begun) - len(found) <= 6, "about one false alarm a week"
    assert sorted(row - noon(day) for day in days for row in found if 0 <= row - noon(day) < 3)[len(found) // 2] == 0


def test_a_crowd_that_stays_is_found_though_no_single_count_is_far_off():
    counts = counted(6, seed=6)
    for row in range(noon(37), noon(37) + 4 * HOUR):
        counts[row] = round(1.7 * counts[row]) + 1
    judged = judge(counts)
    lately = [row for row in range(noon(37), noon(37) + 4 * HOUR) if judged[row].kind == "more_lately"]
    assert lately
    assert lately[0] - noon(37) <= 2 * HOUR, "delay"
    since = judged[lately[0]].since_utc
    assert abs(since - utc_of(noon(37))) <= HOUR * STEP_S, "the change is dated to when it began"
    assert "more for" in judged[lately[0]].words


def test_a_place_that_falls_silent_is_found():
    counts = counted(6, seed=7)
    counts[noon(38) : noon(38) + 3 * HOUR] = [0] * (3 * HOUR)
    judged = judge(counts)[noon(38) : noon(38) + 3 * HOUR]
    assert any(anomaly.kind in ("fewer", "fewer_lately") for anomaly in judged)


def test_the_same_count_is_usual_at_noon_and_unusual_at_night():
    counts = counted(4, seed=8)
    counts[24 * DAY + 12 * HOUR], counts[24 * DAY + 3 * HOUR] = 9, 9
    judged = judge(counts)
    assert not judged[24 * DAY + 12 * HOUR].unusual
    assert judged[24 * DAY + 3 * HOUR].unusual


def test_words_say_what_was_usual_and_what_came():
    judged = judge([3] * (2 * WEEK) + [19])
    assert judged[-1].unusual
    assert judged[-1].kind == "more"
    assert judged[-1].words == "usual 3, now 19"
    assert (judged[-1].now, round(judged[-1].usual)) == (19, 3)


def test_a_busy_street_is_no_anomaly_of_the_first_minutes():
    assert not any(anomaly.unusual for anomaly in judge([19, 22, 17, 20, 18, 25] * 4))


def test_a_lasting_change_becomes_the_usual():
    counts = counted(3, seed=9) + [3 * count + 2 for count in counted(1, seed=10)]
    judged = judge(counts)
    first_day = sum(anomaly.unusual for anomaly in judged[3 * WEEK : 3 * WEEK + DAY])
    fifth_day = sum(anomaly.unusual for anomaly in judged[3 * WEEK + 4 * DAY : 3 * WEEK + 5 * DAY])
    assert first_day > 10
    assert fifth_day < first_day / 5


def test_a_restart_changes_nothing():
    counts = counted(3, seed=11)
    counts[2 * WEEK + 50] += 30
    half = 2 * WEEK + 40
    baseline = Baseline(SETTINGS)
    judge(counts[:half], baseline)
    saved = json.loads(json.dumps(baseline.to_dict()))
    again = judge(counts[half:], Baseline.from_dict(saved, SETTINGS), first_row=half)
    straight = judge(counts[half:], baseline, first_row=half)
    assert any(anomaly.unusual for anomaly in straight)
    for before, after in zip(straight, again, strict=True):
        assert after.score == pytest.approx(before.score, rel=1e-6)
        assert (after.kind, after.words, after.since_utc) == (before.kind, before.words, before.since_utc)


@pytest.mark.parametrize(
    ("count", "utc"), [(-1, 0.0), (2.5, 0.0), (math.nan, 0.0), (10**400, 0.0), (3, math.nan), (3, math.inf)]
)
def test_what_is_no_count_is_refused(count, utc):
    with pytest.raises(ValueError, match="expected a whole count of 0 to 1,000,000 at a finite time, got"):
        Baseline().update(count, utc)


@pytest.mark.parametrize("state", [{}, {"weekly": 3}, [], {"weekly": {"all": {"counts": [1], "hours": [-1]}}}])
def test_a_state_that_is_none_is_refused(state):
    with pytest.raises(ValueError, match="expected"):
        Baseline.from_dict(state)


@pytest.mark.parametrize("state", [{}, [], {"series": 3}, {"series": [["front", {}]]}, {"series": [3]}])
def test_a_state_of_all_series_that_is_none_is_refused(state):
    with pytest.raises(ValueError, match="expected the state of baselines"):
        Baselines.from_dict(state)


def test_a_state_of_broken_numbers_is_refused():
    state = Baseline().to_dict()
    state["weekly"]["week"]["counts"][5] = math.nan
    with pytest.raises(ValueError, match="expected finite numbers >= 0"):
        Baseline.from_dict(state)


@pytest.mark.parametrize("name", ["interval_s", "false_alarms_per_week", "prior_count", "settle_s"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_a_setting_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a finite number above 0"):
        AnomalySettings(**{name: value})


def test_a_setting_that_would_alarm_on_everything_is_refused():
    with pytest.raises(ValueError, match="expected fewer than the 168 counts of a week, got 168"):
        AnomalySettings(interval_s=3600, false_alarms_per_week=168)


def test_each_camera_zone_and_class_has_its_own_usual():
    baselines = Baselines(SETTINGS)
    street = SeriesKey("front", "Street", "person")
    for row in range(WEEK):
        baselines.update(DOOR, 0, utc_of(row))
        baselines.update(street, 20, utc_of(row))
    assert baselines.update(DOOR, 20, utc_of(WEEK)).score >= UNUSUAL
    assert baselines.update(street, 20, utc_of(WEEK)).score < UNUSUAL


def test_series_beyond_the_limit_push_out_the_one_unseen_longest():
    baselines = Baselines(SETTINGS, limit=2)
    keys = [SeriesKey("front", "Gate", label) for label in ("person", "car", "dog")]
    baselines.update(keys[0], 1, 0.0)
    baselines.update(keys[1], 1, 0.0)
    baselines.update(keys[0], 1, 300.0)
    baselines.update(keys[2], 1, 300.0)
    assert (len(baselines), baselines.dropped) == (2, 1)
    assert [entry[:3] for entry in baselines.to_dict()["series"]] == [[*keys[0]], [*keys[2]]]


def test_all_series_survive_a_restart_together():
    baselines = Baselines(SETTINGS)
    for row in range(500):
        baselines.update(DOOR, 2, utc_of(row))
    again = Baselines.from_dict(json.loads(json.dumps(baselines.to_dict())), SETTINGS)
    before, after = baselines.update(DOOR, 9, utc_of(500)), again.update(DOOR, 9, utc_of(500))
    assert after.score == pytest.approx(before.score)
    assert after.words == before.words == "usual 2, now 9"


def test_memory_does_not_grow():
    baseline = Baseline(SETTINGS)
    judge(counted(5, seed=12), baseline)
    assert len(json.dumps(baseline.to_dict())) < 20_000
