"""Convoys: vehicles that stay density-connected while they drive the same way (Jeung et al., VLDB 2008).

A convoy is a set of at least m objects that are density-connected with respect to a gap at k consecutive time points.
This is the streaming form of the Coherent Moving Cluster algorithm: at each time point the candidates are intersected
with the clusters of that moment; what keeps m members lives on, dated back to its beginning. Ours differs in three
things: only vehicles that move, and nearly in the same direction, are near each other (parked cars are no convoy);
a vehicle that was missed is carried on along its way for the patience, and a candidate survives that long without a
cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, radians

import numpy as np
from msgspec import Struct

from aimonitor.edge.behavior.groups import density_connected, within
from aimonitor.edge.behavior.site import Rules
from aimonitor.edge.types import Group

_LIMIT = 64
"""Vehicles taken into account and candidates kept: beyond this it is a traffic jam."""


class Vehicle(Struct, frozen=True, gc=False):
    """A vehicle at time `at`: place and velocity in units of which `per_m` make a metre."""

    track_id: int
    at: float
    x: float
    y: float
    vx: float
    vy: float
    per_m: float


@dataclass(slots=True)
class _Candidate:
    """Vehicles that were together from `since` to `last`, as far as all of them were seen."""

    members: frozenset[int]
    since: float
    last: float


class ConvoyFinder:
    """Finds convoys at time points `convoy_every_s` apart; between them the last answer holds."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._cos_limit = cos(radians(rules.convoy_heading_deg))
        self._known: dict[int, Vehicle] = {}
        self._candidates: list[_Candidate] = []
        self._next_at = float("-inf")
        self._convoys: list[Group] = []

    def update(self, vehicles: Sequence[Vehicle], at: float) -> list[Group]:
        """Note the vehicles seen at `at`; the convoys as of the last time point, oldest first."""
        for vehicle in vehicles:
            self._known[vehicle.track_id] = vehicle
        if at < self._next_at:
            return self._convoys
        self._next_at = at + self._rules.convoy_every_s - 1e-6
        patience_s = self._rules.convoy_patience_s
        self._known = {key: known for key, known in self._known.items() if at - known.at <= patience_s}
        clusters = self._clusters(at)
        self._candidates = self._advance(clusters, at)
        self._convoys = self._established(at)
        return self._convoys

    def _clusters(self, at: float) -> list[frozenset[int]]:
        rules = self._rules
        speed2 = rules.convoy_m_per_s**2
        moving = [v for v in self._known.values() if v.vx * v.vx + v.vy * v.vy >= speed2 * v.per_m * v.per_m][:_LIMIT]
        if len(moving) < rules.convoy_at:
            return []
        # Where each is by now, and which way it drives.
        x = [v.x + v.vx * (at - v.at) for v in moving]
        y = [v.y + v.vy * (at - v.at) for v in moving]
        near = within(x, y, [rules.convoy_gap_m * v.per_m for v in moving])
        heading = np.array([atan2(v.vy, v.vx) for v in moving])
        near &= np.cos(heading - heading[:, None]) >= self._cos_limit
        found = density_connected(near, rules.convoy_at)
        return [frozenset(moving[i].track_id for i in cluster) for cluster in found]

    def _advance(self, clusters: Sequence[frozenset[int]], at: float) -> list[_Candidate]:
        at_least, patience_s = self._rules.convoy_at, self._rules.convoy_patience_s
        alive: dict[frozenset[int], _Candidate] = {}

        def keep(members: frozenset[int], since: float, last: float) -> None:
            same = alive.get(members)
            if same is None:
                alive[members] = _Candidate(members, since, last)
            else:
                same.since, same.last = min(same.since, since), max(same.last, last)

        for candidate in self._candidates:
            lived_on = False
            for cluster in clusters:
                common = candidate.members & cluster
                if len(common) >= at_least:
                    keep(common, candidate.since, self._seen_at(common))
                    lived_on = lived_on or len(common) == len(candidate.members)
            if not lived_on and at - candidate.last <= patience_s:
                keep(candidate.members, candidate.since, candidate.last)
        for cluster in clusters:
            keep(cluster, at, self._seen_at(cluster))
        ordered = sorted(alive.values(), key=lambda candidate: (candidate.since, -len(candidate.members)))
        # A candidate that is a part of an older one says nothing new.
        kept: list[_Candidate] = []
        for candidate in ordered[:_LIMIT]:
            if not any(candidate.members <= other.members and candidate.last <= other.last for other in kept):
                kept.append(candidate)
        return kept

    def _seen_at(self, members: frozenset[int]) -> float:
        """When all of them had been seen: patience counts from there, and not once more from where it ended."""
        return min(self._known[track_id].at for track_id in members)

    def _established(self, at: float) -> list[Group]:
        """Those that lived for k time points, the largest of any that overlap."""
        lived = [c for c in self._candidates if c.last - c.since >= self._rules.convoy_for_s - 1e-6]
        lived = [c for c in lived if at - c.last <= self._rules.convoy_patience_s]
        lived.sort(key=lambda candidate: (-len(candidate.members), candidate.since))
        groups: list[Group] = []
        used: set[int] = set()
        for candidate in lived:
            if used.isdisjoint(candidate.members):
                used |= candidate.members
                groups.append(Group("convoy", tuple(sorted(candidate.members)), candidate.since))
        return groups
