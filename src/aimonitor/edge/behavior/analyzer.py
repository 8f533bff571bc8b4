"""The stage: tracks in, what they do out."""

from collections.abc import Sequence
from itertools import chain
from math import sqrt

from msgspec.structs import replace

from aimonitor.edge.behavior.actions import actions
from aimonitor.edge.behavior.belongings import Belongings, Thing
from aimonitor.edge.behavior.convoy import ConvoyFinder, Vehicle
from aimonitor.edge.behavior.followed import Followed
from aimonitor.edge.behavior.groups import CrowdFinder, Standing
from aimonitor.edge.behavior.lines import Border
from aimonitor.edge.behavior.place import Place, place
from aimonitor.edge.behavior.site import Site
from aimonitor.edge.behavior.zones import Area
from aimonitor.edge.types import (
    ANIMALS,
    PERSONS,
    VEHICLES,
    Behavior,
    Crossing,
    Doing,
    Group,
    SceneBehavior,
    Size,
    Speed,
    SpeedUnit,
    Track,
)

_GROUP_EVERY_S = 0.25

_LIVING = PERSONS | VEHICLES | ANIMALS


class BehaviorAnalyzer:
    """Behavior of all tracks of one camera. Owned by one thread."""

    def __init__(self, site: Site | None = None) -> None:
        self.adopt(site or Site())

    def adopt(self, site: Site) -> None:
        """Use other zones, lines, rules or calibration from now on; what was remembered of the tracks is forgotten."""
        self._site = site
        self._areas = [Area(zone) for zone in site.zones if zone.kind == "zone"]
        self._masks = [Area(zone) for zone in site.zones if zone.kind == "mask"]
        self._restricted = [area for area in self._areas if area.zone.restricted]
        self._borders = [Border(line) for line in site.lines]
        self._unit: SpeedUnit = "px/s" if site.ground is None else "m/s"
        self._followed: dict[int, Followed] = {}
        self._tracks: Sequence[Track] = ()
        self._crowds = CrowdFinder(site.rules, [area.zone for area in self._areas])
        self._convoys = ConvoyFinder(site.rules)
        self._belongings = Belongings(site.rules)
        self._grouped_at = float("-inf")
        self._groups: tuple[Group, ...] = ()

    def update(self, tracks: Sequence[Track], size: Size, at: float) -> SceneBehavior:
        """What `tracks` (of a picture of `size` pixels) do at time `at`. A coasting track keeps its last behavior."""
        self._tracks = tracks
        masked = self._masked(tracks)
        seen = [track for track in tracks if track.track_id not in masked] if masked else tracks
        known = self._followed
        news = [track for track in seen if not track.coasting or track.track_id not in known]
        crossings = self._follow(news, size, at)
        by_track: dict[int, Behavior] = {}
        for track in seen:
            state = known[track.track_id]
            state.at = at
            by_track[track.track_id] = state.behavior
        left = self._leave_behind(seen, at)
        for track_id, doing in left.items():
            by_track[track_id] = replace(by_track[track_id], doing=(*by_track[track_id].doing, doing))
        groups = (*self._group(seen, by_track, at), *self._belongings.removed(at))
        self._forget(at)
        return SceneBehavior(by_track, crossings, groups, self._average(seen, by_track), masked)

    def _masked(self, tracks: Sequence[Track]) -> frozenset[int]:
        if not self._masks:
            return frozenset()
        return frozenset([track.track_id for track in tracks if self._is_masked(track)])

    def _is_masked(self, track: Track) -> bool:
        x, y = track.box.foot
        return any(mask.holds(x, y) and mask.zone.counts(track.label) for mask in self._masks)

    def _follow(self, news: Sequence[Track], size: Size, at: float) -> tuple[Crossing, ...]:
        """Take in the tracks that there is news of; the lines that they crossed.

        Each question is asked of all of them before the next one is: so it finds its code in the processor's caches.
        """
        rules, ground = self._site.rules, self._site.ground
        places = [place(track, size, ground, rules) for track in news]
        states = [self._known(track, where, at) for track, where in zip(news, places, strict=True)]
        for state, track, where in zip(states, news, places, strict=True):
            state.move(track, where, at)
        for state in states:
            state.measure(size)
        for state in states:
            state.settle(at)
        for state in states:
            state.stay(self._areas, at)
        for state in states:
            state.tell(actions(state, at, rules, self._restricted), at)
        if not self._borders:
            return ()
        return tuple(chain.from_iterable([state.lines.update(state.track) for state in states]))

    def _known(self, track: Track, where: Place | None, at: float) -> Followed:
        """What is remembered of the track; it begins where there is nothing."""
        state = self._followed.get(track.track_id)
        if state is None:
            state = self._followed[track.track_id] = self._rejoin(track, where, at) or Followed(
                self._site, self._borders, track, at
            )
        return state

    def _rejoin(self, track: Track, where: Place | None, at: float) -> Followed | None:
        """What is remembered of a track that was lost just now, just here: a lost id does not set clocks to zero."""
        if where is None:
            return None
        present = {track.track_id for track in self._tracks}
        for track_id, state in self._followed.items():
            is_lost = track_id not in present and state.label == track.label
            if is_lost and state.could_be(where, at):
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
