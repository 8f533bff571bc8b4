"""What an edge keeps on disk: clips of incidents and the scenes that explain its risk, never at a camera's cost."""

import dataclasses
import json
import os
import time

import cv2
import numpy as np
import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.edge import keeper as keeper_module
from aimonitor.edge.keeper import Keeper, Memory
from aimonitor.edge.pictures import ArrayPicture, JpegPicture
from aimonitor.edge.recording import RecordedScene, between, to_line
from aimonitor.edge.snapshots import draw_boxes
from aimonitor.edge.types import Box, Event, Frame, Observation, Point, Risk, Scene, SceneBehavior, Track

PIXELS = np.full((120, 160, 3), 90, np.uint8)
JPEG = cv2.imencode(".jpg", PIXELS)[1].tobytes()


def observed(frame_id, fps=5.0, events=(), picture=None, busy=True):
    at = frame_id / fps
    frame = Frame("gate", frame_id, at, 1_700_000_000 + at, picture or JpegPicture(JPEG))
    track = Track(3, "person", 0.9, Box(0.2, 0.2, 0.4, 0.8), Point(0, 0), 0.0, at)
    tracks = (track,) if busy else ()
    return Observation(frame, tracks, Scene(persons=1), SceneBehavior(), Risk(0.1, "NORMAL"), events)


def opened(at=4.0):
    return Event("i-1", "loitering", "opened", at, 1_700_000_004, 1_700_000_004, "WATCH", 0.4, "loitering 47 s")


def play(memory, keeper, seconds, fps=5.0, event_at=20):
    for frame_id in range(1, int(seconds * fps)):
        events = (opened(),) if frame_id == event_at else ()
        keeper.keep(memory.take(observed(frame_id, fps, events)))


def test_an_incident_leaves_a_snapshot_with_and_without_boxes_and_a_clip(tmp_path):
    keeper, memory = Keeper(tmp_path), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=16)
    keeper.close()
    folder = tmp_path / "clips" / "gate" / "i-1"
    assert {file.name for file in folder.iterdir()} == {"snapshot.jpg", "boxes.jpg", "clip.avi", "clip.json"}
    assert (folder / "snapshot.jpg").read_bytes() == JPEG
    index = json.loads((folder / "clip.json").read_text())
    times = [picture["utc"] - 1_700_000_000 for picture in index["pictures"]]
    assert times[0] <= 1.0
    assert 13.5 <= times[-1] <= 14.5
    assert (keeper.failed, keeper.dropped) == (0, 0)


def test_a_picture_that_cannot_be_drawn_on_costs_itself_only(tmp_path, monkeypatch):
    def fails_once(picture):
        monkeypatch.setattr(keeper_module, "draw_boxes", draw_boxes)
        raise cv2.error("no memory for it")

    monkeypatch.setattr(keeper_module, "draw_boxes", fails_once)
    keeper, memory = Keeper(tmp_path), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=16)
    keeper.close()
    assert (tmp_path / "clips" / "gate" / "i-1" / "clip.avi").is_file()
    assert keeper.failed == 1


def test_a_clip_that_still_runs_is_kept_when_the_camera_stops(tmp_path):
    keeper, memory = Keeper(tmp_path), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=6)
    keeper.keep(memory.finish())
    keeper.close()
    assert (tmp_path / "clips" / "gate" / "i-1" / "clip.avi").is_file()


def test_the_opening_picture_is_there_before_the_clip_is_complete(tmp_path):
    told = []
    keeper, memory = Keeper(tmp_path, lambda *incident: told.append(incident)), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=6)
    keeper.close()
    folder = tmp_path / "clips" / "gate" / "i-1"
    assert {file.name for file in folder.iterdir()} == {"snapshot.jpg", "boxes.jpg"}
    assert (folder / "snapshot.jpg").read_bytes() == JPEG
    assert told == [("gate", "i-1")]


@pytest.mark.parametrize(("busy", "lines"), [(False, 20), (True, 50)])
def test_scenes_are_recorded_twice_a_second_and_more_often_while_something_is_in_view(tmp_path, busy, lines):
    keeper, memory = Keeper(tmp_path), Memory("gate")
    keeper.start()
    for frame_id in range(1, 200):
        keeper.keep(memory.take(observed(frame_id, fps=20.0, busy=busy)))
    keeper.keep(memory.finish())
    keeper.close()
    recorded = list(between(keeper.scenes_of("gate"), 0.0, 2e9))
    assert abs(len(recorded) - lines) <= 1
    assert (recorded[0].width, recorded[0].height) == (160, 120)


def test_what_a_mask_hides_is_recorded_beside_the_scene():
    seen = observed(1)
    hidden = dataclasses.replace(seen, behavior=SceneBehavior(masked=frozenset({3})))
    memory = Memory("gate")
    memory.take(hidden)
    assert memory.finish()[0].what[0].masked == seen.tracks


def test_a_line_that_is_half_written_is_left_out(tmp_path):
    whole = to_line(RecordedScene(1.0, 1_700_000_001.0, Scene()))
    (tmp_path / "20231114T2213.jsonl").write_bytes(whole + whole[:20])
    assert [each.utc for each in between(tmp_path, 1_700_000_000.0, 1_700_000_060.0)] == [1_700_000_001.0]
    assert list(between(tmp_path, 1_700_000_100.0, 1_700_000_160.0)) == []


def test_pictures_that_cost_an_encoding_are_taken_twice_a_second():
    memory, encoded = Memory("gate"), 0

    class Counting(ArrayPicture):
        def jpeg(self):
            nonlocal encoded
            encoded += 1
            return super().jpeg()

    for frame_id in range(1, 201):
        memory.take(observed(frame_id, fps=20.0, picture=Counting(PIXELS)))
    assert 19 <= encoded <= 21


def test_a_disk_that_refuses_is_counted_and_does_not_end_the_keeper(tmp_path):
    (tmp_path / "clips").write_text("a file where a folder should be")
    keeper, memory = Keeper(tmp_path), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=16)
    keeper.close()
    assert keeper.failed == 2  # the opening picture, and the clip
    assert list((tmp_path / "scenes" / "gate").iterdir())


def test_clips_that_are_too_old_go_although_nothing_new_comes(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper_module, "_LOOK_EVERY_S", 0.01)
    clock = ManualClock(utc=1_700_000_000.0)
    keeper, memory = Keeper(tmp_path, clock=clock), Memory("gate")
    keeper.start()
    play(memory, keeper, seconds=16)
    clip, left = tmp_path / "clips" / "gate" / "i-1", tmp_path / "clips" / "removed camera" / "i-2"
    left.mkdir(parents=True)
    os.utime(left, (1_700_000_000.0, 1_700_000_000.0))
    until((clip / "clip.avi").exists)
    clock.advance(13 * 86_400.0)
    until(lambda: keeper._sweep_at > clock.monotonic())
    assert (clip.exists(), left.exists()) == (True, True)
    clock.advance(2 * 86_400.0)
    until(lambda: not clip.exists() and not left.exists())
    keeper.close()


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
