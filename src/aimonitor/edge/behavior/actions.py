"""What one track does, each a question of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.site import Rules, Zone
from aimonitor.edge.behavior.zones import contains
from aimonitor.edge.types import PERSONS, VEHICLES, Doing, Speed, Track


@dataclass(slots=True)
class Moment:
    """All that is known of a track now. `per_m` is units of speed and place per metre; dwell is by zone name."""

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
    held: Held


def actions(now: Moment, rules: Rules, restricted: Sequence[Zone]) -> Iterator[Doing]:
    """Everything that the track does at this moment. `restricted` are all zones that it should not come to."""
    label = now.track.label
    for zone in now.zones:
        if zone.restricted:
            yield Doing("intrusion", now.at - now.dwell_s[zone.name], zone.name, now.dwell_s[zone.name])
        if zone.direction_deg is not None:
            yield from _wrong_way(now, rules, zone, zone.direction_deg)
    if label in PERSONS:
        yield from _loitering(now, rules)
        yield from _running(now, rules)
    elif label in VEHICLES:
        yield from _stopped(now, rules)
    if restricted and (label in PERSONS or label in VEHICLES):
        for zone in restricted:
            if zone.counts(label) and zone not in now.zones:
                yield from _approach(now, rules, zone)


def _loitering(now: Moment, rules: Rules) -> Iterator[Doing]:
    for zone in now.zones:
        limit_s = rules.loiter_after_s if zone.loiter_after_s is None else zone.loiter_after_s
        dwell_s = now.dwell_s[zone.name]
        if dwell_s >= limit_s:
            yield Doing("loitering", now.at - dwell_s, zone.name, dwell_s)
            return
    here_s = now.at - now.first_at
    if here_s >= rules.linger_after_s and now.has_moved:  # what never moved is a sign that is taken for a person
        yield Doing("loitering", now.first_at, "", here_s)


def _running(now: Moment, rules: Rules) -> Iterator[Doing]:
    fast = now.speed.value - now.speed.error > rules.running_m_per_s * now.per_m
    since = now.held.update("running", fast, now.at, rules.running_for_s, rules.settle_s)
    if since is not None:
        yield Doing("running", since, "", now.speed.value)


def _stopped(now: Moment, rules: Rules) -> Iterator[Doing]:
    still_s = now.at - now.still_since
    if still_s < rules.stopped_after_s:
        return
    forbidden = next((zone for zone in now.zones if zone.no_stopping), None)
    if forbidden is not None or now.has_moved:
        yield Doing("stopped", now.still_since, forbidden.name if forbidden else "", still_s)


def _wrong_way(now: Moment, rules: Rules, zone: Zone, allowed_deg: float) -> Iterator[Doing]:
    heading = now.heading_deg
    against = heading is not None and abs((heading - allowed_deg + 180) % 360 - 180) > rules.wrong_way_deg
    key = ("wrong_way", zone.name)
    since = now.held.update(key, against, now.at, rules.wrong_way_for_s, rules.settle_s)
    if since is not None:
        yield Doing("wrong_way", since, zone.name, now.at - since)


def _approach(now: Moment, rules: Rules, zone: Zone) -> Iterator[Doing]:
    """Going on like this it is in the zone within seconds (straight on, in the image)."""
    foot, velocity = now.track.box.foot, now.track.velocity
    arrives_s = None
    if now.speed.value - now.speed.error > rules.approach_m_per_s * now.per_m:
        steps = (rules.approach_within_s * share for share in (0.25, 0.5, 0.75, 1.0))
        ways = ((step, foot.x + velocity.x * step, foot.y + velocity.y * step) for step in steps)
        arrives_s = next((step for step, x, y in ways if contains(zone.polygon, x, y)), None)
    key = ("approach", zone.name)
    since = now.held.update(key, arrives_s is not None, now.at, rules.settle_s, rules.settle_s)
    if since is not None and arrives_s is not None:
        yield Doing("approach", since, zone.name, arrives_s)
