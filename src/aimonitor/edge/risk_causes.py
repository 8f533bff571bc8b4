"""From evidence to causes: what could worry, how strongly, and in words. Pure."""

from collections.abc import Iterator
from datetime import datetime
from math import log1p

from msgspec import Struct

from aimonitor.edge.risk_policy import RELIEFS, RiskPolicy
from aimonitor.edge.types import Doing, Evidence, Group, Hotspot, Scene, SpeedUnit

_COUNTED = (("person", "persons"), ("vehicle", "vehicles"), ("animal", "animals"))


class Cause(Struct, frozen=True, gc=False):
    """One cause at one moment. `intensity` is -ln(1 - p): intensities of independent causes add up to noisy-or.

    at_once: it is over as soon as it happened, so it is felt whole at once
    """

    cause: str
    intensity: float
    words: str
    track_id: int | None = None
    zone: str = ""
    value: float | None = None
    at_once: bool = False

    @property
    def key(self) -> tuple[str, int | None, str]:
        return self.cause, self.track_id, self.zone

    @property
    def is_relief(self) -> bool:
        return self.cause in RELIEFS


def causes(scene: Scene, utc: float, policy: RiskPolicy) -> list[Cause]:
    """Every cause in `scene` at the time of day of `utc` that has a weight in `policy`."""
    found = [*_presence(scene, policy), *_deeds(scene, policy), *_heat(scene, policy)]
    if found:
        found.extend(_circumstances(scene, utc, policy))
    found.extend(_unusual(scene, policy))
    return [cause for cause in found if cause.intensity > 0.0]


def _intensity(policy: RiskPolicy, cause: str, strength: float = 1.0, place: str = "") -> float:
    return -log1p(-policy.weight(cause, place)) * strength


def _presence(scene: Scene, policy: RiskPolicy) -> Iterator[Cause]:
    counts = (scene.persons, scene.vehicles, scene.animals)
    for (cause, plural), count in zip(_COUNTED, counts, strict=True):
        if count:
            words = f"{count} {cause if count == 1 else plural}"
            # The tenth person adds less than the first.
            yield Cause(cause, _intensity(policy, cause, count**0.5), words, value=float(count))


def _deeds(scene: Scene, policy: RiskPolicy) -> Iterator[Cause]:
    for evidence in scene.evidence:
        if evidence.behavior is None:
            continue
        for doing in evidence.behavior.doing:
            yield _deed(evidence, doing, policy)
    for group in scene.groups:
        yield _group(group, policy)
    for crossing in scene.crossings:
        cause = "wrong_way" if crossing.forbidden else "line_crossing"
        words = f"crossed {crossing.line} {crossing.direction}" + (" the wrong way" if crossing.forbidden else "")
        intensity = _intensity(policy, cause, 1.0, crossing.line)
        yield Cause(cause, intensity, words, crossing.track_id, crossing.line, at_once=True)


def _deed(evidence: Evidence, doing: Doing, policy: RiskPolicy) -> Cause:
    unit = evidence.behavior.speed.unit if evidence.behavior else "px/s"
    intensity = _intensity(policy, doing.kind, _strength(doing), doing.zone)
    return Cause(
        doing.kind,
        intensity,
        _words(evidence.track.label, doing, unit),
        evidence.track.track_id,
        doing.zone,
        doing.value,
    )


def _strength(doing: Doing) -> float:
    """How much of its weight a deed has: what goes on for long has more."""
    match doing.kind:
        case "loitering" | "object_left":
            return 0.7 + 0.6 * min(1.0, doing.value / 120.0)
        case "stopped":
            return 0.7 + 0.6 * min(1.0, doing.value / 300.0)
        case "approach":
            return 1.0 / (1.0 + 0.25 * doing.value)
    return 1.0


def _words(label: str, doing: Doing, unit: SpeedUnit) -> str:
    place = f" in {doing.zone}" if doing.zone else ""
    match doing.kind:
        case "loitering":
            words = f"loitering {doing.value:.0f} s{place}"
        case "running":
            words = f"running at {doing.value:.1f} {unit}"
        case "intrusion":
            words = f"{label}{place} for {doing.value:.0f} s"
        case "approach":
            words = f"{label} {doing.value:.0f} s from {doing.zone}"
        case "wrong_way":
            words = f"{label} the wrong way{place}"
        case "stopped":
            words = f"{label} stopped {doing.value:.0f} s{place}"
        case "object_left":
            words = f"{label} left for {doing.value:.0f} s{place}"
        case _:
            words = f"{doing.kind.replace('_', ' ')}{place}"
    return words


def _group(group: Group, policy: RiskPolicy) -> Cause:
    count = len(group.track_ids)
    place = f" in {group.zone}" if group.zone else ""
    match group.kind:
        case "convoy":
            words = f"convoy of {count} vehicles"
        case "crowd":
            words = f"crowd of {count}{place}"
        case "object_removed":
            words = f"something was taken{place}"
        case _:
            words = f"{group.kind.replace('_', ' ')} of {count}{place}"
    return Cause(group.kind, _intensity(policy, group.kind, 1.0, group.zone), words, None, group.zone, float(count))


def _heat(scene: Scene, policy: RiskPolicy) -> Iterator[Cause]:
    hottest: dict[str, Hotspot] = {}
    for hotspot in scene.hotspots:
        known = hottest.get(hotspot.kind)
        if hotspot.kind != "warm" and (known is None or known.peak_celsius < hotspot.peak_celsius):
            hottest[hotspot.kind] = hotspot
    for kind, hotspot in hottest.items():
        words = f"{kind.replace('hot', 'hot spot') if kind == 'hot' else kind} at {hotspot.peak_celsius:.0f} °C"
        yield Cause(kind, _intensity(policy, kind), words, value=hotspot.peak_celsius)
    for evidence in scene.evidence:
        if evidence.behavior is None and evidence.track.label == "warm":
            track_id, peak = evidence.track.track_id, evidence.hottest_celsius
            yield Cause("warm", _intensity(policy, "warm"), "warm body in the dark", track_id, value=peak)


def _unusual(scene: Scene, policy: RiskPolicy) -> Iterator[Cause]:
    for one in scene.unusual:
        words = one.words + (f" in {one.zone}" if one.zone else "")
        intensity = _intensity(policy, "unusual", one.score, one.zone)
        yield Cause("unusual", intensity, words, None, one.zone, float(one.count))


def _circumstances(scene: Scene, utc: float, policy: RiskPolicy) -> Iterator[Cause]:
    """What weighs only together with something that is there."""
    local = datetime.fromtimestamp(utc, policy.zone)
    minute, clock = local.hour * 60 + local.minute, f"{local.hour:02}:{local.minute:02}"
    if minute in policy.night:
        yield Cause("night", _intensity(policy, "night"), f"night ({clock})")
    if scene.dark:
        yield Cause("dark", _intensity(policy, "dark"), "too dark to see well")
    if any(minute in hours for hours in policy.known):
        yield Cause("known_hours", _intensity(policy, "known_hours"), f"known hour ({clock})")
