"""Crossing a line, once, in a direction, however much the foot trembles on it."""

from collections.abc import Sequence
from math import hypot

from aimonitor.edge.behavior.site import Line
from aimonitor.edge.types import Box, Crossing, Point, Track

_MARGIN = 0.004
_MARGIN_OF_HEIGHT = 0.06


class Border:
    """A line and the equation of it: x px + y py + c is the distance of p, positive on its right."""

    __slots__ = ("_c", "_x", "_y", "line")

    def __init__(self, line: Line) -> None:
        self.line = line
        self._x, self._y, self._c = _normal(line.a, line.b)

    def side(self, box: Box) -> int:
        """1 or -1 where the foot of `box` is clear of the line, on the right or left; 0 where it is not.

        Clear is more than the tremble of a box: a share of its height.
        """
        x1, y1, x2, y2 = box
        distance = self._x * (x1 + x2) / 2 + self._y * y2 + self._c
        margin = _MARGIN + _MARGIN_OF_HEIGHT * (y2 - y1)
        return 1 if distance >= margin else -1 if distance <= -margin else 0


class LineWatch:
    """One track at all lines. It has a side of each once its foot is clear, and changes it only when clear again."""

    __slots__ = ("_borders", "_came_from", "_sides")

    def __init__(self, borders: Sequence[Border]) -> None:
        self._borders = borders
        self._sides = [0] * len(borders)
        self._came_from: list[Box | None] = [None] * len(borders)

    def update(self, track: Track) -> Sequence[Crossing]:
        """Move the foot to where `track` has it; the crossings that this completes."""
        box = track.box
        sides = [border.side(box) for border in self._borders]
        if sides == self._sides:
            self._came_from = [box] * len(sides)
            return ()
        crossings = []
        for index, side in enumerate(sides):
            if side == 0:
                continue
            before, came_from = self._sides[index], self._came_from[index]
            self._sides[index], self._came_from[index] = side, box
            line = self._borders[index].line
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
