"""Which zones a foot stands in."""

from collections.abc import Sequence

from aimonitor.edge.behavior.site import Zone
from aimonitor.edge.types import Point


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
    """A zone with its bounding box, so that most questions are answered by four comparisons."""

    __slots__ = ("_bottom", "_left", "_right", "_top", "key", "zone")

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.key = ("zone", zone.name)
        self._left = min(corner.x for corner in zone.polygon)
        self._right = max(corner.x for corner in zone.polygon)
        self._top = min(corner.y for corner in zone.polygon)
        self._bottom = max(corner.y for corner in zone.polygon)

    def __contains__(self, foot: Point) -> bool:
        x, y = foot
        if x < self._left or x > self._right or y < self._top or y > self._bottom:
            return False
        return contains(self.zone.polygon, x, y)
