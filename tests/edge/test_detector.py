"""The stage: geometry, classes, duplicates, and scores that mean the same at every size."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.detector import (
    OF_INTEREST,
    SURE,
    Calibration,
    Detector,
    Inference,
    fit,
    nms,
    overlap,
    to_fractions,
)
from aimonitor.edge.heads import Candidates, recognize
from aimonitor.edge.types import Size
from aimonitor.models.coco import COCO80

INPUT = Size(416, 416)
VGA = Size(640, 480)


@dataclass
class Plain:
    """A picture of a size; nobody looks at its pixels here."""

    size: Size = VGA

    @property
    def width(self):
        return self.size.width

    @property
    def height(self):
        return self.size.height


@dataclass
class Network:
    """Says what it is told to say, as an end-to-end network: x1, y1, x2, y2 in input pixels, score, class."""

    rows: list = field(default_factory=list)

    def run(self, picture):
        output = np.zeros((1, 50, 6), np.float32)
        if self.rows:
            output[0, : len(self.rows)] = self.rows
        return Inference([output], fit(picture.size, INPUT, letterbox=True))


def detector(*rows, calibration=None, **options):
    head = recognize(INPUT, [(1, 50, 6)])
    return Detector(Network(list(rows)), head, COCO80, calibration or Calibration(), **options)


def test_pixels_of_the_input_become_fractions_of_the_picture():
    found = detector((0, 0, 208, 156, 0.9, 0)).detect(Plain(VGA))  # the picture covers 416x312 of 416x416
    assert found.labels == ("person",)
    np.testing.assert_allclose(found.boxes, [[0, 0, 0.5, 0.5]])
    assert found.scores[0] == pytest.approx(0.9)


def test_boxes_end_at_the_edge_of_the_picture():
    found = detector((-50, 100, 60, 415, 0.9, 0)).detect(Plain(VGA))
    assert found.boxes[0].tolist() == [0, pytest.approx(100 / 312), pytest.approx(60 / 416), 1]


def test_what_lies_outside_the_picture_or_has_no_area_is_nothing():
    below = (10, 350, 60, 400, 0.9, 0)
    point = (50, 50, 50, 80, 0.9, 0)
    turned = (60, 60, 50, 80, 0.9, 0)
    nan = (float("nan"), 60, 90, 80, 0.9, 0)
    assert len(detector(below, point, turned, nan).detect(Plain(VGA))) == 0


def test_an_empty_picture_gives_nothing():
    assert len(detector().detect(Plain())) == 0


def test_people_vehicles_and_animals_are_kept_and_furniture_is_not():
    rows = [
        (i * 8, 0, i * 8 + 7, 50, 0.9, COCO80.index(name)) for i, name in enumerate(("person", "chair", "dog", "kite"))
    ]
    assert detector(*rows).detect(Plain()).labels == ("person", "dog")
    assert detector(*rows, keep={"kite"}).detect(Plain()).labels == ("kite",)
    assert {"bicycle", "car", "motorcycle", "bus", "truck", "cat"} <= OF_INTEREST
    assert "sports ball" not in OF_INTEREST


@pytest.mark.parametrize("class_", [-1, 80, 1e9, float("nan"), float("inf")])
def test_a_class_that_does_not_exist_is_nothing(class_):
    assert len(detector((0, 0, 50, 50, 0.9, class_)).detect(Plain())) == 0


def test_scores_mean_the_same_at_every_size():
    calibration = Calibration(small=0.3, large=0.5)
    for size, raw in ((Size(160, 120), 0.3), (Size(320, 240), 0.3 + 0.2 / 3), (VGA, 0.5), (Size(1600, 1200), 0.5)):
        found = detector((0, 0, 50, 50, raw, 0), calibration=calibration).detect(Plain(size))
        assert found.scores[0] == pytest.approx(SURE), size


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(1, 4000))
def test_calibration_keeps_order_and_ends(small, large, height):
    exponent = Calibration(small, large).exponent(Size(640, height))
    assert exponent > 0
    scores = np.linspace(0, 1, 11) ** exponent
    assert (np.diff(scores) > 0).all()
    assert (scores[0], scores[-1]) == (0, 1)


@pytest.mark.parametrize("bad", [0.0, 1.0, -1.0, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(bad):
    with pytest.raises(ValueError, match="expected scores between 0 and 1"):
        Calibration(small=bad)


def test_the_least_score_is_the_reported_one():
    rows = [(i * 60, 0, i * 60 + 50, 50, score, 0) for i, score in enumerate((0.9, 0.3, 0.12, 0.08))]
    assert len(detector(*rows).detect(Plain())) == 3
    assert len(detector(*rows, least=0.5).detect(Plain())) == 1


@pytest.mark.parametrize(
    ("picture", "network", "letterbox", "content"),
    [
        (VGA, INPUT, True, (416, 312)),
        (Size(480, 640), INPUT, True, (312, 416)),
        (Size(160, 120), INPUT, True, (416, 312)),
        (Size(640, 480), Size(416, 320), True, (416, 312)),
        (VGA, INPUT, False, (416, 416)),
        (Size(5000, 1), INPUT, True, (416, 1)),
    ],
)
def test_a_picture_keeps_its_shape_when_letterboxed(picture, network, letterbox, content):
    assert fit(picture, network, letterbox=letterbox) == content


@given(st.integers(1, 8000), st.integers(1, 8000), st.integers(32, 1280), st.integers(32, 1280))
def test_a_picture_never_leaves_the_input(width, height, columns, rows):
    content = fit(Size(width, height), Size(columns, rows), letterbox=True)
    assert 1 <= content.width <= columns
    assert 1 <= content.height <= rows
    assert content.width == columns or content.height == rows


def candidates(*rows):
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(table[:, :4], table[:, 4], table[:, 5].astype(np.intp))


def test_the_best_of_overlapping_boxes_of_a_class_stays():
    found = candidates((0, 0, 10, 10, 0.9, 0), (1, 0, 11, 10, 0.8, 0), (20, 0, 30, 10, 0.7, 0))
    assert nms(found, 0.5).tolist() == [0, 2]


def test_a_box_that_only_a_suppressed_one_overlaps_stays():
    chain = candidates((0, 0, 10, 10, 0.9, 0), (4, 0, 14, 10, 0.8, 0), (8, 0, 18, 10, 0.7, 0))
    assert nms(chain, 0.4).tolist() == [0, 2]


def test_boxes_of_two_classes_are_two_objects_unless_they_are_all_but_one():
    rider = candidates((0, 0, 10, 10, 0.9, 0), (0, 3, 10, 10, 0.8, 3))
    assert nms(rider, 0.5).tolist() == [0, 1]
    van = candidates((0, 0, 100, 100, 0.9, 2), (1, 1, 100, 100, 0.8, 7))
    assert nms(van, 0.5).tolist() == [0]


def test_nothing_overlaps_nothing():
    assert nms(candidates(), 0.5).tolist() == []


coordinate = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=8))
def test_overlap_is_a_share_symmetric_and_one_with_itself(rows):
    boxes = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in rows], np.float32)
    shares = overlap(boxes, boxes)
    assert ((shares >= 0) & (shares <= 1.001)).all()
    np.testing.assert_allclose(shares, shares.T, atol=1e-6)
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    np.testing.assert_allclose(np.diag(shares)[sizes > 1e-6], 1, atol=1e-3)


numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(*(numbers,) * 6), max_size=20))
def test_whatever_a_network_says_boxes_stay_in_the_picture(rows):
    found = detector(*rows).detect(Plain())
    assert ((found.boxes >= 0) & (found.boxes <= 1)).all()
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert set(found.labels) <= OF_INTEREST


def test_fractions_of_a_stretched_picture():
    moved = to_fractions(candidates((41.6, 0, 416, 208, 0.9, 0)), INPUT)
    np.testing.assert_allclose(moved.boxes, [[0.1, 0, 1, 0.5]], atol=1e-6)
