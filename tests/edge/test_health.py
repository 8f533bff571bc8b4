"""What the lens shows: frozen, dark, covered and blurred, against pictures of an emulated sensor."""

import math

import cv2
import numpy as np
import pytest

from aimonitor.edge.health import HealthJudge, HealthThresholds, laplacian_variance
from aimonitor.simulator.camera import FrameSize, Sensor

SIZE = FrameSize(160, 120)


class Day:
    """Shows pictures to a judge, two a second."""

    def __init__(self, thresholds: HealthThresholds | None = None) -> None:
        self.judge = HealthJudge(thresholds)
        self.sensor = Sensor(seed=1)
        self.at = 100.0

    def show(self, look: str, seconds: float) -> list[str]:
        """The verdicts while the lens sees `look`."""
        frozen = self.gray("clear")
        verdicts = []
        for _ in range(round(seconds * 2)):
            self.at += 0.5
            gray = frozen if look == "frozen" else self.gray(look)
            verdicts.append(self.judge.look(gray, hash(gray.tobytes()), self.at).condition)
        return verdicts

    def gray(self, look: str) -> np.ndarray:
        return cv2.cvtColor(self.sensor.picture(SIZE, self.at, look), cv2.COLOR_BGR2GRAY)


@pytest.mark.parametrize("look", ["frozen", "dark", "covered", "blurred"])
def test_a_bad_picture_is_named_within_ten_seconds_and_forgotten_at_once(look):
    day = Day()
    assert set(day.show("clear", 30)) == {"live"}
    verdicts = day.show(look, 10)
    assert verdicts[0] == "live", "one bad picture is no verdict"
    assert verdicts[-1] == look
    assert set(verdicts) == {"live", look}
    assert day.show("clear", 2)[-1] == "live"


def test_a_night_is_dark_and_not_frozen_nor_covered():
    day = Day()
    assert set(day.show("dark", 30)[7:]) == {"dark"}


def test_two_seconds_of_a_hand_before_the_lens_are_nothing():
    day = Day()
    day.show("clear", 30)
    assert set(day.show("covered", 2)) == {"live"}


def test_a_recording_may_stand_still_for_ever():
    day = Day(HealthThresholds(frozen_after_s=math.inf))
    assert set(day.show("frozen", 60)) == {"live"}


def test_a_camera_that_was_turned_to_a_wall_is_accepted_in_the_end():
    day = Day(HealthThresholds(accept_blur_s=60))
    day.show("clear", 30)
    assert day.show("blurred", 50)[-1] == "blurred"
    assert day.show("blurred", 30)[-1] == "live"


def test_a_camera_that_was_always_soft_is_not_called_blurred():
    assert set(Day().show("blurred", 60)) == {"live"}


def test_sharpness_is_the_variance_of_opencvs_laplacian():
    gray = Day().gray("clear")
    expected = cv2.Laplacian(gray, cv2.CV_64F)[1:-1, 1:-1].var()
    assert laplacian_variance(gray) == pytest.approx(expected)
    assert laplacian_variance(np.zeros((2, 50), np.uint8)) == 0


def test_words_say_what_was_seen():
    day = Day()
    gray = day.gray("clear")
    for _ in range(20):
        day.at += 0.5
        health = day.judge.look(gray, 7, day.at)
    assert health.words == "the same picture for 10 s"
