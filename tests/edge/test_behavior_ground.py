"""From four clicks and a distance to metres."""

import numpy as np
import pytest

from aimonitor.edge.ground import CalibrationError, calibrate, calibrate_points
from aimonitor.edge.types import Point, Size
from aimonitor.simulator.stage import StageCamera

SIZE = Size(640, 480)
CAMERA = StageCamera()
WAYS = ((1, 0), (0, 1), (1, 0.1), (1, -0.1), (1, 0.5), (-0.3, 1))
"""Directions in the image: across and along the view, and aslant."""


def corners(x1=-3.0, y1=8.0, x2=3.0, y2=16.0, turn=0.0):
    """Of a rectangle on the ground, turned by `turn` radians about its middle."""
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    return [CAMERA.project(*(middle + rotation @ (place - middle))) for place in places]


def distance(ground, one, other):
    a, b = ground.locate(*CAMERA.project(*one)), ground.locate(*CAMERA.project(*other))
    return float(np.hypot(a.x - b.x, a.y - b.y))


@pytest.mark.parametrize("turn", [0.3, 0.7, 1.2])
def test_one_side_of_a_rectangle_is_enough_when_perspective_shows_the_other(turn):
    ground = calibrate(corners(turn=turn), 6.0, SIZE)
    assert distance(ground, (-2, 9), (4, 17)) == pytest.approx(10.0, rel=1e-6)


def test_a_rectangle_that_faces_the_camera_needs_both_sides_and_says_so():
    with pytest.raises(CalibrationError, match="measure it as well"):
        calibrate(corners(), 6.0, SIZE)
    ground = calibrate(corners(), 6.0, SIZE, second_m=8.0)
    assert distance(ground, (-2, 9), (4, 17)) == pytest.approx(10.0, rel=1e-6)


def test_from_straight_above_there_is_no_perspective_and_none_is_needed():
    square = [Point(0.25, 0.25), Point(0.75, 0.25), Point(0.75, 0.75), Point(0.25, 0.75)]
    ground = calibrate(square, 4.0, Size(400, 400))
    spot = ground.locate(0.5, 0.75)
    assert (spot.x, spot.y) == pytest.approx((2.0, 4.0))


def test_four_known_places_are_used_as_they_are():
    places = [Point(-5, 7), Point(4, 8), Point(6, 20), Point(-3, 18)]
    ground = calibrate_points([CAMERA.project(*place) for place in places], places, SIZE)
    spot = ground.locate(*CAMERA.project(1.5, 12.0))
    assert (spot.x, spot.y) == pytest.approx((1.5, 12.0))


def test_the_jacobian_is_the_derivative():
    ground = calibrate(corners(turn=0.5), 6.0, SIZE)
    at, right, down = ground.locate(0.5, 0.6), ground.locate(0.5001, 0.6), ground.locate(0.5, 0.6001)
    assert ((right.x - at.x) / 1e-4, (right.y - at.y) / 1e-4) == pytest.approx((at.xu, at.yu), rel=1e-2)
    assert ((down.x - at.x) / 1e-4, (down.y - at.y) / 1e-4) == pytest.approx((at.xv, at.yv), rel=1e-2)


def test_above_the_horizon_there_is_no_ground():
    ground = calibrate(corners(turn=0.5), 6.0, SIZE)
    assert ground.locate(0.5, 0.01) is None
    assert ground.locate(0.5, 0.9) is not None


def test_the_error_of_lengths_is_what_clicks_of_that_error_do():
    """Monte Carlo: the spread of the length of a step over many noisy calibrations, against the promised one."""
    draw = np.random.default_rng(3)
    exact = corners()
    u, v = CAMERA.project(0.5, 12)
    steps = []
    for _ in range(300):
        clicked = [Point(x + draw.normal(0, 1) / 640, y + draw.normal(0, 1) / 480) for x, y in exact]
        spot = calibrate(clicked, 6.0, SIZE, second_m=8.0).locate(u, v)
        steps.append([np.hypot(spot.xu * du + spot.xv * dv, spot.yu * du + spot.yv * dv) for du, dv in WAYS])
    spread = np.std(steps, axis=0) / np.mean(steps, axis=0)
    ground = calibrate(exact, 6.0, SIZE, second_m=8.0, click_px=1.0, side_error=0.0)
    assert [ground.stretch(u, v, *way) for way in WAYS] == pytest.approx(1.1 * spread, rel=0.2)


@pytest.mark.parametrize(
    ("points", "side_m", "said"),
    [
        ([Point(0, 0), Point(1, 0), Point(1, 1)], 2.0, "expected 4 points, got 3"),
        ([Point(0, 0), Point(0.5, 0), Point(1, 0), Point(0, 1)], 2.0, "lie on one line"),
        ([Point(0, 0), Point(1, 1), Point(1, 0), Point(0, 1)], 2.0, "cross over"),
        ([Point(0, 0), Point(1, 0), Point(1, 1), Point(0, float("nan"))], 2.0, "finite"),
        ([Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)], 0.0, "above 0"),
    ],
)
def test_points_that_are_no_rectangle_are_refused_with_the_reason(points, side_m, said):
    with pytest.raises(CalibrationError, match=said):
        calibrate(points, side_m, SIZE)
