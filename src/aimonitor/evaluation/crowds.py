"""Crowds with exact truth: people on a plane before a pinhole camera, and what a detector would make of them.

Nothing is drawn. Boxes come from geometry, and the detector is a model of real ones' faults: scores fall with
visibility, misses come in runs, boxes jitter, near doubles are suppressed, and there are findings where nobody is.
"""

from dataclasses import dataclass

import numpy as np

from aimonitor.edge.columns.affinity import iou
from aimonitor.edge.columns.assignment import Floats

_SUBSTEP_S = 1 / 60
_GRID = np.stack(np.meshgrid((np.arange(5) + 0.5) / 5, (np.arange(8) + 0.5) / 8), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What to simulate. Lengths in metres, times in seconds, rates per second; the camera's field is 4:3.

    missed: share of clearly visible people that the detector does not see; false: findings of nobody, a frame
    irregular: spread of the time between frames, as a share of it; pan: of the camera, rad/s; shake: rad, each frame
    """

    name: str
    seed: int = 0
    people: int = 10
    standing: float = 0.2
    seconds: float = 40.0
    fps: float = 10.0
    irregular: float = 0.0
    missed: float = 0.1
    false: float = 0.2
    jitter: float = 0.04
    pan: float = 0.0
    shake: float = 0.0
    forward: float = 0.0
    camera_height: float = 3.0
    speed: float = 1.3


@dataclass(frozen=True, slots=True)
class CrowdFrame:
    """One frame at `at`: true `ids` (n,) and `truth` (n, 4), found `boxes` (m, 4) and `scores` (m,), in fractions."""

    at: float
    ids: Floats
    truth: Floats
    boxes: Floats
    scores: Floats


def simulate(crowd: Crowd) -> list[CrowdFrame]:
    """The frames of `crowd`; the same for the same settings."""
    rng = np.random.default_rng([crowd.seed, crowd.people])
    walkers, camera, detector = _Walkers(crowd, rng), _Camera(crowd, rng), _Detector(crowd, rng)
    frames: list[CrowdFrame] = []
    at = 0.0
    while at < crowd.seconds:
        boxes, depth = camera.see(walkers.places, at)
        visible = _visibility(boxes, depth)
        inside = np.clip(boxes, 0.0, 1.0)
        share = _area(inside) / np.maximum(_area(boxes), 1e-9)
        there = (depth > 1.0) & (share > 0.3) & (visible > 0.1) & (boxes[:, 3] - boxes[:, 1] > 0.04)
        found, scores = detector.detect(inside, visible * share, depth, there, walkers.numbers)
        frames.append(CrowdFrame(at, walkers.numbers[there], inside[there], found, scores))
        dt = max(0.2, 1 + crowd.irregular * rng.normal()) / crowd.fps
        walkers.walk(dt)
        at += dt
    return frames


def _area(boxes: Floats) -> Floats:
    area: Floats = np.maximum(0.0, boxes[:, 2] - boxes[:, 0]) * np.maximum(0.0, boxes[:, 3] - boxes[:, 1])
    return area


class _Walkers:
    """People on the plane: x to the right, z away from where the camera began. Who leaves is replaced by a new one."""

    def __init__(self, crowd: Crowd, rng: np.random.Generator) -> None:
        self._rng, self._crowd = rng, crowd
        n = crowd.people
        self.places = np.stack((rng.uniform(-8, 8, n), rng.uniform(5, 20, n)), axis=1)
        self.numbers = np.arange(1, n + 1, dtype=np.float64)
        self._next = n + 1
        self._velocity = np.zeros((n, 2))
        self._stands = rng.random(n) < crowd.standing
        for i in range(n):
            self._set_off(i)
            if i % 3 == 2:
                self.places[i], self._velocity[i] = self.places[i - 1] + rng.normal(0, 0.6, 2), self._velocity[i - 1]

    def _set_off(self, i: int) -> None:
        angle, speed = self._rng.uniform(0, 2 * np.pi), abs(self._rng.normal(self._crowd.speed, 0.3))
        self._velocity[i] = speed * np.array([np.cos(angle), 0.6 * np.sin(angle)]) * (not self._stands[i])

    def walk(self, dt: float) -> None:
        while dt > 1e-9:
            step = min(dt, _SUBSTEP_S)
            dt -= step
            self._velocity += self._rng.normal(0, 0.25 * np.sqrt(step), self._velocity.shape) * ~self._stands[:, None]
            self.places += self._velocity * step
            for i in np.flatnonzero(self._rng.random(len(self.places)) < 0.06 * step):
                self._stands[i] = self._rng.random() < self._crowd.standing
                self._set_off(int(i))
        ahead = self._crowd.forward
        gone = (abs(self.places[:, 0]) > 14) | (self.places[:, 1] < 2) | (self.places[:, 1] > 28 + 40 * (ahead > 0))
        for i in np.flatnonzero(gone):
            side = self._rng.choice([-1.0, 1.0])
            self.places[i] = (13 * side, self._rng.uniform(5, 22))
            self._stands[i] = False
            speed = abs(self._rng.normal(self._crowd.speed, 0.3))
            self._velocity[i] = (-side * speed, self._rng.normal(0, 0.3))
            self.numbers[i], self._next = self._next, self._next + 1


class _Camera:
    """A pinhole camera with a focal length of 1.1 picture heights, that may pan, shake and walk."""

    def __init__(self, crowd: Crowd, rng: np.random.Generator) -> None:
        self._crowd, self._rng = crowd, rng
        self._pitch = np.arctan(crowd.camera_height / 14)
        self._tremble = np.zeros(2)

    def see(self, places: Floats, at: float) -> tuple[Floats, Floats]:
        """Boxes (n, 4) in fractions of the picture, unclipped, and depth (n,) in metres."""
        crowd = self._crowd
        self._tremble = 0.8 * self._tremble + self._rng.normal(0, crowd.shake, 2)
        yaw = 0.3 * np.sin(crowd.pan * at / 0.3) + self._tremble[0]
        x, z = places[:, 0], places[:, 1] - crowd.forward * at
        depth = np.maximum(0.5, x * np.sin(yaw) + z * np.cos(yaw))
        across = x * np.cos(yaw) - z * np.sin(yaw)
        focal = 1.1
        height = focal * 1.72 / depth
        foot = 0.5 + focal * np.tan(np.arctan(crowd.camera_height / depth) - self._pitch + self._tremble[1])
        stride = 0.38 + 0.06 * np.sin(7 * at + 2.4 * np.arange(len(places)))
        center, half = 0.5 + focal * across / depth * 0.75, stride * height * 0.75 / 2
        return np.stack((center - half, foot - height, center + half, foot), axis=1), depth


def _visibility(boxes: Floats, depth: Floats) -> Floats:
    """Share of each box that no nearer box hides."""
    points = boxes[:, None, :2] + _GRID * (boxes[:, None, 2:] - boxes[:, None, :2])
    x, y = points[..., 0][:, :, None], points[..., 1][:, :, None]
    covered = (x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])
    covered &= (depth[None, :] < depth[:, None])[:, None, :]
    hidden: Floats = covered.any(axis=2).mean(axis=1)
    return 1.0 - hidden


class _Detector:
    """Turns true boxes into findings with scores; remembers moods, so that faults come in runs."""

    def __init__(self, crowd: Crowd, rng: np.random.Generator) -> None:
        self._crowd, self._rng = crowd, rng
        self._moods: dict[float, tuple[float, Floats]] = {}
        self._ghost: Floats = np.zeros((0, 4))

    def detect(
        self, boxes: Floats, visible: Floats, depth: Floats, there: np.ndarray, numbers: Floats
    ) -> tuple[Floats, Floats]:
        rng, crowd = self._rng, self._crowd
        found, scores = [], []
        keep = 0.5 ** (1 / (0.3 * crowd.fps))
        for i in np.flatnonzero(there):
            mood, offset = self._moods.get(numbers[i], (rng.normal(), rng.normal(0, 1, 4)))
            mood = keep * mood + np.sqrt(1 - keep**2) * rng.normal()
            offset = keep * offset + np.sqrt(1 - keep**2) * rng.normal(0, 1, 4)
            self._moods[numbers[i]] = mood, offset
            chance = (1 - crowd.missed) / (1 + np.exp(-(visible[i] - 0.35) / 0.07))
            if _normal_share(mood) > chance:
                continue
            size = np.tile(boxes[i, 2:] - boxes[i, :2], 2)
            error = crowd.jitter * (0.7 * offset + 0.7 * rng.normal(0, 1, 4)) * size * (1.5 - 0.5 * visible[i])
            found.append(np.clip(boxes[i] + error, 0, 1))
            scores.append(np.clip(0.92 * visible[i] ** 0.6 - 0.08 * max(0.0, mood) + rng.normal(0, 0.06), 0.06, 0.99))
        for ghost in self._ghosts():
            found.append(ghost)
            scores.append(rng.uniform(0.1, 0.65))
        return _suppress(np.array(found).reshape(-1, 4), np.array(scores))

    def _ghosts(self) -> Floats:
        rng, crowd = self._rng, self._crowd
        stays = rng.random(len(self._ghost)) < 0.5 ** (1 / (0.15 * crowd.fps))
        height = rng.uniform(0.08, 0.4)
        corner = rng.uniform(0, 0.8, 2)
        new = np.concatenate((corner, corner + np.array([0.28, 1.0]) * height))[None]
        arrives = rng.random() < crowd.false * (1 - 0.5 ** (1 / (0.15 * crowd.fps)))
        self._ghost = np.clip(np.concatenate((self._ghost[stays], new[: int(arrives)])), 0, 1)
        return self._ghost


def _normal_share(z: float) -> float:
    """Share of a normal distribution below `z`."""
    return float(1 / (1 + np.exp(-1.702 * z)))


def _suppress(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Non-maximum suppression at IoU 0.6, as a detector would."""
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    solid = np.all(boxes[:, 2:] - boxes[:, :2] > 0.005, axis=1)
    boxes, scores = boxes[solid], scores[solid]
    overlap = iou(boxes, boxes)
    kept: list[int] = []
    for i in range(len(boxes)):
        if not kept or overlap[i, kept].max() < 0.6:
            kept.append(i)
    return boxes[kept], scores[kept]
