"""The focus: small things in large pictures are looked at in detail, nothing beside them is lost for long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.focus import Focus, frame_around, inside
from aimonitor.edge.motion import MotionGate
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.types import Box, Detections, Point, Size, Track

DETAIL = Size(416, 416)
LARGE = Size(1920, 1080)
WALKER = Box(0.60, 0.50, 0.62, 0.58)

fractions = st.floats(0, 1, width=32)


def found(*boxes):
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32), ("person",) * len(boxes)
    )


def track(box):
    return Track(1, "person", 0.9, box, Point(0, 0), 0.0, 0.0)


class Watcher:
    """Finds bright pixels, as one box; remembers how large the pictures were that it was shown."""

    detail = DETAIL

    def __init__(self):
        self.sizes = []

    def detect(self, picture):
        self.sizes.append((picture.width, picture.height))
        rows, columns = np.nonzero(picture.bgr()[:, :, 0] > 200)
        if not len(rows):
            return Detections.none()
        scale = np.array([picture.width, picture.height] * 2)
        return found(np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / scale)


def picture(*boxes, size=LARGE):
    pixels = np.full((size.height, size.width, 3), 60, np.uint8)
    for box in boxes:
        rows = slice(round(box.y1 * size.height), round(box.y2 * size.height))
        pixels[rows, round(box.x1 * size.width) : round(box.x2 * size.width)] = 255
    return ArrayPicture(pixels)


def test_a_far_walker_is_looked_at_in_the_cameras_own_detail_and_found_where_he_is():
    watcher = Watcher()
    seen = Focus(watcher).detect(picture(WALKER), WALKER, ())
    [(width, height)] = watcher.sizes
    assert width == 416
    assert width / height == pytest.approx(LARGE.width / LARGE.height, rel=0.01)
    assert seen.boxes[0] == pytest.approx(WALKER, abs=0.002)


def test_every_fifth_look_is_at_the_whole():
    watcher = Watcher()
    focus = Focus(watcher)
    for _ in range(10):
        focus.detect(picture(WALKER), WALKER, ())
    whole = [place for place, size in enumerate(watcher.sizes) if size == LARGE]
    assert whole == [4, 9]


def test_without_motion_or_tracks_it_looks_at_the_whole():
    watcher = Watcher()
    Focus(watcher).detect(picture(), None, ())
    assert watcher.sizes == [LARGE]


def test_who_stands_still_is_kept_in_view():
    watcher = Watcher()
    standing = Box(0.3, 0.4, 0.32, 0.5)
    seen = Focus(watcher).detect(picture(standing), WALKER, [track(standing)])
    assert watcher.sizes[0] != LARGE
    assert seen.boxes[0] == pytest.approx(standing, abs=0.002)


def test_what_the_frame_cuts_is_left_out_and_in_the_next_frame():
    watcher = Watcher()
    focus = Focus(watcher)
    bus = Box(0.35, 0.5, 0.75, 0.6)
    front = Box(0.70, 0.5, 0.75, 0.6)
    assert len(focus.detect(picture(bus), front, ())) == 0
    later = [focus.detect(picture(bus), front, ()) for _ in range(2)]
    assert watcher.sizes[0] < watcher.sizes[1] < LARGE
    assert later[-1].boxes[0] == pytest.approx(bus, abs=0.002)


def test_small_pictures_and_indifferent_detectors_see_the_whole():
    watcher = Watcher()
    for size in (Size(160, 120), Size(416, 320), Size(560, 420)):
        Focus(watcher).detect(picture(WALKER, size=size), WALKER, ())
    assert watcher.sizes == [(160, 120), (416, 320), (560, 420)]
    watcher.sizes, watcher.detail = [], None
    Focus(watcher).detect(picture(WALKER), WALKER, ())
    assert watcher.sizes == [LARGE]


@given(st.lists(st.tuples(fractions, fractions, fractions, fractions), max_size=5))
def test_a_frame_holds_all_that_it_was_drawn_around_and_lies_in_the_picture(corners):
    boxes = [Box(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    part = frame_around(boxes, LARGE, DETAIL)
    if part is None:
        return
    assert part.x1 >= 0
    assert part.y1 >= 0
    assert max(part.x2, part.y2) <= 1 + 1e-9
    assert part.width == pytest.approx(part.height)
    assert part.width * LARGE.width >= DETAIL.width - 1e-6
    for box in boxes:
        assert part.x1 <= box.x1 + 1e-9
        assert part.y1 <= box.y1 + 1e-9
        assert part.x2 >= box.x2 - 1e-9
        assert part.y2 >= box.y2 - 1e-9


def test_an_edge_that_is_the_pictures_own_cuts_nothing():
    boxes = found((0.0, 0.0, 0.3, 0.3), (0.5, 0.5, 1.0, 0.9))
    kept, cut = inside(boxes, Box(0.0, 0.0, 0.5, 0.5))
    assert kept.boxes.tolist() == [pytest.approx([0.0, 0.0, 0.15, 0.15])]
    assert cut == [pytest.approx(Box(0.25, 0.25, 0.5, 0.45))]


def test_the_gate_says_where_it_moved():
    gate = MotionGate()
    still = np.full((90, 160), 90, np.uint8)
    assert gate.look(still, 0.0, ())
    assert gate.moved is None
    walker = still.copy()
    walker[40:60, 80:88] = 250
    assert gate.look(walker, 0.1, ())
    assert gate.moved == pytest.approx(Box(80 / 160, 40 / 88, 88 / 160, 60 / 88))
    assert gate.look(walker, 5.0, ())
    assert gate.moved is None
