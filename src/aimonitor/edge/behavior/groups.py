"""Density: who stands close to whom, and crowds made of it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.site import Rules, Zone
from aimonitor.edge.types import Group


def density_connected(count: int, near: Callable[[int, int], bool], at_least: int) -> list[list[int]]:
    """Cluster items 0..count-1: chains of items that each have `at_least` items near, themselves included, and what is
    near to those (DBSCAN: Ester et al., KDD 1996). `near` is symmetric. Items in no cluster are left out.
    """
    neighbors: list[list[int]] = [[] for _ in range(count)]
    for i in range(count):
        for j in range(i + 1, count):
            if near(i, j):
                neighbors[i].append(j)
                neighbors[j].append(i)
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


class Standing(NamedTuple):
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
            clusters = density_connected(len(persons), lambda i, j: self._near(persons[i], persons[j]), 2)
        crowd = max((cluster for cluster in clusters if len(cluster) >= rules.crowd_at), key=len, default=[])
        since = self._held.update("", bool(crowd), at, rules.crowd_for_s, rules.settle_s)
        if since is not None and crowd:
            groups.append(Group("crowd", tuple(sorted(persons[i].track_id for i in crowd)), since))
        for name, limit in self._limits:
            inside = [person.track_id for person in persons if name in person.zones]
            since = self._held.update(name, len(inside) >= limit, at, rules.crowd_for_s, rules.settle_s)
            if since is not None and len(inside) >= limit:
                groups.append(Group("crowd", tuple(sorted(inside)), since, name))
        return groups

    def _near(self, one: Standing, other: Standing) -> bool:
        gap = self._rules.crowd_gap_m * (one.per_m + other.per_m) / 2
        dx, dy = one.x - other.x, one.y - other.y
        return dx * dx + dy * dy <= gap * gap
