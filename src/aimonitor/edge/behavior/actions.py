"""What one track does, each a question of its own."""

from collections.abc import Mapping, Sequence
from math import inf

from msgspec import Struct

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.site import Rules, Zone
from aimonitor.edge.types import PERSONS, VEHICLES, Doing, Speed, Track


class Moment(Struct, gc=False):
    """All that is known of a track now. `per_m` is units of speed and place per metre; dwell is by zone name.

    arrives_s: going on like this, straight on in the image, it is in the restricted zones in so many seconds, or never
    """

    track: Track
    at: float
    speed: Speed
    per_m: float
    heading_deg: float | None
    first_at: float
    still_since: float
    has_moved: bool
    zones: Sequence[Zone]
    dwell_s: Mapping[str, float]
    arrives_s: Sequence[float]
    held: Held


def actions(now: Moment, rules: Rules, restricted: Sequence[Zone]) -> tuple[Doing, ...]:
    """Everything that the track does at this moment. `restricted` are all zones that it should not come to."""
    label = now.track.label
    is_person, is_vehicle = label in PERSONS, label in VEHICLES
    found: list[Doing | None] = []
    for zone in now.zones:
        if zone.restricted:
            dwell_s = now.dwell_s[zone.name]
            found.append(Doing("intrusion", now.at - dwell_s, zone.name, dwell_s))
        if zone.direction_deg is not None:
            found.append(_wrong_way(now, rules, zone, zone.direction_deg))
    if is_person:
        found += _loitering(now, rules), _running(now, rules)
    elif is_vehicle:
        found.append(_stopped(now, rules))
    if is_person or is_vehicle:
        for zone, arrives_s in zip(restricted, now.arrives_s, strict=True):
            if zone.name not in now.dwell_s and zone.counts(label):
                found.append(_approach(now, rules, zone, arrives_s))
    return tuple([doing for doing in found if doing is not None])


def _loitering(now: Moment, rules: Rules) -> Doing | None:
    for zone in now.zones:
        limit_s = rules.loiter_after_s if zone.loiter_after_s is None else zone.loiter_after_s
        dwell_s = now.dwell_s[zone.name]
        if dwell_s >= limit_s:
            return Doing("loitering", now.at - dwell_s, zone.name, dwell_s)
    here_s = now.at - now.first_at
    if here_s >= rules.linger_after_s and now.has_moved:  # what never moved is a sign that is taken for a person
        return Doing("loitering", now.first_at, "", here_s)
    return None


def _running(now: Moment, rules: Rules) -> Doing | None:
    is_fast = now.speed.value - now.speed.error > rules.running_m_per_s * now.per_m
    if not is_fast and "running" not in now.held.spells:
        return None
    since = now.held.update("running", is_fast, now.at, rules.running_for_s, rules.settle_s)
    return None if since is None else Doing("running", since, "", now.speed.value)


def _stopped(now: Moment, rules: Rules) -> Doing | None:
    still_s = now.at - now.still_since
    if still_s < rules.stopped_after_s:
        return None
    forbidden = next((zone for zone in now.zones if zone.no_stopping), None)
    if forbidden is None and not now.has_moved:
        return None
    return Doing("stopped", now.still_since, forbidden.name if forbidden else "", still_s)


def _wrong_way(now: Moment, rules: Rules, zone: Zone, allowed_deg: float) -> Doing | None:
    heading = now.heading_deg
    is_against = heading is not None and abs((heading - allowed_deg + 180) % 360 - 180) > rules.wrong_way_deg
    key = ("wrong_way", zone.name)
    since = now.held.update(key, is_against, now.at, rules.wrong_way_for_s, rules.settle_s)
    return None if since is None else Doing("wrong_way", since, zone.name, now.at - since)


def _approach(now: Moment, rules: Rules, zone: Zone, arrives_s: float) -> Doing | None:
    comes = arrives_s < inf and now.speed.value - now.speed.error > rules.approach_m_per_s * now.per_m
    key = ("approach", zone.name)
    if not comes and key not in now.held.spells:
        return None
    since = now.held.update(key, comes, now.at, rules.settle_s, rules.settle_s)
    return Doing("approach", since, zone.name, arrives_s) if since is not None and comes else None
