"""The stage of a scripted scene: a camera over flat ground, and actors that move on it on time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, radians, sin

from aimonitor.edge.types import Box, Point, Size

SIZES_M = {
    "person": (0.5, 0.3, 1.75),
    "car": (1.8, 4.4, 1.5),
    "truck": (2.5, 8.0, 3.2),
    "bicycle": (0.6, 1.8, 1.2),
    "suitcase": (0.45, 0.3, 0.65),
    "dog": (0.3, 0.8, 0.6),
}
"""Width, length, height in metres."""


_VGA = Size(640, 480)


@dataclass(frozen=True, slots=True)
class StageCamera:
    """A pinhole camera `height_m` above the origin, looking along +y and `tilt_deg` down. Ground: x right, y away."""

    size: Size = _VGA
    height_m: float = 4.0
    tilt_deg: float = 18.0
    focal_px: float = 560.0

    def project(self, x: float, y: float, z: float = 0.0) -> Point:
        """The image point, in fractions, of a place in metres. Raises ValueError behind the camera."""
        tilt = radians(self.tilt_deg)
        drop = self.height_m - z
        depth = y * cos(tilt) + drop * sin(tilt)
        if depth < 0.1:
            raise ValueError(f"expected a place in front of the camera, got ({x:.1f}, {y:.1f}, {z:.1f})")
        down = drop * cos(tilt) - y * sin(tilt)
        return Point(
            0.5 + self.focal_px * x / depth / self.size.width, 0.5 + self.focal_px * down / depth / self.size.height
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """Be at (x, y) metres at `at` seconds of the scene."""

    at: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something with a path: from mark to mark at constant speed, there from the first to the last.

    group: actors with the same name belong together (a convoy, a crowd)
    celsius: how warm it looks to a thermal sensor
    """

    actor_id: int
    label: str
    path: tuple[Mark, ...]
    group: str = ""
    celsius: float = 30.0

    def is_on_stage(self, at: float) -> bool:
        return self.path[0].at <= at <= self.path[-1].at

    def position(self, at: float) -> Point:
        """Metres on the ground."""
        start, end, share = self._leg(at)
        return Point(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)

    def velocity(self, at: float) -> Point:
        """Metres per second."""
        start, end, _ = self._leg(at)
        took_s = end.at - start.at
        return Point((end.x - start.x) / took_s, (end.y - start.y) / took_s)

    def steady_s(self, at: float) -> float:
        """Seconds since the velocity last changed."""
        return at - self._leg(at)[0].at

    def box(self, camera: StageCamera, at: float) -> Box:
        """What a perfect detector would draw, not cut to the image. Persons and things stand upright on their foot."""
        x, y = self.position(at)
        width, length, height = SIZES_M[self.label]
        if length < 1.0:
            foot, head = camera.project(x, y), camera.project(x, y, height)
            half = width / 2 * abs(camera.project(x + 1, y).x - foot.x)
            return Box(foot.x - half, min(head.y, foot.y), foot.x + half, foot.y)
        corners = [
            camera.project(x + dx, y + dy, z)
            for dx, dy in _footprint(width, length, self.velocity(at))
            for z in (0.0, height)
        ]
        return Box(
            min(corner.x for corner in corners),
            min(corner.y for corner in corners),
            max(corner.x for corner in corners),
            max(corner.y for corner in corners),
        )

    def _leg(self, at: float) -> tuple[Mark, Mark, float]:
        for start, end in zip(self.path, self.path[1:], strict=False):
            if at <= end.at or end is self.path[-1]:
                return start, end, (at - start.at) / (end.at - start.at)
        raise ValueError(f"actor {self.actor_id}: expected a path of at least 2 marks, got {len(self.path)}")


def _footprint(width: float, length: float, velocity: Point) -> Sequence[tuple[float, float]]:
    angle = atan2(velocity.y, velocity.x) if hypot(*velocity) > 0.01 else 0.0
    ahead, aside = (cos(angle) * length / 2, sin(angle) * length / 2), (-sin(angle) * width / 2, cos(angle) * width / 2)
    return [(i * ahead[0] + j * aside[0], i * ahead[1] + j * aside[1]) for i in (-1, 1) for j in (-1, 1)]


def walk(actor_id: int, label: str, start: float, speed: float, *places: tuple[float, float], **kind: object) -> Actor:
    """An actor that passes `places` (metres) at `speed` (m/s) from `start` (seconds) on."""
    marks = [Mark(start, *places[0])]
    for x, y in places[1:]:
        before = marks[-1]
        marks.append(Mark(before.at + hypot(x - before.x, y - before.y) / speed, x, y))
    return Actor(actor_id, label, tuple(marks), **kind)  # type: ignore[arg-type]  # group and celsius


def stay(actor: Actor, seconds: float) -> Actor:
    """The same actor, standing at the end of its path for `seconds` more."""
    last = actor.path[-1]
    path = (*actor.path, Mark(last.at + seconds, last.x, last.y))
    return Actor(actor.actor_id, actor.label, path, actor.group, actor.celsius)


def go_on(actor: Actor, speed: float, *places: tuple[float, float]) -> Actor:
    """The same actor, going on from the end of its path through `places` at `speed`."""
    last = actor.path[-1]
    more = walk(actor.actor_id, actor.label, last.at, speed, (last.x, last.y), *places)
    return Actor(actor.actor_id, actor.label, (*actor.path, *more.path[1:]), actor.group, actor.celsius)
