"""Crossing a line, once, in a direction, however much the foot trembles on it."""

from math import hypot

from aimonitor.edge.behavior.site import Line
from aimonitor.edge.types import Crossing, Point

_MARGIN = 0.004
_MARGIN_OF_HEIGHT = 0.06


class LineWatch:
    """One track at one line. It has a side once its foot is clear of the line, and changes it only when clear again."""

    __slots__ = ("_across", "_foot", "_line", "_side")

    def __init__(self, line: Line) -> None:
        self._line = line
        self._across = _normal(line.a, line.b)
        self._side = 0
        self._foot = line.a

    def update(self, track_id: int, foot: Point, height: float) -> Crossing | None:
        """Move the foot (fractions of the image; `height` is the box's); the crossing, when this completes one."""
        across_x, across_y, offset = self._across
        offset += across_x * foot.x + across_y * foot.y
        margin = _MARGIN + _MARGIN_OF_HEIGHT * height
        if -margin < offset < margin:
            return None
        side = 1 if offset > 0 else -1
        before, came_from = self._side, self._foot
        self._side, self._foot = side, foot
        if before in (side, 0) or not _between(self._line, came_from, foot):
            return None
        line = self._line
        direction = "in" if side > 0 else "out"
        return Crossing(track_id, line.name, direction, line.allowed not in ("both", direction))


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
