"""The simulator's own truth must be true."""

import cv2
import numpy as np
import pytest

from aimonitor.edge.types import Size
from aimonitor.simulator.render import jpeg, render
from aimonitor.simulator.scenes import PERFECT, TYPICAL, Noise
from aimonitor.simulator.scripts import SCRIPTS, YARD, build
from aimonitor.simulator.stage import go_on, stay, walk


def test_the_camera_projects_as_a_pinhole_does():
    """Against OpenCV's projectPoints."""
    tilt = np.radians(YARD.tilt_deg)
    down = np.array([[1, 0, 0], [0, -np.sin(tilt), -np.cos(tilt)], [0, np.cos(tilt), -np.sin(tilt)]])
    position = np.array([0.0, 0.0, YARD.height_m])
    matrix = np.array([[YARD.focal_px, 0, 320], [0, YARD.focal_px, 240], [0, 0, 1.0]])
    places = np.array([(0, 10, 0), (3, 12, 1.75), (-5, 30, 0.5)], np.float64)
    expected, _ = cv2.projectPoints(places, cv2.Rodrigues(down)[0], -down @ position, matrix, None)
    for place, (x, y) in zip(places, expected[:, 0], strict=True):
        point = YARD.project(*place)
        assert (point.x * 640, point.y * 480) == pytest.approx((x, y), abs=1e-6)


def test_behind_the_camera_there_is_no_picture():
    with pytest.raises(ValueError, match="in front of the camera"):
        YARD.project(0, -10)


def test_an_actor_keeps_its_time_and_speed():
    actor = go_on(stay(walk(1, "person", 2.0, 1.5, (0, 10), (3, 14)), 5.0), 2.0, (3, 20))
    assert actor.path[1].at == pytest.approx(2 + 5 / 1.5)
    assert actor.position(2 + 2.5 / 1.5) == pytest.approx((1.5, 12.0))
    assert np.hypot(*actor.velocity(3.0)) == pytest.approx(1.5)
    assert actor.velocity(7.0) == pytest.approx((0.0, 0.0))
    assert actor.path[-1].at == pytest.approx(2 + 5 / 1.5 + 5 + 3)
    assert not actor.is_on_stage(1.9)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_scene_is_the_same_for_the_same_seed_and_another_for_another(name):
    one, same, other = build(name, 1), build(name, 1), build(name, 2)
    at = one.duration_s * 0.4
    assert one == same
    assert one != other
    assert (one.celsius(at) == same.celsius(at)).all()
    assert (one.detections(at, TYPICAL).boxes == same.detections(at, TYPICAL).boxes).all()


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_boxes_lie_in_the_image_and_labels_match(name):
    scene = build(name, 3)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        detections = scene.detections(scene.duration_s * share, PERFECT)
        assert ((detections.boxes >= 0) & (detections.boxes <= 1)).all()
        assert (detections.boxes[:, 2:] > detections.boxes[:, :2]).all()
        assert detections.labels == tuple(truth.label for truth in scene.truth(scene.duration_s * share))


def test_noise_misses_and_invents_as_often_as_it_says():
    scene, noise = build("crowd", 1), Noise(missed=0.1, jitter=0.01, extra=0.2)
    moments = [20 + index / 25 for index in range(300)]
    found = sum(len(scene.detections(at, Noise(missed=0.1, jitter=0.01))) for at in moments)
    there = sum(len(scene.truth(at)) for at in moments)
    assert found / there == pytest.approx(0.9, abs=0.03)
    extra = sum(len(scene.detections(at, noise)) for at in moments) - found
    assert extra / len(moments) == pytest.approx(0.2, abs=0.08)


def test_the_calibration_of_a_scene_is_as_good_as_its_clicks():
    scene = build("walk", 1)
    exact, clicked = scene.ground(click_px=0.0), scene.ground(click_px=1.0)
    spot = exact.locate(*scene.camera.project(1.0, 12.0))
    assert (spot.x + 3.0, spot.y + 8.0) != (0, 0)
    corner = exact.locate(*scene.camera.project(-3.0, 8.0))
    assert np.hypot(spot.x - corner.x, spot.y - corner.y) == pytest.approx(np.hypot(4.0, 4.0), rel=1e-6)
    near = clicked.locate(*scene.camera.project(1.0, 12.0))
    assert (near.x, near.y) == pytest.approx((spot.x, spot.y), abs=0.3)


def test_a_person_is_warm_in_the_thermal_picture_and_drawn_in_the_frame():
    scene = build("night", 1)
    at = 10.0
    truth = scene.truth(at)[0]
    row, column = int(truth.box.center.y * 24), int(truth.box.center.x * 32)
    assert scene.celsius(at)[row, column] > 20
    day = build("walk", 1)
    with_people, without = render(day, 4.0), render(day, 60.0)
    assert with_people.shape == (480, 640, 3)
    center = day.truth(4.0)[0].box.center
    y, x = int(center.y * 480), int(center.x * 640)
    assert np.abs(with_people[y, x].astype(int) - without[y, x]).max() > 30
    assert cv2.imdecode(np.frombuffer(jpeg(day, 4.0), np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
    assert Size(*day.camera.size) == Size(640, 480)
