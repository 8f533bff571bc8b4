"""What one track does, each a question of its own."""

from collections.abc import Sequence
from math import inf

from aimonitor.edge.behavior.followed import Followed
from aimonitor.edge.behavior.site import Rules, Zone
from aimonitor.edge.behavior.zones import Area
from aimonitor.edge.types import PERSONS, VEHICLES, Doing


def actions(now: Followed, at: float, rules: Rules, restricted: Sequence[Area]) -> tuple[Doing, ...]:
    """Everything that the track does at time `at`. `restricted` is where it should not come to."""
    label = now.track.label
    is_person, is_vehicle = label in PERSONS, label in VEHICLES
    found: list[Doing | None] = []
    for zone in now.zones:
        if zone.restricted:
            dwell_s = now.dwell_s[zone.name]
            found.append(Doing("intrusion", at - dwell_s, zone.name, dwell_s))
        if zone.direction_deg is not None:
            found.append(_wrong_way(now, at, rules, zone, zone.direction_deg))
    if is_person:
        found += _loitering(now, at, rules), _running(now, at, rules)
    elif is_vehicle:
        found.append(_stopped(now, at, rules))
    if is_person or is_vehicle:
        for area in restricted:
            if area.zone.name not in now.dwell_s and area.zone.counts(label):
                found.append(_approach(now, at, rules, area))
    return tuple(filter(None, found))


def _loitering(now: Followed, at: float, rules: Rules) -> Doing | None:
    for zone in now.zones:
        limit_s = rules.loiter_after_s if zone.loiter_after_s is None else zone.loiter_after_s
        dwell_s = now.dwell_s[zone.name]
        if dwell_s >= limit_s:
            return Doing("loitering", at - dwell_s, zone.name, dwell_s)
    here_s = at - now.first_at
    if here_s >= rules.linger_after_s and now.has_moved:  # what never moved is a sign that is taken for a person
        return Doing("loitering", now.first_at, "", here_s)
    return None


def _running(now: Followed, at: float, rules: Rules) -> Doing | None:
    is_fast = now.is_faster(rules.running_m_per_s)
    if not is_fast and "running" not in now.held.spells:
        return None
    spell = now.held.update("running", is_fast, at, rules.running_for_s, rules.settle_s)
    return Doing("running", spell.since, "", now.pace.speed.value) if spell else None


def _stopped(now: Followed, at: float, rules: Rules) -> Doing | None:
    still_s = at - now.still_since
    if still_s < rules.stopped_after_s:
        return None
    forbidden = next((zone for zone in now.zones if zone.no_stopping), None)
    if forbidden is None and not now.has_moved:
        return None
    return Doing("stopped", now.still_since, forbidden.name if forbidden else "", still_s)


def _wrong_way(now: Followed, at: float, rules: Rules, zone: Zone, allowed_deg: float) -> Doing | None:
    heading = now.pace.heading_deg
    is_against = heading is not None and abs((heading - allowed_deg + 180) % 360 - 180) > rules.wrong_way_deg
    key = ("wrong_way", zone.name)
    spell = now.held.update(key, is_against, at, rules.wrong_way_for_s, rules.settle_s)
    return Doing("wrong_way", spell.since, zone.name, at - spell.since) if spell else None


def _approach(now: Followed, at: float, rules: Rules, area: Area) -> Doing | None:
    arrives_s = inf
    if now.is_faster(rules.approach_m_per_s):
        arrives_s = area.arrives_s(now.track.box.foot, now.track.velocity, rules.approach_within_s)
    comes = arrives_s < inf
    key = ("approach", area.zone.name)
    if not comes and key not in now.held.spells:
        return None
    spell = now.held.update(key, comes, at, rules.settle_s, rules.settle_s)
    return Doing("approach", spell.since, area.zone.name, arrives_s) if spell and comes else None
