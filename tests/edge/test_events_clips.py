"""What an incident looked like: ring, disk, AVI, boxes."""

import json
import shutil
from collections import namedtuple

import cv2
import numpy as np
import pytest

from aimonitor.edge.avi import write_avi
from aimonitor.edge.clips import ClipRing, ClipStore, kept
from aimonitor.edge.snapshots import draw_boxes
from aimonitor.edge.types import Box, Event, Point, Track

NOON = 1_750_075_200.0
TRACK = Track(7, "person", 0.9, Box(0.2, 0.2, 0.4, 0.8), Point(0, 0), 0.0, 0.0)
Usage = namedtuple("Usage", "total used free")


def jpeg(shade=100, size=(64, 48)):
    return bytes(cv2.imencode(".jpg", np.full((size[1], size[0], 3), shade, np.uint8))[1])


def opened(incident_id="20260101T000000.000Z-1", at=0.0):
    return Event(incident_id, "loitering", "opened", at, NOON + at, NOON + at, "ALERT", 0.5, "loitering 30 s")


def picture(at, data=None):
    return kept(data or jpeg(int(at * 10) % 250), [TRACK], at=at, utc=NOON + at, frame_id=int(at * 5), size=(64, 48))


def film(ring, seconds, events=None):
    """Show the ring pictures at 5 fps; `events` by time. The clips that came out."""
    return [
        clip
        for step in range(int(seconds * 5) + 1)
        for clip in ring.add(picture(step / 5), (events or {}).get(step / 5, []))
    ]


def test_a_clip_goes_from_five_seconds_before_to_ten_after():
    (clip,) = film(ClipRing(), 30, {12.0: [opened()]})
    assert clip.pictures[0].at == pytest.approx(7.0)
    assert clip.pictures[-1].at == pytest.approx(22.0)
    assert clip.opening.at == pytest.approx(12.0)
    assert [later.at > sooner.at for sooner, later in zip(clip.pictures, clip.pictures[1:], strict=False)] == [
        True
    ] * 75


def test_only_opening_makes_a_clip():
    closed = Event("1", "fire", "closed", 0, NOON, NOON, "ALERT", 0.5, "")
    assert film(ClipRing(), 30, {12.0: [closed]}) == []


def test_the_ring_is_bounded_in_bytes():
    ring = ClipRing(limit_bytes=10_000)
    for step in range(100):
        ring.add(picture(step / 5, b"\xff\xd8" + b"x" * 2998), [opened()] if step == 50 else [])
    assert ring.dropped > 0


def test_at_the_end_what_is_pending_comes_out():
    ring = ClipRing()
    assert film(ring, 14, {12.0: [opened()]}) == []
    assert len(ring.finish()) == 1


def clip(incident_id, at):
    return film(ClipRing(), 13, {1.0: [opened(incident_id)]})[0] if at is None else _clip_at(incident_id, at)


def _clip_at(incident_id, at):
    ring = ClipRing()
    ring.add(picture(at), [opened(incident_id, at)])
    return ring.finish()[0]


def test_a_clip_on_disk_plays_and_holds_the_cameras_own_bytes(tmp_path):
    one = clip("incident-1", None)
    folder = ClipStore(tmp_path, headroom_bytes=0).save(one, draw_boxes(one.opening))
    assert sorted(file.name for file in folder.iterdir()) == ["boxes.jpg", "clip.avi", "clip.json", "snapshot.jpg"]
    assert (folder / "snapshot.jpg").read_bytes() == one.opening.jpeg
    avi = (folder / "clip.avi").read_bytes()
    assert all(each.jpeg in avi for each in one.pictures)
    video = cv2.VideoCapture(str(folder / "clip.avi"))
    assert video.get(cv2.CAP_PROP_FPS) == 5.0
    shades = []
    while True:
        there, frame = video.read()
        if not there:
            break
        shades.append(int(frame.mean()))
    video.release()
    assert len(shades) == len(one.pictures)
    about = json.loads((folder / "clip.json").read_bytes())
    assert about["kind"] == "loitering"
    assert about["pictures"][0]["tracks"][0]["label"] == "person"
    assert len(about["pictures"]) == len(one.pictures)


def test_a_pause_of_the_camera_is_a_pause_of_the_film(tmp_path):
    pictures = [(0.0, jpeg(10)), (0.2, jpeg(60)), (0.4, jpeg(110)), (2.4, jpeg(160)), (2.6, jpeg(210))]
    write_avi(tmp_path / "film.avi", pictures, (64, 48))
    video = cv2.VideoCapture(str(tmp_path / "film.avi"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 14
    video.release()


def test_a_film_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one picture"):
        write_avi(tmp_path / "film.avi", [], (64, 48))


def test_the_oldest_incident_goes_first_when_the_share_is_full(tmp_path):
    store = ClipStore(tmp_path, limit_bytes=320_000, headroom_bytes=0)
    for number in range(1, 5):
        ring = ClipRing()
        ring.add(picture(number, b"\xff\xd8" + b"x" * 100_000), [opened(f"incident-{number}", number)])
        assert store.save(ring.finish()[0]) is not None
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["incident-4"]
    assert store.removed == 3


def test_what_is_too_old_goes_however_much_room_there_is(tmp_path):
    store = ClipStore(tmp_path, headroom_bytes=0, keep_s=3600)
    for number, at in enumerate((0.0, 3000.0, 5000.0)):
        store.save(_clip_at(f"incident-{number}", at))
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["incident-1", "incident-2"]


def test_on_a_full_disk_nothing_is_written_and_it_is_counted(tmp_path, monkeypatch):
    store = ClipStore(tmp_path, headroom_bytes=1_000_000)
    store.save(_clip_at("incident-1", 0.0))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 5000, 5000))
    assert store.save(_clip_at("incident-2", 10.0)) is None
    assert (store.refused, list(tmp_path.iterdir())) == (1, [])


@pytest.mark.parametrize("name", ["", "../escape", "a/b", ".hidden"])
def test_an_id_that_is_a_path_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="fit for a file name"):
        ClipStore(tmp_path).save(_clip_at(name, 0.0))


def test_boxes_are_drawn_where_the_tracks_are():
    plain = picture(1.0, jpeg(100, (640, 480)))
    drawn = cv2.imdecode(np.frombuffer(draw_boxes(plain), np.uint8), cv2.IMREAD_COLOR)
    assert abs(int(drawn[240, 128, 2]) - 255) < 40  # the left edge of the box, in its color
    assert abs(int(drawn[240, 500, 2]) - 100) < 10
    with pytest.raises(ValueError, match="expected a JPEG"):
        draw_boxes(picture(1.0, b"\xff\xd8nonsense"))
