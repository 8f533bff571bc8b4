"""Cameras exchanged in a running edge: the others go on, a wrong one changes nothing, nothing is left behind."""

import asyncio
import threading
import time

import cv2
import numpy as np
import pytest

from aimonitor.common.clock import SystemClock
from aimonitor.common.settings import SettingsError
from aimonitor.contract import messages
from aimonitor.contract.overlays import Layout
from aimonitor.edge.budget import Budget, BudgetLimits
from aimonitor.edge.camera import Surroundings
from aimonitor.edge.journal import Journal
from aimonitor.edge.lineup import Lineup
from aimonitor.edge.settings import CameraSettings
from aimonitor.edge.types import Detections


class Nothing:
    """A detector that finds nothing."""

    detail = None

    def detect(self, _picture):
        return Detections.none()


class Uplink:
    """What the hub would have been told."""

    def __init__(self):
        self.declared, self.said = [], []

    def declare(self, cameras):
        self.declared.append([camera.camera_id for camera in cameras])

    def say(self, message):
        self.said.append(message)

    def offer(self, _camera_id, _shot):
        pass

    def event_stored(self):
        pass


@pytest.fixture
def film(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for number in range(20):
        writer.write(np.full((120, 160, 3), 40 + 5 * number, np.uint8))
    writer.release()
    return tmp_path / "film.avi"


@pytest.fixture
def stage(tmp_path, film):
    """What a lineup is made in; says who came and went."""

    class Stage:
        def __init__(self):
            clock = SystemClock()
            self.uplink, self.journal, self.told = Uplink(), Journal(tmp_path / "edge.sqlite3", clock), []
            self.budget = Budget(BudgetLimits(), clock.monotonic())
            self.around = Surroundings(
                "yard",
                clock,
                Nothing(),
                self.journal,
                self.uplink,
                None,
                "thumbnail",
                self.budget,
                tmp_path / "policies",
            )

        def camera(self, camera_id, **fields):
            return CameraSettings(id=camera_id, **{"source": str(film), "loop": True, **fields})

        def lineup(self, *cameras):
            came, left = lambda name, _: self.told.append(f"+{name}"), lambda name: self.told.append(f"-{name}")
            return Lineup(cameras, self.around, came, left)

    made = Stage()
    yield made
    made.journal.close()


def run(tell):
    """Run a story on a loop; no thread of a camera is left behind."""
    asyncio.run(tell())
    until = time.monotonic() + 5
    while any(thread.name.startswith(("capture-", "analyze-")) for thread in threading.enumerate()):
        assert time.monotonic() < until, threading.enumerate()
        time.sleep(0.01)


def test_one_comes_one_goes_and_one_goes_on(stage):
    async def tell():
        lineup = stage.lineup(stage.camera("gate"), stage.camera("door"))
        lineup.start()
        gate = lineup.cameras["gate"]
        await lineup.exchange([stage.camera("gate"), stage.camera("lane"), stage.camera("attic", name="Attic")])
        assert list(lineup.cameras) == ["gate", "lane", "attic"]
        assert lineup.cameras["gate"] is gate
        assert stage.told == ["+gate", "+door", "-door", "+lane", "+attic"]
        assert stage.uplink.declared == [["gate", "lane", "attic"]]
        await lineup.close()

    run(tell)


def test_the_end_comes_in_the_middle_of_an_exchange(stage):
    async def tell():
        lineup = stage.lineup(stage.camera("gate"))
        lineup.start()
        exchanging = asyncio.create_task(lineup.exchange([stage.camera("lane")]))
        await asyncio.sleep(0)
        await lineup.close()
        await exchanging
        assert all(camera.capture.frames.closed for camera in lineup.cameras.values())

    run(tell)


def test_a_camera_that_is_told_otherwise_begins_anew(stage):
    async def tell():
        lineup = stage.lineup(stage.camera("gate"))
        lineup.start()
        gate = lineup.cameras["gate"]
        await lineup.exchange([stage.camera("gate", name="Gate")])
        assert lineup.cameras["gate"] is not gate
        assert gate.capture.frames.closed
        await lineup.exchange([stage.camera("gate", name="Gate")])
        assert stage.told == ["+gate", "-gate", "+gate"]
        await lineup.close()

    run(tell)


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "gopher://x"},
        {"source": "missing.avi"},
        {"policy": "missing.toml"},
        {"thermal": "carrier-pigeon://x"},
    ],
)
def test_one_that_is_wrong_changes_nothing(stage, wrong):
    async def tell():
        lineup = stage.lineup(stage.camera("gate"))
        lineup.start()
        before = dict(lineup.cameras)
        fine = stage.camera("door", thermal="http://127.0.0.1:1/thermal.json")
        with pytest.raises(SettingsError, match="camera lane:") as refused:
            await lineup.exchange([stage.camera("gate"), fine, stage.camera("lane", **wrong)])
        assert refused.value.problems[0][0] == "cameras.lane"
        assert (lineup.cameras, stage.told, stage.uplink.declared) == (before, ["+gate"], [])
        await lineup.close()

    run(tell)


def test_its_zones_are_said_at_first_and_when_they_change(stage, tmp_path):
    async def tell():
        path = tmp_path / "policies" / "gate.toml"
        path.parent.mkdir()
        path.write_text("[zones.Gate]\npolygon = [[0, 0], [1, 0], [1, 1]]\n", encoding="utf-8")
        lineup = stage.lineup(stage.camera("gate"), stage.camera("door"))
        lineup.start()
        for at in (100.0, 101.0, 112.0):
            lineup.check(at)
        assert [(each.source, [zone.name for zone in each.zones]) for each in layouts(stage)] == [
            ("yard/gate", ["Gate"]),
            ("yard/door", []),
        ]
        path.write_text("", encoding="utf-8")
        lineup.check(113.0)
        lineup.check(114.0)
        assert [len(each.zones) for each in layouts(stage)] == [1, 0, 0]
        await lineup.exchange([stage.camera("gate"), stage.camera("door", loop=False)])
        lineup.check(115.0)
        assert [each.source for each in layouts(stage)][3:] == ["yard/door"]
        await lineup.close()

    run(tell)


def layouts(stage):
    return [said for said in stage.uplink.said if isinstance(said, Layout)]


def test_what_can_be_done_with_a_camera_is_said_when_it_changes(stage):
    async def tell():
        lineup = stage.lineup(stage.camera("gate"))
        lineup.start()
        at = 100.0
        lineup.check(at)
        lineup.check(at + 1)
        lineup.cameras["gate"].analyzer.arm(False)
        lineup.check(at + 2)
        lineup.check(at + 11)
        armed = [said.armed for said in stage.uplink.said if isinstance(said, messages.Status)]
        assert armed[0] is True
        assert armed.count(False) >= 2  # when it changed, and when it was due
        assert {"snapshot", "restart"} <= set(stage.uplink.said[-1].controls)
        await lineup.close()

    run(tell)
