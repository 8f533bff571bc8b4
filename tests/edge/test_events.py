"""Incidents: opened once, updated, closed once."""

import re

from hypothesis import given, settings
from risk_scenes import NOON, evidence, fire, loiterer, scene, steps

from aimonitor.edge.events import EventJudge
from aimonitor.edge.risk import EventPolicy, RiskAssessor, RiskPolicy
from aimonitor.edge.types import LEVELS, Crossing, Group


def run(see, seconds, *, policy=None, risk_policy=None, fps=5):
    """The events while `see(at)` gives the scene, and the judge, its assessor being thrown away."""
    assessor, judge = RiskAssessor(risk_policy), EventJudge(policy)
    told = []
    for step in range(int(seconds * fps) + 1):
        at = step / fps
        one = see(at)
        told.extend(judge.update(one, assessor.assess(one, at, NOON + at), at, NOON + at))
    return told, judge


def phases(events):
    return [(event.kind, event.phase) for event in events]


def test_a_loiterer_is_one_incident_from_the_beginning_to_the_end():
    told, _ = run(lambda at: scene(loiterer(at)) if 2 <= at <= 9 else scene(), 30)
    assert phases(told)[0] == ("loitering", "opened")
    assert phases(told)[-1] == ("loitering", "closed")
    assert {phase for _, phase in phases(told)[1:-1]} <= {"updated"}
    assert len({event.incident_id for event in told}) == 1
    assert told[-1].words == "loitering in Gate ended after 7 s"
    assert told[-1].at > 19


def test_two_who_loiter_in_one_zone_are_one_incident_and_the_second_is_told():
    told, _ = run(lambda at: scene(loiterer(50, 1), *([loiterer(40, 2)] if at > 4 else [])), 8)
    assert phases(told)[:2] == [("loitering", "opened"), ("loitering", "updated")]
    assert {event.incident_id for event in told} == {told[0].incident_id}
    assert told[0].track_ids == (1,)
    assert told[1].track_ids == (1, 2)


def test_the_same_in_another_zone_is_another_incident():
    told, _ = run(lambda at: scene(loiterer(50, 1, "Gate"), loiterer(50, 2, "Yard")), 2)
    assert sorted((event.zone, event.phase) for event in told) == [("Gate", "opened"), ("Yard", "opened")]


def test_a_flicker_is_no_news_and_a_pause_is_no_end():
    told, _ = run(lambda at: scene(loiterer(50)) if round(at * 5) % 20 == 0 else scene(), 20)
    assert told == []
    told, _ = run(lambda at: scene(loiterer(50)) if at % 6 < 2 else scene(), 30)
    assert [phase for _, phase in phases(told)].count("opened") == 1
    assert "closed" not in [phase for _, phase in phases(told)]


def test_a_crossing_is_news_at_once_when_it_has_a_weight():
    def see(at):
        return scene(crossings=[Crossing(1, "Door", "in")] if at == 1.0 else [])

    assert run(see, 20)[0] == []
    told, _ = run(see, 20, risk_policy=RiskPolicy({"line_crossing": 0.3}))
    assert phases(told) == [("line_crossing", "opened"), ("line_crossing", "closed")]
    assert told[0].zone == "Door"


def test_people_who_pass_are_no_news():
    assert run(lambda at: scene(evidence(1), evidence(2, label="car")), 60)[0] == []


def test_a_level_without_a_single_cause_is_an_incident_called_risk():
    policy = RiskPolicy({"person": 0.7})
    told, _ = run(lambda at: scene(evidence(1)) if at < 3 else scene(), 60, risk_policy=policy)
    assert phases(told)[0] == ("risk", "opened")
    assert phases(told)[-1] == ("risk", "closed")
    assert told[0].words == "1 person"


def test_an_incident_with_a_name_needs_no_second_one():
    told, _ = run(lambda at: scene(hotspots=[fire()]), 5)
    assert {event.kind for event in told} == {"fire"}
    assert told[-1].level == "CRITICAL"


def test_what_the_policy_does_not_call_news_is_none():
    told, _ = run(lambda at: scene(loiterer(50)), 5, policy=EventPolicy(news=frozenset({"fire"})))
    assert told == []


def test_members_of_a_group_are_its_tracks():
    told, _ = run(lambda at: scene(groups=[Group("convoy", (4, 5, 6), 0.0)]), 2)
    assert told[0].track_ids == (4, 5, 6)
    assert told[0].words == "convoy of 3 vehicles"


def test_ids_are_fit_for_the_contract_and_differ_across_restarts():
    first, _ = run(lambda at: scene(loiterer(50, 1, "Gate"), loiterer(50, 2, "Yard")), 2)
    ids = {event.incident_id for event in first}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", each) for each in ids)


@settings(max_examples=40)
@given(steps)
def test_every_incident_opens_once_and_closes_at_most_once(history):
    assessor, judge = RiskAssessor(RiskPolicy({"line_crossing": 0.2})), EventJudge()
    at, told = 0.0, []
    for seconds, one in history:
        at += seconds
        told.extend(judge.update(one, assessor.assess(one, at, NOON + at), at, NOON + at))
    by_incident = {}
    for event in told:
        by_incident.setdefault(event.incident_id, []).append(event)
    for events in by_incident.values():
        assert [event.phase for event in events].count("opened") == 1
        assert events[0].phase == "opened"
        assert "closed" not in [event.phase for event in events[:-1]]
        assert len({(event.kind, event.zone, event.opened_utc) for event in events}) == 1
        levels = [LEVELS.index(event.level) for event in events]
        assert levels == sorted(levels)
        assert [event.at for event in events] == sorted(event.at for event in events)


@settings(max_examples=40)
@given(steps)
def test_of_one_kind_and_zone_only_one_incident_is_open_at_a_time(history):
    assessor, judge, at, is_open = RiskAssessor(), EventJudge(), 0.0, {}
    for seconds, one in history:
        at += seconds
        for event in judge.update(one, assessor.assess(one, at, NOON + at), at, NOON + at):
            key = (event.kind, event.zone)
            assert is_open.get(key, False) == (event.phase != "opened")
            is_open[key] = event.phase != "closed"
