"""What is remembered of one track from frame to frame."""

from collections.abc import Sequence
from math import hypot

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.lines import LineWatch
from aimonitor.edge.behavior.place import Pace, Place, pace
from aimonitor.edge.behavior.site import Rules, Site, Zone
from aimonitor.edge.behavior.zones import Areas
from aimonitor.edge.trend import Motion, Trend
from aimonitor.edge.types import Behavior, Size, Speed, Track

_MOVED_M_PER_S = 0.5


class Followed:
    """One object: where it is and was, how it moves, since when it stands, which lines it came from.

    `behavior` is the last one told of it; `at` is when its track was last there, `seen_at` when it was not coasting.
    """

    __slots__ = (
        "_anchor", "_seen_before", "_site", "_trend", "at", "behavior", "first_at", "has_moved", "held", "label",
        "lines", "motion", "place", "seen_at", "still_since",
    )  # fmt: skip

    def __init__(self, site: Site, track: Track, at: float) -> None:
        self._site = site
        self._trend = Trend(site.rules.memory_s)
        self.lines = LineWatch(site.lines)
        self._anchor: Place | None = None
        self.held = Held()
        self.label = track.label
        self.first_at = track.first_at
        self.still_since = self.at = self.seen_at = self._seen_before = at
        self.has_moved = False
        self.place: Place | None = None
        self.motion: Motion | None = None
        self.behavior: Behavior | None = None

    def could_be(self, where: Place, at: float, rules: Rules) -> bool:
        """True when the object, going on as it did or slowing down, would by now be at `where`."""
        gap_s = at - self.seen_at
        if self.place is None or gap_s > rules.rejoin_s:
            return False
        dx, dy = where.x - self.place.x, where.y - self.place.y
        if self.motion is not None:
            way_x, way_y = self.motion.vx * gap_s, self.motion.vy * gap_s
            length2 = way_x * way_x + way_y * way_y
            share = min(1.0, max(0.0, (dx * way_x + dy * way_y) / length2)) if length2 > 0.0 else 0.0
            dx, dy = dx - share * way_x, dy - share * way_y
        return hypot(dx, dy) <= rules.rejoin_m * where.per_m + 3 * where.sigma

    def move(self, where: Place | None, at: float) -> None:
        """It was seen, at `where` if that is known."""
        self._seen_before, self.seen_at = self.seen_at, at
        if where is not None:
            self.place = where
            self._trend.add(at, where.x, where.y, where.sigma)
            self.motion = self._trend.motion()

    def pace(self, track: Track, size: Size) -> Pace:
        """Speed and heading, as far as they are known."""
        if self.motion is None or self.place is None:
            return Pace(Speed(0.0, "px/s" if self._site.ground is None else "m/s"), None)
        return pace(self.motion, self.place, track, self._site.ground, size)

    def settle(self, pace: Speed, at: float) -> None:
        """Move the anchor when the object is no longer where it stood."""
        where, anchor = self.place, self._anchor
        if where is None:
            self.still_since = at
        elif anchor is None:
            self._anchor, self.still_since = where, at
        elif hypot(where.x - anchor.x, where.y - anchor.y) > self._reach(where):
            self._anchor, self.still_since = where, at
            if pace.value > max(2 * pace.error, _MOVED_M_PER_S * where.per_m):
                self.has_moved = True

    def dwell(self, areas: Areas, inside: Sequence[bool], label: str, at: float) -> tuple[list[Zone], dict[str, float]]:
        """The zones that it is in, and for how long; `inside` is where its foot stands, by zone."""
        zones: list[Zone] = []
        dwell_s: dict[str, float] = {}
        held, settle_s, before = self.held, self._site.rules.settle_s, self._seen_before
        spells = held.spells
        for zone, key, stands_in in zip(areas.zones, areas.keys, inside, strict=True):
            if not (stands_in or key in spells):
                continue
            counts = stands_in and zone.counts(label)
            if held.update(key, counts, at, settle_s, settle_s, before=before) is not None:
                zones.append(zone)
                dwell_s[zone.name] = held.duration(key)
        return zones, dwell_s

    def _reach(self, where: Place) -> float:
        return self._site.rules.still_radius_m * where.per_m + 2 * where.sigma
