"""Films that need no fetching."""

import cv2
import numpy as np


def film(path, seconds=4, fps=10):
    """A bright square wanders over a lively ground, which is neither dark nor covered: the motion gate stays open."""
    ground = np.random.default_rng(1).integers(40, 140, (30, 40, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (320, 240))
    for number in range(seconds * fps):
        pixels = ground.copy()
        x = 6 * number % 260
        pixels[100:160, x : x + 50] = 220
        writer.write(pixels)
    writer.release()
