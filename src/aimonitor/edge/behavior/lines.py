"""Crossing a line, once, in a direction, however much the foot trembles on it."""

from collections.abc import Sequence
from math import hypot

import numpy as np

from aimonitor.edge.behavior.site import Line
from aimonitor.edge.behavior.zones import Floats
from aimonitor.edge.types import Box, Crossing, Point, Track

_MARGIN = 0.004
_MARGIN_OF_HEIGHT = 0.06


class Lines:
    """Several lines, asked about many feet at once.

    Clear of a line is a foot that is farther from it than the tremble of a box, a share of its height. Two rows for
    each line tell that: its distance less that margin, and with it; `weights` are of a track's box and velocity.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        across = [(side, *_normal(line.a, line.b)) for side in (1, -1) for line in lines]
        margins = [side * _MARGIN_OF_HEIGHT for side, *_ in across]
        self.weights = [(x / 2, m, x / 2, y - m, 0.0, 0.0) for (_, x, y, _), m in zip(across, margins, strict=True)]
        self.offsets = [c - side * _MARGIN for side, _, _, c in across]

    def __bool__(self) -> bool:
        return bool(self.lines)

    def sides(self, told: Floats) -> list[list[int]]:
        """Of each foot and line: 1 or -1 where it is clear of the line, on the right or left; 0 where it is not.

        told: (rows, n), what `weights` and `offsets` make of n tracks: all lines less the margin, then all with it
        """
        less, more = told[: len(self.lines)], told[len(self.lines) :]
        sides: list[list[int]] = np.subtract(less >= 0.0, more <= 0.0, dtype=np.int8).T.tolist()
        return sides


class LineWatch:
    """One track at all lines. It has a side of each once its foot is clear, and changes it only when clear again."""

    __slots__ = ("_came_from", "_lines", "_sides")

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._sides = [0] * len(lines)
        self._came_from: list[Box | None] = [None] * len(lines)

    def update(self, track: Track, sides: Sequence[int]) -> Sequence[Crossing]:
        """Move the foot to where it has these `sides`; the crossings that this completes."""
        box = track.box
        if sides == self._sides:
            self._came_from = [box] * len(sides)
            return ()
        crossings = []
        for index, side in enumerate(sides):
            if side == 0:
                continue
            before, came_from = self._sides[index], self._came_from[index]
            self._sides[index], self._came_from[index] = side, box
            line = self._lines[index]
            if before != -side or came_from is None or not line.counts(track.label):
                continue
            if _between(line, came_from.foot, box.foot):
                direction = "in" if side > 0 else "out"
                forbidden = line.allowed not in ("both", direction)
                crossings.append(Crossing(track.track_id, line.name, direction, forbidden))
        return crossings


def _normal(a: Point, b: Point) -> tuple[float, float, float]:
    """(x, y, c) so that x px + y py + c is the distance of p from the line through a and b.

    Positive on the right of one who looks from a to b (y is down).
    """
    dx, dy = b.x - a.x, b.y - a.y
    length = hypot(dx, dy)
    return -dy / length, dx / length, (dy * a.x - dx * a.y) / length


def _between(line: Line, p: Point, q: Point) -> bool:
    """True when the way from p to q, which lie on different sides, passes between the ends of the line."""
    x, y, c = _normal(p, q)
    return (x * line.a.x + y * line.a.y + c) * (x * line.b.x + y * line.b.y + c) <= 0
