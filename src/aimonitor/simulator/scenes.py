"""Scripted scenes with truth: what happens, where, how fast, how hot, and what a good watchman reports.

Deterministic by seed: `build("loiter", seed=3)` is the same scene for ever. A scene gives perfect or noisy detections,
thermal grids and (see `render`) frames at any time between 0 and its duration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp

import numpy as np

from aimonitor.edge.behavior import Line, Site, Zone
from aimonitor.edge.ground import Ground, calibrate
from aimonitor.edge.types import Box, Detections, Floats, Point
from aimonitor.simulator.stage import Actor, StageCamera

GRID = (24, 32)
"""Rows and columns of the thermal sensor: an MLX90640."""

_VISIBLE = 0.35


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat source on the ground at (x, y), of a radius in metres, that grows and warms at steady rates.

    It is there from `start`; radius = radius_m exp(growth_per_s t), temperature = celsius + warming_per_s t up to max.
    """

    start: float
    x: float
    y: float
    radius_m: float
    celsius: float
    growth_per_s: float = 0.0
    warming_per_s: float = 0.0
    celsius_max: float = 400.0

    def now(self, at: float) -> tuple[float, float]:
        """Radius in metres and temperature in Celsius at `at`."""
        age = at - self.start
        return (
            self.radius_m * exp(self.growth_per_s * age),
            min(self.celsius_max, self.celsius + self.warming_per_s * age),
        )


@dataclass(frozen=True, slots=True)
class Noise:
    """How bad a detector is: share of objects missed, edge jitter as a share of the height, false boxes per frame."""

    missed: float = 0.0
    jitter: float = 0.0
    extra: float = 0.0


PERFECT = Noise()
TYPICAL = Noise(missed=0.10, jitter=0.012, extra=0.02)


@dataclass(frozen=True, slots=True)
class Truth:
    """One object as it really is: box in fractions of the image, place in metres, velocity in m/s."""

    actor_id: int
    label: str
    box: Box
    position_m: Point
    velocity_m: Point
    group: str
    steady_s: float

    @property
    def speed_m(self) -> float:
        return float(np.hypot(*self.velocity_m))


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene with its truth. `incidents` are the kinds that must be reported, no others, by kind and zone."""

    name: str
    seed: int
    duration_s: float
    camera: StageCamera
    actors: tuple[Actor, ...]
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    incidents: frozenset[tuple[str, str]] = frozenset()
    heats: tuple[Heat, ...] = ()
    ambient_celsius: float = 18.0
    brightness: float = 0.45
    rectangle_m: tuple[float, float, float, float] = (-3.0, 8.0, 3.0, 16.0)
    metadata: dict[str, float] = field(default_factory=dict)

    def truth(self, at: float) -> list[Truth]:
        """Everything in view at `at`, cut to the image; hardly visible objects are left out."""
        found = []
        for actor in self.actors:
            if not actor.is_on_stage(at):
                continue
            whole = actor.box(self.camera, at)
            box = Box(max(0.0, whole.x1), max(0.0, whole.y1), min(1.0, whole.x2), min(1.0, whole.y2))
            if box.width <= 0 or box.height <= 0:
                continue
            if box.width * box.height >= _VISIBLE * whole.width * whole.height:
                found.append(
                    Truth(
                        actor.actor_id,
                        actor.label,
                        box,
                        actor.position(at),
                        actor.velocity(at),
                        actor.group,
                        actor.steady_s(at),
                    )
                )
        return found

    def detections(self, at: float, noise: Noise = PERFECT) -> Detections:
        """What a detector as bad as `noise` finds at `at`; the same for the same scene, seed and time."""
        draw = np.random.default_rng((self.seed, round(at * 1000), 1))
        boxes, scores, labels = [], [], []
        for truth in self.truth(at):
            jitter = draw.normal(0, 1, 4) * max(noise.jitter * truth.box.height, 0.5 / self.camera.size.height)
            miss, score = draw.random(), draw.uniform(0.55, 0.95)
            if miss >= noise.missed:
                boxes.append(np.clip(np.array(truth.box) + (jitter if noise.jitter else 0.0), 0, 1))
                scores.append(score)
                labels.append(truth.label)
        if draw.random() < noise.extra:
            x, y = draw.uniform(0.1, 0.9, 2)
            boxes.append(np.clip([x - 0.02, y - 0.06, x + 0.02, y + 0.06], 0, 1))
            scores.append(draw.uniform(0.3, 0.5))
            labels.append("person")
        if not boxes:
            return Detections.none()
        return Detections(np.array(boxes, np.float32), np.array(scores, np.float32), tuple(labels))

    def celsius(self, at: float, noise: float = 0.25) -> Floats:
        """The thermal picture at `at`, degrees Celsius, (24, 32) float32, in the camera's own view."""
        rows, columns = GRID
        draw = np.random.default_rng((self.seed, round(at * 1000), 2))
        fine = np.full((rows * 4, columns * 4), self.ambient_celsius, np.float32)
        v, u = np.mgrid[0 : rows * 4, 0 : columns * 4]
        u, v = (u + 0.5) / (columns * 4), (v + 0.5) / (rows * 4)
        for truth in self.truth(at):
            actor = next(actor for actor in self.actors if actor.actor_id == truth.actor_id)
            box = truth.box
            inside = (u >= box.x1) & (u < box.x2) & (v >= box.y1) & (v < box.y2)
            fine[inside] = actor.celsius
        for heat in self.heats:
            if at >= heat.start:
                radius_m, celsius = heat.now(at)
                center = self.camera.project(heat.x, heat.y, radius_m)
                radius = abs(self.camera.project(heat.x + radius_m, heat.y, radius_m).x - center.x)
                aspect = self.camera.size.height / self.camera.size.width
                near = np.hypot(u - center.x, (v - center.y) * aspect) <= radius
                fine[near] = np.maximum(fine[near], celsius)
        coarse = fine.reshape(rows, 4, columns, 4).mean(axis=(1, 3))
        grid: Floats = (coarse + draw.normal(0, noise, coarse.shape)).astype(np.float32)
        return grid

    def ground(self, click_px: float = 1.0) -> Ground:
        """The calibration that a person would make: four corners, clicked `click_px` off, and the first side."""
        x1, y1, x2, y2 = self.rectangle_m
        draw = np.random.default_rng((self.seed, 3))
        corners = [
            Point(
                point.x + draw.normal(0, click_px) / self.camera.size.width,
                point.y + draw.normal(0, click_px) / self.camera.size.height,
            )
            for point in (self.camera.project(x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2)))
        ]
        return calibrate(corners, x2 - x1, self.camera.size, second_m=y2 - y1, click_px=max(click_px, 0.1))

    def site(self, *, calibrated: bool = True) -> Site:
        """The zones and lines of the scene, with or without calibration."""
        return Site(self.zones, self.lines, self.ground() if calibrated else None)


def on_ground(camera: StageCamera, *places: tuple[float, float]) -> tuple[Point, ...]:
    """Places in metres as image points: to draw zones and lines on the ground."""
    return tuple(camera.project(x, y) for x, y in places)


def times(duration_s: float, fps: float) -> Sequence[float]:
    """The moments of the frames of a scene."""
    return [index / fps for index in range(int(duration_s * fps) + 1)]
