"""Cameras that stand in line for the detector do so with empty hands: what they show it is their newest picture."""

import time
from types import SimpleNamespace

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.common.mailbox import Latest
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.incident_log import IncidentLog
from aimonitor.edge.inference import Turns
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.types import Frame, PictureError

TINY = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xd9"


class Stages:
    """Notes which frames it was shown, and takes none of them for a picture."""

    def __init__(self):
        self.shown = []
        self.policy = SitePolicy()

    def step(self, frame, _reading):
        self.shown.append(frame.frame_id)
        raise PictureError("not today")


@pytest.fixture
def line():
    turns, frames, stages, clock = Turns(2), Latest(), Stages(), ManualClock()
    analyzer = Analyzer(
        "yard",
        frames=frames,
        stages=stages,
        publisher=None,
        incidents=IncidentLog("laptop/yard", None, lambda: None),
        clock=clock,
        offer=lambda *_: None,
        dropped=lambda: 0,
        keep=lambda _: None,
        thermal=lambda: None,
        usual=SimpleNamespace(learned=lambda: b""),
        turns=turns,
    )
    analyzer.start()
    yield SimpleNamespace(turns=turns, frames=frames, stages=stages, analyzer=analyzer, clock=clock)
    frames.close()
    assert analyzer.join(10)


def frame(number):
    return Frame("yard", number, number / 25, 1.7e9 + number / 25, JpegPicture(TINY))


def until(true, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.001)


def test_the_newest_picture_is_looked_at_when_the_turn_comes(line):
    with line.turns, line.turns:
        for number in range(1, 6):
            line.frames.put(frame(number))
            until(lambda: line.turns.waiting == 1)
        assert line.stages.shown == []
    until(lambda: line.stages.shown)
    assert line.stages.shown == [5]
    assert line.frames.overwritten == 4


def test_a_camera_without_a_picture_does_not_stand_in_line(line):
    with line.turns, line.turns:
        assert line.turns.waiting == 0
    line.frames.put(frame(1))
    until(lambda: line.stages.shown == [1])


def test_a_camera_that_ends_in_line_gives_its_place_back(line):
    with line.turns, line.turns:
        line.frames.put(frame(1))
        until(lambda: line.turns.waiting == 1)
        line.frames.close()
    assert line.analyzer.join(10)
    with line.turns, line.turns:
        assert line.stages.shown == []


def test_a_camera_whose_every_frame_fails_says_so_once_a_minute(line, caplog):
    line.stages.step = lambda frame, _reading: {}[frame.frame_id]
    line.stages.reset = lambda: None
    for number in range(1, 121):
        line.frames.put(frame(number))
        until(lambda number=number: line.analyzer.failures == number)
        line.clock.advance(1.0)
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"camera yard: frame {number}: analysis failed ({number} so far)" for number in (1, 61)]
