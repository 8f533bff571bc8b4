"""Scripted scenes as pictures: ground, sky and simple figures, drawn by OpenCV, for demonstrations and tests."""

from functools import cache

import cv2
import numpy as np

from aimonitor.edge.types import Image
from aimonitor.simulator.scenes import Scene, Truth
from aimonitor.simulator.stage import StageCamera

_COLORS = {"person": (70, 60, 160), "car": (150, 90, 40), "truck": (60, 130, 150), "suitcase": (40, 40, 40)}
_SKIN = (140, 170, 210)


def render(scene: Scene, at: float) -> Image:
    """The frame at `at`, (height, width, 3) BGR uint8, as bright as the scene is; the same for the same arguments."""
    picture = _backdrop(scene.camera).copy()
    for truth in sorted(scene.truth(at), key=lambda one: one.box.y2):
        _draw(picture, truth)
    draw = np.random.default_rng((scene.seed, round(at * 1000), 4))
    grain = draw.normal(0, 2.0, picture.shape[:2])[..., None]
    return np.clip(picture * (scene.brightness / 0.45) + grain, 0, 255).astype(np.uint8)


def jpeg(scene: Scene, at: float, quality: int = 80) -> bytes:
    """The frame at `at` as a camera would send it."""
    done, data = cv2.imencode(".jpg", render(scene, at), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not encode a picture")
    return bytes(data)


@cache
def _backdrop(camera: StageCamera) -> Image:
    """Sky above the horizon, ground with a grid of five metres below."""
    width, height = camera.size
    picture = np.full((height, width, 3), (150, 140, 130), np.uint8)
    horizon = min(height, max(0, round(camera.project(0, 2000).y * height)))
    picture[:horizon] = (205, 190, 175)
    for y in range(5, 200, 5):
        row = round(camera.project(0, y).y * height)
        cv2.line(picture, (0, row), (width, row), (140, 130, 120), 1)
    for x in range(-60, 61, 5):
        near, far = camera.project(x, 5), camera.project(x, 200)
        ends = [(round(point.x * width), round(point.y * height)) for point in (near, far)]
        cv2.line(picture, ends[0], ends[1], (140, 130, 120), 1)
    return picture


def _draw(picture: Image, truth: Truth) -> None:
    height, width = picture.shape[:2]
    box, color = truth.box, _COLORS.get(truth.label, (90, 90, 90))
    x1, y1, x2, y2 = round(box.x1 * width), round(box.y1 * height), round(box.x2 * width), round(box.y2 * height)
    if truth.label == "person":
        middle, head = (x1 + x2) // 2, max(1, (y2 - y1) // 8)
        cv2.rectangle(picture, (x1, y1 + 2 * head), (x2, y2), color, -1)
        cv2.circle(picture, (middle, y1 + head), head, _SKIN, -1)
        return
    cv2.rectangle(picture, (x1, y1), (x2, y2), color, -1)
    if truth.label in ("car", "truck"):
        glass = y1 + (y2 - y1) // 3
        cv2.rectangle(picture, (x1 + 2, y1 + 2), (x2 - 2, glass), (190, 180, 170), -1)
