"""Cameras that stand in line for the detector do so with empty hands: what they show it is their newest picture."""

import dataclasses
import time
from types import SimpleNamespace

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.common.mailbox import Latest
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.incident_log import IncidentLog
from aimonitor.edge.inference import Turns
from aimonitor.edge.journal import Journal, Limits
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.publisher import Publisher
from aimonitor.edge.types import Event, Frame, Observation, PictureError, Risk, Scene, SceneBehavior

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
def line(tmp_path):
    turns, frames, stages, clock = Turns(2), Latest(), Stages(), ManualClock()
    journal = Journal(tmp_path / "edge.sqlite3", clock, Limits(min_free_bytes=0))
    analyzer = Analyzer(
        "yard",
        frames=frames,
        stages=stages,
        publisher=Publisher("laptop/yard", "full"),
        incidents=IncidentLog("laptop/yard", journal, lambda: None),
        clock=clock,
        offer=lambda *_: None,
        dropped=lambda: 0,
        keep=lambda _: None,
        thermal=lambda: None,
        usual=SimpleNamespace(learned=lambda: b"", take=lambda _: None, due=lambda _: False),
        turns=turns,
    )
    analyzer.start()
    yield SimpleNamespace(turns=turns, frames=frames, stages=stages, analyzer=analyzer, clock=clock, journal=journal)
    frames.close()
    assert analyzer.join(10)
    journal.close()


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


class Spoiled(JpegPicture):
    """Could be looked at, and cannot be sent or kept."""

    def jpeg(self):
        raise PictureError("cannot be encoded")


def test_an_event_is_stored_although_its_picture_can_neither_be_kept_nor_sent(line):
    opened = Event("i-1", "loitering", "opened", 1.0, 1.7e9, 1.7e9, "WATCH", 0.4, "loitering 47 s")
    closed = dataclasses.replace(opened, phase="closed")
    events = {1: (opened,), 2: (), 3: (closed,)}

    def step(frame, _reading):
        return Observation(frame, (), Scene(), SceneBehavior(), Risk(0.1, "NORMAL"), events[frame.frame_id])

    line.stages.step, line.stages.alignment = step, Alignment()
    for number in (1, 2, 3):
        line.frames.put(dataclasses.replace(frame(number), picture=Spoiled(TINY)))
        until(lambda number=number: line.analyzer.bad_pictures == number)
    assert [(each.incident_id, each.phase) for each in line.journal.after(0)] == [("i-1", "opened"), ("i-1", "closed")]
    assert (line.analyzer.failures, line.analyzer.frames) == (0, 3)
