"""The state of a camera from what arrives, on a clock that stands still."""

import pytest

from aimonitor.edge.health import Health
from aimonitor.edge.vitals import CameraStatus, Vitals


class Patient:
    def __init__(self) -> None:
        self.at = 100.0
        self.vitals = Vitals(self.at, 1_700_000_000.0, offline_after_s=8.0)

    def pictures(self, seconds: float, fps: float, health: Health | None = None) -> None:
        for _ in range(round(seconds * fps)):
            self.at += 1 / fps
            self.vitals.arrived(320, 240, health or Health(), self.at)

    def status(self, later: float = 0.0) -> CameraStatus:
        self.at += later
        return self.vitals.status(self.at, 1_699_999_900.0 + self.at, dropped=2, damaged=3)


def test_a_camera_connects_lives_falls_silent_and_is_offline():
    patient = Patient()
    assert patient.status().state == "connecting"
    patient.pictures(5, fps=10)
    live = patient.status()
    assert (live.state, live.fps, live.frames, live.width, live.height) == ("live", 10.0, 50, 320, 240)
    assert (live.dropped, live.damaged) == (2, 3)
    assert patient.status(later=1.9).state == "live"
    assert patient.status(later=0.2).state == "delayed"
    assert patient.status(later=4.0).fps < 1
    offline = patient.status(later=2.0)
    assert (offline.state, offline.detail) == ("offline", "no picture for 8 s")
    patient.pictures(1, fps=10)
    assert patient.status().state == "live"


def test_a_camera_that_never_answers_is_offline_after_the_same_time():
    assert Patient().status(later=8.0).state == "offline"


def test_a_slow_camera_is_not_delayed_by_its_own_pace():
    patient = Patient()
    patient.pictures(20, fps=0.5)
    assert patient.status(later=5.0).state == "live"


def test_since_is_when_the_state_began():
    patient = Patient()
    patient.pictures(3, fps=10)
    began = patient.status().since_utc
    patient.pictures(3, fps=10)
    assert patient.status().since_utc == began
    patient.vitals.failed("no route", for_good=False)
    assert patient.status().since_utc == pytest.approx(began + 3)


def test_a_failure_is_offline_with_its_reason_until_a_picture_comes():
    patient = Patient()
    patient.pictures(1, fps=10)
    patient.vitals.failed("the connection was refused", for_good=False)
    status = patient.status()
    assert (status.state, status.detail, status.reconnects) == ("offline", "the connection was refused", 1)
    assert not status.ended
    patient.pictures(1, fps=10)
    assert patient.status().state == "live"
    patient.vitals.failed("the recording has ended", for_good=True)
    assert patient.status().ended
    assert patient.status().reconnects == 1


def test_what_the_lens_shows_is_the_state_while_pictures_come():
    patient = Patient()
    patient.pictures(1, fps=10, health=Health("dark", "98 % of the picture is darker than 4%"))
    assert (patient.status().state, patient.status().detail) == ("dark", "98 % of the picture is darker than 4%")
    assert patient.status(later=3).state == "delayed"


def test_a_clock_that_runs_backwards_is_a_restart():
    vitals = Patient().vitals
    told = [None, 10.0, 10.5, 10.5, None, 0.4, 3600.0, 12.0]
    assert [vitals.restarted(seconds) for seconds in told] == [False] * 5 + [True, False, True]
    assert vitals.reboots == 2
