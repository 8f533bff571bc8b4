"""Which zones a foot stands in."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aimonitor.edge.behavior.site import Zone
from aimonitor.edge.types import Point

Places = npt.NDArray[np.float64]
"""(..., 2): x and y in fractions of the image."""

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
        self.keys = tuple(("zone", zone.name) for zone in zones)
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

    def hold(self, places: Places) -> Inside:
        """(..., zones) for places (..., 2): is it inside?"""
        if not self.zones:
            return np.zeros((*places.shape[:-1], 0), np.bool_)
        # One row for each edge, so that the long side, that of the places, lies along the memory.
        x, y = places.reshape(-1, 2).T.copy()
        crossed = (self._y1 > y) != (self._y2 > y)
        crossed &= x < self._x1 + (y - self._y1) * self._run / self._rise
        crossings = self._owned.dot(crossed.astype(np.float64)).astype(np.intp)
        crossings &= 1
        inside: Inside = crossings.T.astype(np.bool_)
        return inside.reshape(*places.shape[:-1], len(self.zones))
