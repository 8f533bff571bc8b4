"""Density: who stands close to whom, and crowds made of it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.site import Rules, Zone
from aimonitor.edge.types import Group

Near = npt.NDArray[np.bool_]
"""(n, n): who is near to whom; symmetric, and everyone is near to himself."""


def within(x: Sequence[float], y: Sequence[float], reach: Sequence[float]) -> Near:
    """Who is no farther from whom than the mean of what both reach."""
    xs, ys, reaches = np.array((x, y, reach))
    dx, dy = xs - xs[:, None], ys - ys[:, None]
    near: Near = 4.0 * (dx * dx + dy * dy) <= np.square(reaches + reaches[:, None])
    return near


def density_connected(near: Near, at_least: int) -> list[list[int]]:
    """Cluster n items: chains of items that each have `at_least` items near, themselves included, and what is near to
    those (DBSCAN: Ester et al., KDD 1996). Items in no cluster are left out.
    """
    count = len(near)
    if np.count_nonzero(near) < count + 2 * (at_least - 1):  # too few for one who has enough near, both ways
        return []
    neighbors: list[list[int]] = [[] for _ in range(count)]
    for i, j in zip(*(where.tolist() for where in near.nonzero()), strict=True):
        if i != j:
            neighbors[i].append(j)
    taken = [False] * count
    clusters = []
    for seed in range(count):
        if taken[seed] or len(neighbors[seed]) + 1 < at_least:
            continue
        cluster, edge = [], [seed]
        taken[seed] = True
        while edge:
            item = edge.pop()
            cluster.append(item)
            if len(neighbors[item]) + 1 < at_least:
                continue
            for other in neighbors[item]:
                if not taken[other]:
                    taken[other] = True
                    edge.append(other)
        clusters.append(sorted(cluster))
    return clusters


class Standing(Struct, frozen=True, gc=False):
    """A person at a place, in units of which `per_m` make a metre, and the zones that it is in."""

    track_id: int
    x: float
    y: float
    per_m: float
    zones: tuple[str, ...]


class CrowdFinder:
    """Crowds: persons closer than the gap, enough of them, for long enough; and zones with more than their limit."""

    def __init__(self, rules: Rules, zones: Sequence[Zone]) -> None:
        self._rules = rules
        self._limits = [(zone.name, zone.crowd_at) for zone in zones if zone.crowd_at is not None]
        self._held = Held()

    def update(self, persons: Sequence[Standing], at: float) -> list[Group]:
        """The crowds now, larger ones first."""
        rules, groups = self._rules, []
        clusters: list[list[int]] = []
        if len(persons) >= rules.crowd_at:
            reach = [rules.crowd_gap_m * person.per_m for person in persons]
            near = within([person.x for person in persons], [person.y for person in persons], reach)
            pairs = (np.count_nonzero(near) - len(persons)) // 2
            clusters = density_connected(near, 2) if pairs >= rules.crowd_at - 1 else []
        crowd = max((cluster for cluster in clusters if len(cluster) >= rules.crowd_at), key=len, default=[])
        spell = self._held.update("", bool(crowd), at, rules.crowd_for_s, rules.settle_s)
        if spell and crowd:
            groups.append(Group("crowd", tuple(sorted(persons[i].track_id for i in crowd)), spell.since))
        for name, limit in self._limits:
            inside = [person.track_id for person in persons if name in person.zones]
            spell = self._held.update(name, len(inside) >= limit, at, rules.crowd_for_s, rules.settle_s)
            if spell and len(inside) >= limit:
                groups.append(Group("crowd", tuple(sorted(inside)), spell.since, name))
        return groups
