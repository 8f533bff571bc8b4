"""The stage: tracks in, what they do out."""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from math import inf, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from aimonitor.edge.behavior.actions import Moment, actions
from aimonitor.edge.behavior.belongings import Belongings, Thing
from aimonitor.edge.behavior.convoy import ConvoyFinder, Vehicle
from aimonitor.edge.behavior.followed import Followed
from aimonitor.edge.behavior.groups import CrowdFinder, Standing
from aimonitor.edge.behavior.lines import Lines
from aimonitor.edge.behavior.place import Place, place
from aimonitor.edge.behavior.site import Site
from aimonitor.edge.behavior.zones import Areas, Floats, Places
from aimonitor.edge.types import (
    ANIMALS,
    PERSONS,
    VEHICLES,
    Behavior,
    Crossing,
    Doing,
    Group,
    Point,
    SceneBehavior,
    Size,
    Speed,
    SpeedUnit,
    Track,
)

_GROUP_EVERY_S = 0.25
_STEPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])[:, None, None]
"""Where an object is looked for, here and on its way, as shares of how far ahead an approach is seen."""

_LIVING = PERSONS | VEHICLES | ANIMALS


class Whereabouts(Struct, frozen=True, gc=False):
    """Where a foot is: in which zones, how many seconds from the restricted ones if it goes on, on which side of lines.

    `arrives_s` is infinite where it does not come there soon; `sides` are those of `Lines`.
    """

    inside: Sequence[bool] = ()
    arrives_s: Sequence[float] = ()
    sides: list[float] = []


_ANYWHERE = Whereabouts()


class BehaviorAnalyzer:
    """Behavior of all tracks of one camera. Owned by one thread."""

    def __init__(self, site: Site | None = None) -> None:
        self.adopt(site or Site())

    def adopt(self, site: Site) -> None:
        """Use other zones, lines, rules or calibration from now on; what was remembered of the tracks is forgotten."""
        self._site = site
        self._zones = Areas([zone for zone in site.zones if zone.kind == "zone"])
        self._masks = Areas([zone for zone in site.zones if zone.kind == "mask"])
        self._lines = Lines(site.lines)
        self._restricted = tuple(zone for zone in self._zones.zones if zone.restricted)
        self._restricted_rows = [row for row, zone in enumerate(self._zones.zones) if zone.restricted]
        self._ahead_s = site.rules.approach_within_s * _STEPS
        self._unit: SpeedUnit = "px/s" if site.ground is None else "m/s"
        self._followed: dict[int, Followed] = {}
        self._tracks: Sequence[Track] = ()
        self._crowds = CrowdFinder(site.rules, self._zones.zones)
        self._convoys = ConvoyFinder(site.rules)
        self._belongings = Belongings(site.rules)
        self._grouped_at = float("-inf")
        self._groups: tuple[Group, ...] = ()

    def update(self, tracks: Sequence[Track], size: Size, at: float) -> SceneBehavior:
        """What `tracks` (of a picture of `size` pixels) do at time `at`. A coasting track keeps its last behavior."""
        by_track: dict[int, Behavior] = {}
        crossings: list[Crossing] = []
        self._tracks = tracks
        masked = self._masked(tracks)
        seen = [track for track in tracks if track.track_id not in masked] if masked else tracks
        for track, whereabouts in zip(seen, self._whereabouts(seen), strict=True):
            by_track[track.track_id] = self._follow(track, whereabouts, size, at, crossings)
        left = self._leave_behind(seen, at)
        for track_id, doing in left.items():
            by_track[track_id] = replace(by_track[track_id], doing=(*by_track[track_id].doing, doing))
        groups = (*self._group(seen, by_track, at), *self._belongings.removed(at))
        self._forget(at)
        return SceneBehavior(by_track, tuple(crossings), groups, self._average(seen, by_track), masked)

    def _masked(self, tracks: Sequence[Track]) -> frozenset[int]:
        if not self._masks or not tracks:
            return frozenset()
        inside = self._masks.hold(_feet(_columns([track.box for track in tracks], 4))).tolist()
        return frozenset(
            track.track_id
            for track, masks in zip(tracks, inside, strict=True)
            if any(is_in and mask.counts(track.label) for is_in, mask in zip(masks, self._masks.zones, strict=True))
        )

    def _whereabouts(self, seen: Sequence[Track]) -> Iterable[Whereabouts]:
        if not seen or not (self._zones or self._lines):
            return repeat(_ANYWHERE, len(seen))
        corners = _columns([track.box for track in seen], 4)
        feet = _feet(corners)
        arrives_s: Iterable[Sequence[float]] = repeat((), len(seen))
        if self._restricted:
            velocities = _columns([track.velocity for track in seen], 2)
            held = self._zones.hold(feet + velocities * self._ahead_s)
            inside, comes = held[0], held[1:].take(self._restricted_rows, axis=2)
            arrives_s = np.where(comes, self._ahead_s[1:], inf).min(axis=0).tolist()
        else:
            inside = self._zones.hold(feet)
        sides = self._lines.sides(feet, corners[:, 3] - corners[:, 1])
        return map(Whereabouts, inside.tolist(), arrives_s, sides)

    def _follow(
        self, track: Track, whereabouts: Whereabouts, size: Size, at: float, crossings: list[Crossing]
    ) -> Behavior:
        rules, ground = self._site.rules, self._site.ground
        state = self._followed.get(track.track_id)
        if track.coasting and state is not None and state.behavior is not None:
            state.at = at
            return state.behavior
        where = place(track, size, ground, rules)
        if state is None:
            state = self._followed[track.track_id] = self._rejoin(track, where, at) or Followed(self._site, track, at)
        state.at = at
        if track.coasting and state.behavior is not None:
            return state.behavior
        state.move(where, at)
        pace = state.pace(track, size)
        state.settle(pace.speed, at)
        zones, dwell_s = state.dwell(self._zones, whereabouts.inside, track.label, at)
        if self._lines:
            crossings.extend(state.lines.update(track, whereabouts.sides))
        moment = Moment(
            track=track,
            at=at,
            speed=pace.speed,
            per_m=state.place.per_m if state.place else 1.0,
            heading_deg=pace.heading_deg,
            first_at=state.first_at,
            still_since=state.still_since,
            has_moved=state.has_moved,
            zones=zones,
            dwell_s=dwell_s,
            arrives_s=whereabouts.arrives_s,
            held=state.held,
        )
        doing = actions(moment, rules, self._restricted)
        position = Point(where.x, where.y) if where is not None and where.spot is not None else None
        still_s = at - state.still_since
        state.behavior = Behavior(track.track_id, pace.speed, pace.heading_deg, still_s, dwell_s, doing, position)
        return state.behavior

    def _rejoin(self, track: Track, where: Place | None, at: float) -> Followed | None:
        """What is remembered of a track that was lost just now, just here: a lost id does not set clocks to zero."""
        if where is None:
            return None
        present = {track.track_id for track in self._tracks}
        for track_id, state in self._followed.items():
            is_lost = track_id not in present and state.label == track.label
            if is_lost and state.could_be(where, at, self._site.rules):
                del self._followed[track_id]
                return state
        return None

    def _leave_behind(self, seen: Sequence[Track], at: float) -> dict[int, Doing]:
        if self._belongings.is_idle and {track.label for track in seen} <= _LIVING:
            return {}
        things: list[Thing] = []
        persons: list[Thing] = []
        for track in seen:
            state = self._followed[track.track_id]
            where, label = state.place, track.label
            if where is None or (label in _LIVING and label not in PERSONS):
                continue
            thing = Thing(track.track_id, where.x, where.y, where.per_m, state.first_at, state.still_since)
            (persons if label in PERSONS else things).append(thing)
        return self._belongings.update(things, persons, at)

    def _group(self, seen: Sequence[Track], by_track: dict[int, Behavior], at: float) -> tuple[Group, ...]:
        known = self._followed
        vehicles = []
        for track in seen:
            if track.label in VEHICLES and not track.coasting:
                where, motion = known[track.track_id].place, known[track.track_id].motion
                if where and motion:
                    vehicle = Vehicle(track.track_id, at, where.x, where.y, motion.vx, motion.vy, where.per_m)
                    vehicles.append(vehicle)
        convoys = self._convoys.update(vehicles, at)
        if at - self._grouped_at >= _GROUP_EVERY_S:
            self._grouped_at = at
            persons = []
            for track in seen:
                where = known[track.track_id].place if track.label in PERSONS else None
                if where is not None:
                    zones = tuple(by_track[track.track_id].dwell_s)
                    persons.append(Standing(track.track_id, where.x, where.y, where.per_m, zones))
            self._groups = tuple(self._crowds.update(persons, at))
        return (*convoys, *self._groups)

    def _average(self, seen: Sequence[Track], by_track: dict[int, Behavior]) -> Speed:
        """The mean speed of persons, vehicles and animals in view, with the error of the mean."""
        speeds = [by_track[track.track_id].speed for track in seen if track.label in _LIVING]
        if not speeds:
            return Speed(0.0, self._unit)
        mean = sum([one.value for one in speeds]) / len(speeds)
        return Speed(mean, self._unit, sqrt(sum([one.error * one.error for one in speeds])) / len(speeds))

    def _forget(self, at: float) -> None:
        limit = self._site.rules.forget_s
        gone = [track_id for track_id, state in self._followed.items() if at - state.at > limit]
        for track_id in gone:
            del self._followed[track_id]


def _columns(rows: Sequence[Sequence[float]], width: int) -> Floats:
    """(n, width) of n rows; in half the time that np.array needs to find out what they are."""
    return np.fromiter(chain.from_iterable(rows), np.float64, width * len(rows)).reshape(-1, width)


def _feet(corners: Floats) -> Places:
    """(n, 2): where boxes touch the ground, as `Box.foot`."""
    feet = corners[:, 2:].copy()
    feet[:, 0] += corners[:, 0]
    feet[:, 0] /= 2
    return feet
