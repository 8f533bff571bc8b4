"""Which zones a foot stands in."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aimonitor.edge.behavior.site import Zone
from aimonitor.edge.types import Point

Floats = npt.NDArray[np.float64]

Inside = npt.NDArray[np.bool_]

_LEVEL = 1e-300
"""Edges that rise by less are level: to divide by that may overflow."""


def contains(polygon: Sequence[Point], x: float, y: float) -> bool:
    """True when (x, y) lies in the polygon, self-crossing allowed (even-odd rule; Shimrat, CACM 5(8), 1962)."""
    inside = False
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
        x1, y1 = x2, y2
    return inside


class Areas:
    """Several zones, asked about many places at once: `contains` for all edges of all polygons in a few operations."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self.zones = tuple(zones)
        corners = [np.array(zone.polygon, np.float64) for zone in zones]
        ends = np.concatenate([*corners, np.zeros((0, 2))])
        starts = np.concatenate([*(np.roll(polygon, 1, axis=0) for polygon in corners), np.zeros((0, 2))])
        self._x1, self._y1, x2, self._y2 = np.concatenate((starts, ends), axis=1).T[:, :, None]
        self._run, rise = x2 - self._x1, self._y2 - self._y1
        self._rise = np.where(np.abs(rise) < _LEVEL, 1.0, rise)  # nothing crosses a level edge
        owner = np.repeat(np.arange(len(zones)), [len(polygon) for polygon in corners])
        self._owned = (owner == np.arange(len(zones))[:, None]).astype(np.float64)

    def __len__(self) -> int:
        return len(self.zones)

    def hold(self, x: Floats, y: Floats) -> Inside:
        """(n, zones) for the places (x, y), (n,) each: is it inside?"""
        # One row for each edge, so that the long side, that of the places, lies along the memory.
        crossed = (self._y1 > y) != (self._y2 > y)
        edge_x = y - self._y1
        edge_x *= self._run
        edge_x /= self._rise
        edge_x += self._x1
        crossed &= x < edge_x
        inside: Inside = (self._owned.dot(crossed).astype(np.intp) & 1).T.astype(np.bool_)
        return inside
