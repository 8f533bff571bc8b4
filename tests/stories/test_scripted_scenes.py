"""Scripted scenes in, incidents out: everything after the detector, wired as in the product.

The detections are those of a typical detector: a tenth missed, trembling edges, false boxes now and then.
"""

import pytest

from aimonitor.evaluation.scenes import evaluate
from aimonitor.evaluation.watch import Watch
from aimonitor.simulator.scenes import PERFECT, TYPICAL, times
from aimonitor.simulator.scripts import SCRIPTS, build

CLOSES_WITHIN_S = 15.0
SHORT = sorted(set(SCRIPTS) - {"quiet"})


def incidents(name, seed=1, fps=5.0, noise=TYPICAL):
    """The incidents of a scene, each as its events in order."""
    scene = build(name, seed)
    watch = Watch(scene, noise, scene.site())
    told = {}
    for at in times(scene.duration_s + CLOSES_WITHIN_S, fps):
        for event in watch.look(at)[2]:
            told.setdefault(event.incident_id, []).append(event)
    return scene, list(told.values())


@pytest.mark.parametrize("name", SHORT)
def test_what_the_script_says_is_reported_and_nothing_else(name):
    scene, told = incidents(name)
    assert {(events[0].kind, events[0].zone) for events in told} == scene.incidents
    for events in told:
        assert events[0].phase == "opened"
        assert "closed" not in [event.phase for event in events[:-1]]
        assert events[0].words


def test_five_minutes_of_an_ordinary_street_are_no_news():
    assert incidents("quiet", seed=2, fps=2.5)[1] == []


def test_a_loiterer_is_told_once_though_he_stays_for_half_a_minute():
    _, told = incidents("loiter")
    assert len(told) == 1
    assert told[0][0].words.startswith("loitering 1")
    assert told[0][-1].words.startswith("loitering in Gate ended")


def test_the_convoy_names_its_vehicles():
    scene, told = incidents("convoy", noise=PERFECT)
    members = [actor for actor in scene.actors if actor.group == "convoy"]
    assert len(told[0][-1].track_ids) == len(members)


@pytest.mark.parametrize("fps", [2.0, 15.0])
def test_the_rate_of_the_camera_does_not_change_the_story(fps):
    for name in ("loiter", "stopped_car"):
        scene, told = incidents(name, fps=fps)
        assert {(events[0].kind, events[0].zone) for events in told} == scene.incidents


def test_the_same_seed_is_the_same_story():
    assert incidents("crowd")[1] == incidents("crowd")[1]


def test_an_unknown_scene_names_the_ones_there_are():
    with pytest.raises(ValueError, match="convoy, crossings, crowd"):
        build("earthquake")


@pytest.mark.slow
def test_the_measures_reach_their_goals():
    measured = evaluate(5)
    assert measured.speed_error <= 0.05, measured.report()
    assert measured.within_bar >= 0.95, measured.report()
    assert max(measured.dwell_errors) <= 0.5, measured.report()
    assert measured.lines_reported == measured.lines_true, measured.report()
    assert min(measured.convoy_precision, measured.convoy_recall) >= 0.95, measured.report()
    assert measured.false_per_hour == 0, measured.report()
    assert measured.wrong == [], measured.report()
