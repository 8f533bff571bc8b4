"""A score that explains itself."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_scenes import KINDS, NIGHT, NOON, evidence, fire, loiterer, scene, scenes, steps

from aimonitor.edge.risk import Hours, RiskAssessor, RiskPolicy
from aimonitor.edge.risk_causes import causes
from aimonitor.edge.risk_policy import WEIGHTS
from aimonitor.edge.types import LEVELS, Crossing, Doing, Group


def settled(one, policy=None, utc=NOON):
    """The risk of a scene seen for long enough: the first look has no past to rise from."""
    return RiskAssessor(policy).assess(one, 0.0, utc)


def test_nothing_is_no_risk_even_at_night():
    risk = settled(scene(), utc=NIGHT)
    assert (risk.score, risk.level, risk.factors) == (0.0, "NORMAL", ())


def test_the_explanation_reads_as_a_sentence_would():
    risk = settled(scene(loiterer(47.0)), RiskPolicy(known=(Hours(0, 360),)), NIGHT)
    said = {factor.cause: (factor.words, factor.contribution) for factor in risk.factors}
    assert said["loitering"][0] == "loitering 47 s in Gate"
    assert said["night"][0] == "night (00:00)"
    assert said["known_hours"][0] == "known hour (00:00)"
    assert said["loitering"][1] > said["night"][1] > 0 > said["known_hours"][1]


@settings(max_examples=40)
@given(steps)
def test_contributions_sum_to_the_score_at_every_step(history):
    assessor, at = RiskAssessor(RiskPolicy(known=(Hours(12 * 60, 13 * 60),))), 0.0
    for seconds, one in history:
        at += seconds
        risk = assessor.assess(one, at, NOON + at)
        assert 0.0 <= risk.score <= 1.0
        assert sum(factor.contribution for factor in risk.factors) == pytest.approx(risk.score, abs=1e-9)
        assert all(0.0 <= share <= 1.0 for share in risk.by_track.values())


@settings(max_examples=40)
@given(steps)
def test_the_same_scenes_give_the_same_scores(history):
    scores = []
    for _ in range(2):
        assessor, at, run = RiskAssessor(), 0.0, []
        for seconds, one in history:
            at += seconds
            run.append(assessor.assess(one, at, NOON + at))
        scores.append(run)
    assert scores[0] == scores[1]


@given(scenes, st.sampled_from(sorted(set(WEIGHTS) - {"known_hours"})), st.floats(0, 0.99), st.floats(0, 0.99))
def test_more_weight_is_never_less_risk(one, cause, low, high):
    low, high = sorted((low, high))
    below, above = (settled(one, RiskPolicy({cause: weight})).score for weight in (low, high))
    assert below <= above


@given(scenes, st.floats(0, 0.99), st.floats(0, 0.99))
def test_more_relief_is_never_more_risk(one, low, high):
    low, high = sorted((low, high))
    always = (Hours(0, 24 * 60),)
    above, below = (settled(one, RiskPolicy({"known_hours": weight}, known=always)).score for weight in (low, high))
    assert below <= above


@given(scenes, st.sampled_from(KINDS), st.floats(0, 500))
def test_one_deed_more_is_never_less_risk(one, kind, value):
    more = replace(one, evidence=(*one.evidence, evidence(77, Doing(kind, 0.0, "Gate", value), label="bird")))
    assert settled(one).score <= settled(more).score


@given(st.floats(0, 400), st.floats(0, 400))
def test_longer_loitering_is_never_less_risk(one, other):
    short, long = sorted((one, other))
    assert settled(scene(loiterer(short))).score <= settled(scene(loiterer(long))).score


def test_it_rises_fast_and_falls_slowly():
    assessor = RiskAssessor(RiskPolicy(rise_s=0.4, fall_s=8.0))
    assessor.assess(scene(), 0.0, NOON)
    rising = [assessor.assess(scene(loiterer()), at / 5, NOON).score for at in range(1, 11)]
    falling = [assessor.assess(scene(), 2 + at / 5, NOON) for at in range(1, 201)]
    assert rising[-1] > 0.95 * settled(scene(loiterer())).score
    assert falling[10].score > 0.7 * rising[-1]
    assert falling[10].factors[0].fading
    assert falling[10].factors[0].words == "loitering 40 s in Gate"
    assert falling[-1].score < 0.01
    scores = [risk.score for risk in falling]
    assert scores == sorted(scores, reverse=True)


def test_a_crossing_is_over_at_once_and_felt_all_the_same():
    assessor = RiskAssessor(RiskPolicy({"line_crossing": 0.5}))
    assessor.assess(scene(), 0.0, NOON)
    risk = assessor.assess(scene(crossings=[Crossing(1, "Door", "in")]), 0.2, NOON)
    assert risk.score == pytest.approx(0.5)
    assert risk.factors[0].words == "crossed Door in"


def test_levels_have_hysteresis():
    policy = RiskPolicy(
        {"person": 0.0, "loitering": 0.0}, watch=0.25, alert=0.5, critical=0.75, margin=0.06, fall_s=1e-6
    )
    assessor = RiskAssessor(policy)
    told = []
    for step, weight in enumerate((0.2, 0.3, 0.22, 0.18, 0.52, 0.46, 0.43, 0.8, 0.7, 0.1)):
        assessor.adopt(replace(policy, weights={"convoy": weight}))
        told.append(assessor.assess(scene(groups=[Group("convoy", (1, 2, 3), 0.0)]), 100.0 * step, NOON).level)
    assert told == [
        "NORMAL", "WATCH", "WATCH", "NORMAL", "ALERT", "ALERT", "WATCH", "CRITICAL", "CRITICAL", "NORMAL"
    ]  # fmt: skip


@settings(max_examples=40)
@given(steps)
def test_the_level_follows_the_score(history):
    policy, at = RiskPolicy(), 0.0
    assessor = RiskAssessor(policy)
    for seconds, one in history:
        at += seconds
        risk = assessor.assess(one, at, NOON)
        floor = sum(risk.score >= limit for limit in (policy.watch, policy.alert, policy.critical))
        ceiling = sum(risk.score >= limit - policy.margin for limit in (policy.watch, policy.alert, policy.critical))
        assert floor <= LEVELS.index(risk.level) <= ceiling


def test_a_place_can_be_silenced_and_made_to_matter():
    usual, silent, matters = (
        settled(scene(loiterer()), RiskPolicy({"person": 0.0}, {"Gate": factor})).score for factor in (1.0, 0.0, 2.0)
    )
    assert silent == 0.0 < usual < matters


def test_a_crowd_of_people_is_not_ten_times_one_person():
    one, ten = settled(scene(evidence(1))), settled(scene(*(evidence(number) for number in range(10))))
    assert one.score < ten.score < 4 * one.score
    assert ten.factors[0].words == "10 persons"


def test_fire_alone_is_critical():
    risk = settled(scene(hotspots=[fire()]))
    assert (risk.level, risk.factors[0].words) == ("CRITICAL", "fire at 200 °C")


def test_each_track_has_its_own_share():
    risk = settled(scene(loiterer(40.0, 1), evidence(2), loiterer(300.0, 3)))
    assert set(risk.by_track) == {1, 3}
    assert risk.by_track[3] > risk.by_track[1]


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [(Hours(540, 1020), (540, 1019), (539, 1020)), (Hours(1320, 360), (1320, 1439, 0, 359), (360, 1319))],
)
def test_hours_may_pass_midnight(hours, inside, outside):
    assert all(minute in hours for minute in inside)
    assert all(minute not in hours for minute in outside)


def test_every_cause_has_words_that_are_no_template():
    doing = [Doing(kind, 0.0, "Gate", 3.0) for kind in (*KINDS, "juggling")]
    groups = [Group(kind, (1, 2, 3), 0.0, "Gate") for kind in ("crowd", "convoy", "object_removed", "choir")]
    everything = scene(evidence(1, *doing), groups=groups, hotspots=[fire()], dark=True)
    policy = RiskPolicy({"juggling": 0.5, "choir": 0.5})
    words = [cause.words for cause in causes(everything, NIGHT, policy)]
    assert len(words) > 12
    assert not any("{" in text or "_" in text for text in words)
