"""Which zones a foot stands in, and comes to."""

from collections.abc import Sequence
from math import inf

from aimonitor.edge.behavior.site import Zone
from aimonitor.edge.types import Point

_STEPS = (0.25, 0.5, 0.75, 1.0)
"""Where an object is looked for on its way, as shares of how far ahead an approach is seen."""


def contains(polygon: Sequence[Point], x: float, y: float) -> bool:
    """True when (x, y) lies in the polygon, self-crossing allowed (even-odd rule; Shimrat, CACM 5(8), 1962)."""
    inside = False
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
        x1, y1 = x2, y2
    return inside


class Area:
    """The ground of one zone; asked by bounding box first, as most feet are far from most zones."""

    __slots__ = ("_bottom", "_left", "_right", "_top", "zone")

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        x, y = zip(*zone.polygon, strict=True)
        self._left, self._top, self._right, self._bottom = min(x), min(y), max(x), max(y)

    def holds(self, x: float, y: float) -> bool:
        """True when (x, y), in fractions of the image, is inside."""
        if self._left <= x <= self._right and self._top <= y <= self._bottom:
            return contains(self.zone.polygon, x, y)
        return False

    def arrives_s(self, foot: Point, velocity: Point, within_s: float) -> float:
        """In how many seconds a foot is inside that goes on like this; infinite when not `within_s`."""
        x, y = foot
        vx, vy = velocity
        end_x, end_y = x + vx * within_s, y + vy * within_s
        if (x < self._left and end_x < self._left) or (x > self._right and end_x > self._right):
            return inf
        if (y < self._top and end_y < self._top) or (y > self._bottom and end_y > self._bottom):
            return inf
        for step in _STEPS:
            after_s = step * within_s
            if self.holds(x + vx * after_s, y + vy * after_s):
                return after_s
        return inf
