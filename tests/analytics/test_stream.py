"""The general detector: what it finds, what it leaves alone, and that its false-alarm rate is what the setting says."""

import math
import random

import pytest

from aimonitor.analytics.stream import MEMORY_ROWS, REST_ROWS, StreamDetector, threshold

STEP_S = 300.0
DAY_ROWS = 288


def score_all(values, detector=None):
    detector = detector or StreamDetector()
    return [detector.update(value, 1.4e9 + STEP_S * row) for row, value in enumerate(values)]


def daily(rows: int, seed: int = 1) -> list[float]:
    noise = random.Random(seed)
    return [50 + 20 * math.sin(2 * math.pi * row / DAY_ROWS) + noise.gauss(0, 1) for row in range(rows)]


def alarms(scores, setting: float = 1.0) -> list[int]:
    return [row for row, score in enumerate(scores) if score >= threshold(setting)]


def test_a_spike_is_found_at_once():
    values = daily(3000)
    values[2000] += 40
    after_the_first_day = [row for row in alarms(score_all(values)) if row >= DAY_ROWS]
    assert after_the_first_day == [2000]


def test_a_value_that_is_ordinary_at_noon_is_found_at_midnight():
    values = daily(3000)
    night = 2000 - 2000 % DAY_ROWS + 3 * DAY_ROWS // 4
    for row in range(night, night + 40):
        values[row] = 70 + 0.1 * (row % 7)
    assert min(abs(row - night) for row in alarms(score_all(values))) <= 12


def test_a_day_without_its_wave_is_found():
    noise = random.Random(3)
    values = [(60 if 100 <= row % DAY_ROWS < 200 else 20) + noise.gauss(0, 1) for row in range(4000)]
    missing = range(10 * DAY_ROWS + 100, 10 * DAY_ROWS + 200)
    for row in missing:
        values[row] = 20 + noise.gauss(0, 1)
    found = alarms(score_all(values))
    assert any(row in missing for row in found)


def test_one_incident_is_one_alarm():
    values = daily(3000)
    for row in range(2000, 2000 + REST_ROWS // 2):
        values[row] += 40
    in_it = [row for row in alarms(score_all(values)) if 2000 <= row < 2000 + REST_ROWS // 2]
    assert 1 <= len(in_it) <= 3
    assert in_it[0] == 2000


@pytest.mark.parametrize("draw", ["gauss", "laplace", "poisson", "walk"])
def test_noise_raises_no_more_alarms_than_the_setting_allows(draw):
    rows, setting = 24_000, 3.0
    chance = random.Random(7)
    level = 0.0

    def value() -> float:
        nonlocal level
        if draw == "gauss":
            return chance.gauss(0, 1)
        if draw == "laplace":
            return chance.expovariate(1) * chance.choice((-1, 1))
        if draw == "poisson":
            return float(sum(chance.random() < 0.03 for _ in range(100)))
        level = 0.95 * level + chance.gauss(0, 1)
        return level

    scores = score_all([value() for _ in range(rows)])
    in_steady_state = [row for row in alarms(scores, setting) if row >= MEMORY_ROWS]
    allowed = setting * (rows - MEMORY_ROWS) / MEMORY_ROWS
    assert len(in_steady_state) <= allowed + 2 * math.sqrt(allowed)


def test_there_is_no_look_ahead():
    values = daily(1500)
    whole = score_all(values)
    assert score_all(values[:1000]) == whole[:1000]


def test_unit_and_origin_do_not_matter():
    values = daily(2500)
    values[2000] += 30
    plain = score_all(values)
    other = score_all([1000 * value - 5e5 for value in values])
    assert alarms(other) == alarms(plain)


@pytest.mark.parametrize("constant", [0.0, 45.0, 0.1, -1e-9])
def test_a_flat_line_is_nothing_and_leaving_it_is_something(constant):
    values = [constant] * 2000
    values[1500:1510] = [constant + 1] * 10
    assert alarms(score_all(values))[0] == 1500


def test_numbers_of_any_size_are_scored():
    extremes = [0.0, 1e308, -1e308, 1e-320, 5.0] * 20
    assert all(0 <= score <= 1 for score in score_all(extremes))


@pytest.mark.parametrize(("value", "utc"), [(math.nan, 0.0), (math.inf, 0.0), (1.0, math.nan), (1.0, -math.inf)])
def test_what_is_not_finite_is_refused_and_changes_nothing(value, utc):
    values = daily(300)
    detector = StreamDetector()
    score_all(values[:200], detector)
    with pytest.raises(ValueError, match="expected a finite value and time"):
        detector.update(value, utc)
    rest = [detector.update(v, 1.4e9 + STEP_S * (200 + i)) for i, v in enumerate(values[200:])]
    assert rest == score_all(values)[200:]


def test_the_setting_is_a_number_of_false_alarms():
    assert threshold(1.0) == 0.5
    assert threshold(0.1) > threshold(10)
    with pytest.raises(ValueError, match="expected a number of false alarms above 0, got 0"):
        threshold(0)
