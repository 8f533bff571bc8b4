"""What an emulated sensor sees: a drawn yard with somebody walking, noise as every sensor has it, and bad days."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Look = Literal["clear", "frozen", "dark", "covered", "blurred"]

Image = npt.NDArray[np.uint8]

_NOISE = 4.0
_GRAIN_SHIFT = 61
_SHARE_OF_NOISE: dict[Look, float] = {"dark": 0.25, "covered": 0.25, "blurred": 0.12}
_WALK_S = 12.0


@dataclass(frozen=True, slots=True)
class FrameSize:
    """Width and height in pixels."""

    width: int
    height: int


class Sensor:
    """Takes pictures. The same seed and the same times give the same pictures."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._grain: dict[FrameSize, npt.NDArray[np.float32]] = {}
        self._backgrounds: dict[FrameSize, Image] = {}
        self._frozen: dict[tuple[FrameSize, int], bytes] = {}

    def jpeg(self, size: FrameSize, at: float, *, quality: int = 12, look: Look = "clear") -> bytes:
        """A JPEG taken at `at` (seconds). `quality` is the driver's: 0 (best) to 63."""
        if look != "frozen":
            self._frozen.clear()
            return _encode(self.picture(size, at, look), quality)
        if (size, quality) not in self._frozen:
            self._frozen[size, quality] = _encode(self.picture(size, at), quality)
        return self._frozen[size, quality]

    def picture(self, size: FrameSize, at: float, look: Look = "clear") -> Image:
        """(height, width, 3) uint8 BGR."""
        image = self._background(size).copy()
        _draw_walker(image, at)
        if look == "blurred":
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), size.width / 50), np.uint8)
        elif look == "covered":
            image[:] = (60, 62, 66)
        elif look == "dark":
            image //= 20
        noise = self._noise_of(size) * _SHARE_OF_NOISE.get(look, 1.0)
        return np.clip(image + noise.astype(np.int16), 0, 255).astype(np.uint8)

    def _noise_of(self, size: FrameSize) -> npt.NDArray[np.float32]:
        """Fresh enough: the same grain, moved by a random number of pixels."""
        shape = (size.height + _GRAIN_SHIFT, size.width + _GRAIN_SHIFT, 3)
        if size not in self._grain:
            self._grain[size] = self._rng.standard_normal(shape, np.float32) * _NOISE
        y, x = self._rng.integers(0, _GRAIN_SHIFT, 2)
        return self._grain[size][y : y + size.height, x : x + size.width]

    def _background(self, size: FrameSize) -> Image:
        if size not in self._backgrounds:
            self._backgrounds[size] = _draw_yard(size)
        return self._backgrounds[size]


def _draw_yard(size: FrameSize) -> Image:
    width, height = size.width, size.height
    image: Image = np.zeros((height, width, 3), np.uint8)
    horizon = int(height * 0.4)
    image[:horizon] = (190, 160, 120)
    image[horizon:] = (90, 120, 110)
    bricks = max(4, width // 40)
    for row in range(horizon // bricks):
        for column in range(width // (2 * bricks) + 1):
            left = column * 2 * bricks + (row % 2) * bricks
            corner = (left + 2 * bricks - 2, (row + 1) * bricks - 2)
            cv2.rectangle(image, (left, row * bricks), corner, (70, 90, 60 + 60 * (row % 3)), -1)
    for line in range(6):
        x = int(width * (0.5 + (line - 2.5) * 0.35))
        cv2.line(image, (width // 2, horizon), (x, height), (200, 210, 210), max(1, width // 160))
    return image


def _draw_walker(image: Image, at: float) -> None:
    height, width = image.shape[:2]
    x = int(width * (0.5 + 0.42 * math.sin(2 * math.pi * at / _WALK_S)))
    foot, tall = int(height * 0.8), max(8, height // 4)
    swing = int(tall * 0.2 * math.sin(at * 6))
    thick = max(2, tall // 6)
    for leg in (swing, -swing):
        cv2.line(image, (x, foot - tall // 2), (x + leg, foot), (40, 30, 30), thick)
    cv2.line(image, (x, foot - tall // 2), (x, foot - tall), (40, 40, 170), thick * 2)
    cv2.circle(image, (x, foot - tall - thick), thick, (120, 150, 200), -1)


def _encode(image: Image, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, max(10, 95 - round(quality * 1.3))))
    return data.tobytes()
