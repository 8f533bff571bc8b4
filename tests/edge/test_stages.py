"""The stages of a camera: made for its pictures, begun anew after a failure, and never giving an id twice."""

import numpy as np

from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.policy import load_policy
from aimonitor.edge.stages import CameraStages
from aimonitor.edge.types import Detections, Frame


class OnePerson:
    detail = None

    def detect(self, _picture):
        return Detections(np.array([[0.4, 0.3, 0.5, 0.8]], np.float32), np.array([0.9], np.float32), ("person",))


def walk(stages, first, last):
    """Frames with something that moves; the ids that were given."""
    ids = set()
    for number in range(first, last):
        pixels = np.full((240, 320, 3), 90, np.uint8)
        pixels[60:200, 10 * (number % 25) : 10 * (number % 25) + 40] = 200
        at = number / 5
        observation = stages.step(Frame("gate", number, at, 1.7e9 + at, ArrayPicture(pixels)), None)
        ids |= {track.track_id for track in observation.tracks}
    return ids


def test_an_id_is_not_given_again_after_a_new_beginning():
    stages = CameraStages(OnePerson(), load_policy())
    before = walk(stages, 1, 15)
    stages.reset()
    after = walk(stages, 15, 30)
    assert before
    assert after
    assert not before & after


def test_another_policy_is_followed_without_losing_who_is_who():
    stages = CameraStages(OnePerson(), load_policy())
    before = walk(stages, 1, 15)
    stages.adopt(load_policy(preset="shop"))
    assert walk(stages, 15, 30) == before
