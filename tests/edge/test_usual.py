"""What is usual at a camera is learned by the minute, told as a cause of risk, and becomes an incident."""

import json
import random
from dataclasses import replace

import pytest
from msgspec import structs
from risk_scenes import evidence, scene

from aimonitor.analytics.anomaly import AnomalySettings
from aimonitor.edge.events import EventJudge
from aimonitor.edge.keeper import Keeper, Learned, Parcel
from aimonitor.edge.policy import PRESETS, load_policy
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.types import Frame, Observation, Risk, SceneBehavior, Unusual
from aimonitor.edge.understanding import Understanding
from aimonitor.edge.usual import MINUTE_S, SAVE_EVERY_S, Usual

MONDAY = 1_700_438_400.0


def in_zone(one, zone):
    return structs.replace(one, behavior=structs.replace(one.behavior, dwell_s={zone: 1.0})) if zone else one


class Camera:
    """Says every ten seconds how many are there; time passes only here."""

    def __init__(self, usual=None):
        self.at = 0.0
        self.utc = MONDAY
        self.usual = usual or Usual("gate")

    def frame(self, count, label="person", zone="", dark=False, seconds=10.0):
        self.at += seconds
        self.utc += seconds
        seen = [in_zone(evidence(number, label=label), zone) for number in range(count)]
        shown = replace(scene(*seen), dark=dark)
        frame = Frame("gate", 1, self.at, self.utc, None)
        return self.usual.take(Observation(frame, (), shown, SceneBehavior(), Risk(0.0, "NORMAL"), ()))

    def minutes(self, number, count, **how):
        """What was unusual in each of `number` minutes with as many as `count` says."""
        told = []
        while len(told) < number:
            answer = self.frame(count() if callable(count) else count, **how)
            if answer is not None:
                told.append(answer)
        return told


def day(camera, **how):
    """A day on which up to three come and go."""
    draw = random.Random(3)
    return camera.minutes(24 * 60, lambda: draw.choice((0, 1, 1, 2)), **how)


def test_nothing_is_said_between_the_minutes_and_nothing_usual_is_unusual():
    camera = Camera()
    assert [camera.frame(1) for _ in range(6)] == [None] * 6
    assert camera.frame(1) == ()
    assert sum(len(told) for told in day(camera)) == 0


def test_a_crowd_where_few_come_is_unusual_and_said_in_words():
    camera = Camera()
    day(camera)
    (told,) = camera.minutes(1, 19)
    assert [(one.label, one.zone, one.count) for one in told] == [("person", "", 19)]
    assert told[0].words.startswith("persons: usual ")
    assert told[0].words.endswith("now 19")
    assert told[0].score >= 0.5


def test_the_most_that_were_there_at_once_count_not_the_last():
    camera = Camera()
    day(camera)
    camera.frame(19)
    (told,) = camera.minutes(1, 1)
    assert [one.count for one in told] == [19]


def test_a_zone_names_the_place():
    camera = Camera()
    day(camera, zone="Gate")
    (told,) = camera.minutes(1, 19, zone="Gate")
    assert [(one.label, one.zone) for one in told] == [("person", "Gate")]


def test_cars_and_trucks_are_vehicles_and_unknown_things_are_nobody():
    camera = Camera()
    camera.minutes(1, 2, label="truck")
    camera.minutes(1, 2, label="suitcase")
    series = {tuple(key[:3]) for *key, _ in json.loads(camera.usual.learned())["series"]}
    assert series == {("gate", "", label) for label in ("person", "vehicle", "animal")}


def test_a_dark_minute_is_neither_judged_nor_learned():
    camera = Camera()
    day(camera)
    before = camera.usual.learned()
    assert camera.minutes(2, 19, dark=True) == [(), ()]
    assert camera.usual.learned() == before


def test_a_camera_that_was_away_begins_its_minute_anew():
    camera = Camera()
    for _ in range(6):
        camera.frame(1)
    assert camera.frame(1, seconds=3600) is None
    assert camera.minutes(1, 1) == [()]


def test_what_was_learned_survives_a_restart(tmp_path):
    before = Camera()
    day(before, zone="Gate")
    keeper = Keeper(tmp_path)
    keeper.start()
    keeper.keep([Parcel("gate", Learned(before.usual.learned()))])
    keeper.close()
    assert [path.name for path in (tmp_path / "usual").iterdir()] == ["gate.json"]
    after = Camera()
    after.utc, after.at = before.utc, 5.0
    after.usual.restore(Keeper(tmp_path).learned("gate"))
    assert after.usual.learned() == before.usual.learned()
    (told,) = after.minutes(1, 19, zone="Gate")
    assert [(one.label, one.zone) for one in told] == [("person", "Gate")]


def test_nothing_was_learned_before_the_first_time(tmp_path):
    assert Keeper(tmp_path).learned("gate") == b""


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"series": [["gate", "", "person", {}]]}', b'{"series": [1]}'])
def test_a_broken_file_is_refused_and_costs_nothing_else(broken):
    usual = Usual("gate")
    before = usual.learned()
    with pytest.raises(ValueError, match="expected what a camera has learned"):
        usual.restore(broken)
    assert usual.learned() == before


def test_it_is_saved_every_ten_minutes():
    usual = Usual("gate")
    due = [at for at in range(0, 4000, 10) if usual.due(float(at))]
    assert due == [int(SAVE_EVERY_S) * number for number in range(1, 7)]


def least_unusual(learned, rate):
    """The lowest count that is called unusual when chance alone may do so `rate` times a week."""
    for count in range(2, 100):
        camera = Camera(Usual("gate", AnomalySettings(false_alarms_per_week=rate)))
        camera.usual.restore(learned)
        camera.utc += 86_400
        if camera.minutes(1, count)[0]:
            return count
    return 100


def test_who_allows_more_false_alarms_is_told_of_less():
    camera = Camera()
    day(camera)
    learned = camera.usual.learned()
    assert least_unusual(learned, 500.0) < least_unusual(learned, 1.0) < least_unusual(learned, 0.001)


NINETEEN = Unusual("person", "Gate", 0.9, 19, "persons: usual 3, now 19")


def test_the_unusual_is_a_cause_with_its_words_and_its_share():
    risk = RiskAssessor().assess(replace(scene(evidence()), unusual=(NINETEEN,)), 0.0, MONDAY)
    (factor,) = [factor for factor in risk.factors if factor.cause == "unusual"]
    assert (factor.words, factor.zone, factor.value) == ("persons: usual 3, now 19 in Gate", "Gate", 19.0)
    assert sum(each.contribution for each in risk.factors) == pytest.approx(risk.score, abs=1e-6)


def test_an_empty_place_that_should_not_be_empty_is_no_darker_for_the_night():
    """Night weighs only together with something that is there."""
    risk = RiskAssessor().assess(replace(scene(), unusual=(NINETEEN,)), 0.0, MONDAY)
    assert [factor.cause for factor in risk.factors] == ["unusual"]


def test_the_unusual_opens_one_incident_and_closes_it():
    assessor, judge, told = RiskAssessor(), EventJudge(), []
    for second in range(120):
        shown = replace(scene(), unusual=(NINETEEN,) if 20 <= second < 80 else ())
        told += judge.update(shown, assessor.assess(shown, float(second), MONDAY), float(second), MONDAY + second)
    phases = [(event.kind, event.phase, event.zone) for event in told if event.phase != "updated"]
    assert phases == [("unusual", "opened", "Gate"), ("unusual", "closed", "Gate")]
    assert told[0].words == "persons: usual 3, now 19 in Gate"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_tells_of_it(preset):
    assert "unusual" in load_policy(preset=preset).judging().news


def test_the_stages_see_what_was_noted_until_it_is_taken_back():
    understanding = Understanding(load_policy())

    def fuse():
        return understanding.fuse((), SceneBehavior(), understanding.thermal.update(None, 0.0), 0.5)

    assert fuse().unusual == ()
    understanding.unusual = (NINETEEN,)
    assert fuse().unusual == (NINETEEN,)


def test_a_minute_is_a_minute():
    assert AnomalySettings().interval_s == MINUTE_S
