"""A calibration for people: lines one metre apart to draw on the picture, and how exact lengths are, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from aimonitor.edge.ground import Ground, Stretch
from aimonitor.edge.types import Point

_REACH_M = 20
"""How far lines go from the middle of the rectangle, in metres."""
_BEYOND = 1.0
"""How far lines go beyond the rectangle, in its own size."""
_PLACES = (("near", 0.92), ("middle", 0.65), ("far", 0.40))
"""Heights in the picture, as fractions from the top."""
_DEPTH = 1e-3


@dataclass(frozen=True, slots=True)
class GroundView:
    """grid: lines in fractions of the image, two ends each; stretches: by place, where there is ground"""

    grid: tuple[tuple[Point, Point], ...]
    stretches: dict[str, Stretch]
    words: str


def look_at(ground: Ground, corners: Sequence[Point]) -> GroundView:
    """What there is to show of `ground`; `corners` are those of the rectangle, in fractions of the image."""
    stretches = {
        name: Stretch(ground.stretch(0.5, v, 1, 0), ground.stretch(0.5, v, 0, 1))
        for name, v in _PLACES
        if ground.locate(0.5, v) is not None
    }
    return GroundView(_grid(ground, corners), stretches, _words(ground, corners, stretches))


def _words(ground: Ground, corners: Sequence[Point], stretches: dict[str, Stretch]) -> str:
    ends = [ground.locate(*corner) for corner in corners]
    sides = [
        ((one.x - two.x) ** 2 + (one.y - two.y) ** 2) ** 0.5 if one is not None and two is not None else 0.0
        for one, two in ((ends[0], ends[1]), (ends[1], ends[2]))
    ]
    said = f"a rectangle of {sides[0]:.2f} m by {sides[1]:.2f} m"
    for name, stretch in stretches.items():
        said += f"; {name}: lengths right to {stretch.across:.0%} across the view, {stretch.along:.0%} along it"
    return said


def _grid(ground: Ground, corners: Sequence[Point]) -> tuple[tuple[Point, Point], ...]:
    matrix = np.array(ground.image_to_ground, np.float64).reshape(3, 3)
    to_image = np.linalg.inv(matrix)
    places = [spot for corner in corners if (spot := ground.locate(*corner)) is not None]
    xs, ys = _reach([spot.x for spot in places]), _reach([spot.y for spot in places])
    middle = to_image @ (sum(spot.x for spot in places) / len(places), sum(spot.y for spot in places) / len(places), 1)
    if middle[2] < 0:
        to_image = -to_image
    lines = [((x, ys[0]), (x, ys[1])) for x in range(xs[0], xs[1] + 1)]
    lines += [((xs[0], y), (xs[1], y)) for y in range(ys[0], ys[1] + 1)]
    drawn = (_drawn(to_image @ (*start, 1), to_image @ (*end, 1)) for start, end in lines)
    return tuple(line for line in drawn if line is not None)


def _reach(values: Sequence[float]) -> tuple[int, int]:
    """Whole metres from which and to which lines go."""
    low, high = min(values), max(values)
    middle, beyond = (low + high) / 2, (high - low) * _BEYOND
    return max(floor(low - beyond), floor(middle) - _REACH_M), min(ceil(high + beyond), ceil(middle) + _REACH_M)


def _drawn(start: np.ndarray, end: np.ndarray) -> tuple[Point, Point] | None:
    """The part of a line that lies in the picture and before the horizon; ends in homogeneous image coordinates.

    Liang and Barsky's clipping (ACM TOG 3(1), 1984) before the division, where the borders are planes.
    """
    inside = np.array([(1, 0, 0), (-1, 0, 1), (0, 1, 0), (0, -1, 1), (0, 0, 1)], np.float64)
    from_t, to_t = 0.0, 1.0
    least = np.array([0, 0, 0, 0, _DEPTH * max(abs(start[2]), abs(end[2]))])
    for here, there in zip(inside @ start - least, inside @ end - least, strict=True):
        if here < 0 and there < 0:
            return None
        if here < 0:
            from_t = max(from_t, here / (here - there))
        elif there < 0:
            to_t = min(to_t, here / (here - there))
    if from_t >= to_t:
        return None
    one, two = start + from_t * (end - start), start + to_t * (end - start)
    return Point(float(one[0] / one[2]), float(one[1] / one[2])), Point(float(two[0] / two[2]), float(two[1] / two[2]))
