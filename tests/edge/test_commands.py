"""Commands from afar: every one is answered, in words."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from aimonitor.contract.messages import Command
from aimonitor.edge.commands import CommandDesk
from aimonitor.edge.source import SourceError


class FakeAnalyzer:
    def __init__(self):
        self.did = []
        self.latest = SimpleNamespace(frame=SimpleNamespace(frame_id=41))

    def __getattr__(self, name):
        return lambda *arguments: self.did.append((name, *arguments))


class FakeCapture:
    def __init__(self):
        self.frames = SimpleNamespace(closed=False)
        self.told = []
        self.restarts = 0
        self.hold = threading.Event()
        self.hold.set()

    def control(self, name, value):
        assert self.hold.wait(5)
        if name == "led":
            raise SourceError("led: expected a camera that has a lamp")
        self.told.append((name, value))
        return f"{name} is {value} now"

    def restart(self):
        self.restarts += 1


@pytest.fixture
def camera():
    analyzer, capture = FakeAnalyzer(), FakeCapture()
    desk = CommandDesk()
    desk.add("gate", analyzer, capture)

    def order(name, arguments, source="yard/gate", timeout_s=5.0):
        return asyncio.run(desk.obey(Command("c1", source, name, arguments, timeout_s)))

    def give(name, value=None, **options):
        return order(name, {} if value is None else {"value": value}, **options)

    return SimpleNamespace(analyzer=analyzer, capture=capture, give=give, order=order)


def test_a_snapshot_is_asked_of_the_next_frame(camera):
    result = camera.give("snapshot")
    assert (result.command_id, result.ok) == ("c1", True)
    assert camera.analyzer.did == [("snapshot",)]


def test_a_snapshot_before_the_first_picture_says_so(camera):
    camera.analyzer.latest = None
    result = camera.give("snapshot")
    assert (result.ok, result.words) == (False, "there is no picture yet")


@pytest.mark.parametrize(("name", "armed"), [("arm", True), ("disarm", False)])
def test_arming(camera, name, armed):
    assert camera.give(name).ok
    assert camera.analyzer.did == [("arm", armed)]


@pytest.mark.parametrize(
    ("arguments", "held"),
    [
        ({"value": "15"}, ("slow", 900.0)),
        ({"value": "0"}, ("slow", 0.0)),
        ({"value": "0.5", "rung": "full"}, ("full", 30.0)),
    ],
)
def test_a_camera_is_watched_for_some_minutes_although_nobody_looks(camera, arguments, held):
    assert camera.order("watch", arguments).ok
    assert camera.analyzer.did == [("hold", *held)]


@pytest.mark.parametrize(
    "arguments", [{}, {"value": "-1"}, {"value": "1441"}, {"value": "nan"}, {"value": "5", "rung": "close"}]
)
def test_what_is_no_watch_is_refused_in_words(camera, arguments):
    result = camera.order("watch", arguments)
    assert (result.ok, result.why) == (False, "invalid")
    assert "expected" in result.words
    assert camera.analyzer.did == []


def test_a_frame_size_goes_to_the_camera_by_name(camera):
    assert camera.give("frame_size", "VGA").words == "frame_size is VGA now"
    assert camera.capture.told == [("frame_size", "VGA")]


def test_what_the_camera_refuses_is_said(camera):
    result = camera.give("led", "1")
    assert (result.ok, result.words) == (False, "led: expected a camera that has a lamp")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fps", "fast", "expected 0.1 to 60, got 'fast'"),
        ("fps", "0", "expected 0.1 to 60"),
        ("fps", None, "got nothing"),
        ("policy", "castle", "castle"),
        ("dance", None, "this edge knows snapshot, arm"),
    ],
)
def test_a_wrong_command_is_answered_with_what_was_expected(camera, name, value, words):
    result = camera.give(name, value)
    assert not result.ok
    assert words in result.words


def test_a_camera_that_is_not_here(camera):
    assert "no camera 'attic' here; there is gate" in camera.give("arm", source="yard/attic").words


def test_a_rate_and_a_policy_are_taken_over(camera):
    assert camera.give("fps", "2.5").ok
    assert camera.give("policy", "shop").ok
    assert camera.analyzer.did[0] == ("limit", 2.5)
    assert camera.analyzer.did[1][1].preset == "shop"


def test_a_restart(camera):
    assert camera.give("restart").ok
    assert camera.capture.restarts == 1
    camera.capture.frames.closed = True
    assert not camera.give("restart").ok


def test_a_camera_that_takes_too_long_is_answered_for(camera):
    camera.capture.hold.clear()
    result = camera.give("frame_size", "VGA", timeout_s=0.2)
    camera.capture.hold.set()
    assert (result.ok, result.words) == (False, "frame_size was not done within 0.2 s")
