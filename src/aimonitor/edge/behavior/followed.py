"""What is remembered of one track from frame to frame, and all that is known of it now."""

from collections.abc import Sequence
from math import hypot

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.lines import Border, LineWatch
from aimonitor.edge.behavior.place import Pace, Place, pace
from aimonitor.edge.behavior.site import Site, Zone
from aimonitor.edge.behavior.zones import Area
from aimonitor.edge.trend import Motion, Trend
from aimonitor.edge.types import Behavior, Doing, Point, Size, Speed, Track

_MOVED_M_PER_S = 0.5


class Followed:
    """One object: where it is and was, how it moves, since when it stands, where it stays, which lines it came from.

    `move`, `measure`, `settle` and `stay` take in a frame, in this order. `place` is the last one known; `where` that
    of this frame, if it is known. Dwell is seconds by zone name, for the zones that it is in. `behavior` is the last
    one told of it; `at` is when its track was last there, `seen_at` when it was not coasting.
    """

    __slots__ = (
        "_anchor", "_rules", "_seen_before", "_site", "_stays", "_trend", "at", "behavior", "dwell_s", "first_at",
        "has_moved", "held", "label", "lines", "motion", "pace", "place", "seen_at", "still_since", "track", "where",
        "zones",
    )  # fmt: skip

    def __init__(self, site: Site, borders: Sequence[Border], track: Track, at: float) -> None:
        self._site = site
        self._rules = site.rules
        self._trend = Trend(site.rules.memory_s)
        self.lines = LineWatch(borders)
        self._anchor: Place | None = None
        self._stays = Held()
        self.held = Held()
        self.track = track
        self.label = track.label
        self.first_at = track.first_at
        self.still_since = self.at = self.seen_at = self._seen_before = at
        self.has_moved = False
        self.where: Place | None = None
        self.place: Place | None = None
        self.motion: Motion | None = None
        self.pace = Pace(Speed(0.0, "px/s" if site.ground is None else "m/s"), None)
        self.zones: Sequence[Zone] = ()
        self.dwell_s: dict[str, float] = {}
        self.behavior = Behavior(track.track_id, self.pace.speed)

    def could_be(self, where: Place, at: float) -> bool:
        """True when the object, going on as it did or slowing down, would by now be at `where`."""
        gap_s = at - self.seen_at
        if self.place is None or gap_s > self._rules.rejoin_s:
            return False
        dx, dy = where.x - self.place.x, where.y - self.place.y
        if self.motion is not None:
            way_x, way_y = self.motion.vx * gap_s, self.motion.vy * gap_s
            length2 = way_x * way_x + way_y * way_y
            share = min(1.0, max(0.0, (dx * way_x + dy * way_y) / length2)) if length2 > 0.0 else 0.0
            dx, dy = dx - share * way_x, dy - share * way_y
        return hypot(dx, dy) <= self._rules.rejoin_m * where.per_m + 3 * where.sigma

    def move(self, track: Track, where: Place | None, at: float) -> None:
        """It was seen as `track`, at `where` if that is known."""
        self.track, self.where = track, where
        self._seen_before, self.seen_at = self.seen_at, at
        if where is not None:
            self.place = where
            self._trend.add(at, where.x, where.y, where.sigma)
            self.motion = self._trend.motion

    def measure(self, size: Size) -> None:
        """Speed and heading, as far as they are known."""
        if self.motion is not None and self.place is not None:
            self.pace = pace(self.motion, self.place, self.track, self._site.ground, size)

    def is_faster(self, m_per_s: float) -> bool:
        """True when it moves faster than that, the error of its speed set aside."""
        per_m = self.place.per_m if self.place else 1.0
        speed = self.pace.speed
        return speed.value - speed.error > m_per_s * per_m

    def settle(self, at: float) -> None:
        """Move the anchor when the object is no longer where it stood."""
        where, anchor = self.place, self._anchor
        if where is None:
            self.still_since = at
        elif anchor is None:
            self._anchor, self.still_since = where, at
        elif hypot(where.x - anchor.x, where.y - anchor.y) > self._rules.still_radius_m * where.per_m + 2 * where.sigma:
            self._anchor, self.still_since = where, at
            speed = self.pace.speed
            if speed.value > max(2 * speed.error, _MOVED_M_PER_S * where.per_m):
                self.has_moved = True

    def stay(self, areas: Sequence[Area], at: float) -> None:
        """In which of the areas it is, and for how long."""
        stays, settle_s, before, label = self._stays, self._rules.settle_s, self._seen_before, self.track.label
        spells = stays.spells
        x1, _, x2, y = self.track.box
        x = (x1 + x2) / 2
        self.zones, self.dwell_s = here, dwell_s = [], {}
        for area in areas:
            zone, stands_in = area.zone, area.holds(x, y)
            name = zone.name
            if not (stands_in or name in spells):
                continue
            spell = stays.update(name, stands_in and zone.counts(label), at, settle_s, settle_s, before=before)
            if spell:
                here.append(zone)
                dwell_s[name] = spell.duration

    def tell(self, doing: tuple[Doing, ...], at: float) -> None:
        """What there is to tell of it, when it does that."""
        where = self.where
        position = Point(where.x, where.y) if where is not None and where.spot is not None else None
        pace, still_s = self.pace, at - self.still_since
        self.behavior = Behavior(
            self.track.track_id, pace.speed, pace.heading_deg, still_s, self.dwell_s, doing, position
        )
