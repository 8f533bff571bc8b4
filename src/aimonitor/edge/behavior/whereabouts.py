"""Where feet stand, and soon will: in which zones, how far from the restricted ones, on which side of lines."""

from collections.abc import Sequence
from itertools import chain
from math import inf

import numpy as np
from msgspec import Struct

from aimonitor.edge.behavior.lines import Lines
from aimonitor.edge.behavior.site import Site
from aimonitor.edge.behavior.zones import Areas, Floats
from aimonitor.edge.types import Track

_NUMBERS = 6
"""Of a track: the corners of its box and its velocity."""

_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where an object is looked for, here and on its way, as shares of how far ahead an approach is seen."""


class Whereabouts(Struct, frozen=True, gc=False):
    """Of each track: in which zones its foot is, how many seconds from the restricted ones, on which side of the lines.

    `arrives_s`, if it goes on as it does, is infinite where it does not come there soon; `sides` are those of `Lines`.
    """

    inside: Sequence[Sequence[bool]]
    arrives_s: Sequence[Sequence[float]]
    sides: Sequence[Sequence[int]]


class Survey:
    """The zones and lines of a site, asked about all tracks at once.

    Where a foot is, where it will be and how far it is from a line: all of it is linear in box and velocity, so one
    product of matrices gives it for every track.
    """

    def __init__(self, site: Site) -> None:
        self.zones = Areas([zone for zone in site.zones if zone.kind == "zone"])
        self.lines = Lines(site.lines)
        self.restricted = tuple(zone for zone in self.zones.zones if zone.restricted)
        self._rows = [row for row, zone in enumerate(self.zones.zones) if zone.restricted]
        ahead_s = [site.rules.approach_within_s * step for step in (_STEPS if self.restricted else _STEPS[:1])]
        self._steps = len(ahead_s)
        self._ahead_s = np.array(ahead_s[1:])[:, None, None]
        across = [(0.5, 0.0, 0.5, 0.0, after_s, 0.0) for after_s in ahead_s]
        down = [(0.0, 0.0, 0.0, 1.0, 0.0, after_s) for after_s in ahead_s]
        self._weights = np.array([*across, *down, *self.lines.weights])
        self._offsets = np.array([0.0] * 2 * self._steps + self.lines.offsets)[:, None]

    def look(self, tracks: Sequence[Track]) -> Whereabouts:
        """The whereabouts of the tracks."""
        nothing = [()] * len(tracks)
        if not tracks or not (self.zones or self.lines):
            return Whereabouts(nothing, nothing, nothing)
        told = self._weights @ _columns(tracks)
        told += self._offsets
        steps = self._steps
        held = self.zones.hold(told[:steps].ravel(), told[steps : 2 * steps].ravel()).reshape(steps, len(tracks), -1)
        arrives_s: Sequence[Sequence[float]] = nothing
        if self.restricted:
            comes = held[1:].take(self._rows, axis=2)
            arrives_s = np.where(comes, self._ahead_s, inf).min(axis=0).tolist()
        return Whereabouts(held[0].tolist(), arrives_s, self.lines.sides(told[2 * steps :]))


def _columns(tracks: Sequence[Track]) -> Floats:
    """(6, n) of n tracks; in half the time that np.array needs to find out what they are."""
    numbers = chain.from_iterable([track.box + track.velocity for track in tracks])
    return np.fromiter(numbers, np.float64, _NUMBERS * len(tracks)).reshape(-1, _NUMBERS).T
