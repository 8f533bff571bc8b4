"""The demonstration shows what it promises: each feature once within two minutes, through the edge as it is shipped."""

import tempfile
from pathlib import Path

import pytest

from aimonitor.edge.policy import load_policy
from aimonitor.edge.stages import CameraStages
from aimonitor.edge.types import Frame, ThermalReading
from aimonitor.simulator.programme import PROGRAMME, Play
from aimonitor.simulator.render import render
from aimonitor.simulator.staged import StagedDetector, StagedPicture, write_policy

TWO_MINUTES_S = 120.0
FPS = 8

PROMISED = {
    "gate": {"loitering", "running", "crowd"},
    "door": {"line_crossing", "object_left"},
    "road": {"convoy", "wrong_way", "stopped"},
    "field": {"warm"},
    "workshop": {"fire", "overheating"},
    "office": {"object_removed"},
}

plays = pytest.mark.parametrize("part", PROGRAMME, ids=lambda part: part.camera_id)


@pytest.mark.slow
@plays
def test_every_camera_shows_what_is_promised_and_opens_incidents_of_no_other_kind(part):
    play = Play(part, seed=1)
    stages, opened = CameraStages(StagedDetector(), policy_of(play)), set()
    for number in range(int(min(play.duration_s, TWO_MINUTES_S) * FPS)):
        at = number / FPS
        moment = play.moment(at)
        reading = ThermalReading("stage", at, play.celsius(moment)) if part.thermal and number % 4 == 0 else None
        picture = StagedPicture(render(moment.scene, moment.at), play.detections(moment))
        seen = stages.step(Frame(part.camera_id, number + 1, at, 1.75e9 + at, picture), reading)
        opened |= {event.kind for event in seen.events if event.phase == "opened"}
    assert opened >= PROMISED[part.camera_id]
    assert opened <= PROMISED[part.camera_id] | {"risk", "object_removed", "loitering"}


def policy_of(play):
    """As the edge reads it from the file that the demonstration writes."""
    with tempfile.TemporaryDirectory() as folder:
        return load_policy(write_policy(play, Path(folder)))


@plays
def test_the_policies_are_valid_and_calibrated(part):
    policy = policy_of(Play(part, seed=1))
    assert policy.calibration is not None
    assert policy.preset == "border-road"


@plays
def test_a_play_begins_again_at_its_end_and_is_the_same_for_the_same_seed(part):
    play, again = Play(part, seed=3), Play(part, seed=3)
    for at in (0.0, 17.3, play.duration_s - 0.1):
        first, later = play.moment(at), again.moment(at + again.duration_s)
        assert first.scene.name == later.scene.name
        assert first.at == pytest.approx(later.at)
        assert first.trouble == later.trouble
        assert play.detections(first).labels == again.detections(first).labels
    assert play.duration_s <= TWO_MINUTES_S


def test_one_camera_goes_away_and_freezes():
    [part] = [part for part in PROGRAMME if part.troubled]
    play = Play(part, seed=1)
    troubles = {play.moment(at / 2).trouble for at in range(int(play.duration_s * 2))}
    assert troubles == {"", "gone", "frozen"}
