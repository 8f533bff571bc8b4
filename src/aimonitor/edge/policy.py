"""The site's policy: one TOML file over a preset, validated; the stages take the frozen dataclasses made of it.

Everything may be left out. A wrong key or value is a SettingsError that names it. docs/guide/policy.md has all keys.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator

from aimonitor.common.settings import Settings, SettingsError
from aimonitor.edge.behavior import Line, Rules, Site, Zone
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.policy_errors import PolicyError, Problem, fault, unknown_word
from aimonitor.edge.policy_tables import (
    AlignmentPolicy,
    CalibrationPolicy,
    EventsPolicy,
    HoursPolicy,
    LevelsPolicy,
    LinePolicy,
    Name,
    Weight,
    ZonePolicy,
)
from aimonitor.edge.risk_policy import WEIGHTS, EventPolicy, Hours, RiskPolicy
from aimonitor.edge.thermal import ThermalRules
from aimonitor.edge.types import Point

PRESETS = ("home", "shop", "construction", "farm", "border-road")

T = TypeVar("T", Rules, ThermalRules)


class SitePolicy(Settings):
    """One camera's policy. `rules` and `thermal` take the names of the fields of `Rules` and `ThermalRules`."""

    preset: Literal["home", "shop", "construction", "farm", "border-road"] = "home"
    weights: Mapping[str, Weight] = {}
    places: Mapping[str, Annotated[float, Field(ge=0, le=10)]] = {}
    levels: LevelsPolicy = LevelsPolicy()
    hours: HoursPolicy = HoursPolicy()
    events: EventsPolicy = EventsPolicy()
    rules: Mapping[str, Annotated[float, Field(ge=0)]] = {}
    thermal: Mapping[str, Annotated[float, Field(ge=0)]] = {}
    zones: Mapping[Name, ZonePolicy] = {}
    lines: Mapping[Name, LinePolicy] = {}
    calibration: CalibrationPolicy | None = None
    thermal_alignment: AlignmentPolicy | None = None

    @field_validator("weights")
    @classmethod
    def _weights_are_causes(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        return _only(value, WEIGHTS)

    @field_validator("rules")
    @classmethod
    def _rules_exist(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        return _only(value, {field.name for field in fields(Rules)} - {"heights_m"})

    @field_validator("thermal")
    @classmethod
    def _thermal_rules_exist(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        return _only(value, {field.name for field in fields(ThermalRules)})

    @model_validator(mode="after")
    def _places_exist(self) -> Self:
        for place in sorted(self.places.keys() - self.zones.keys() - self.lines.keys()):
            words = unknown_word(place, {*self.zones, *self.lines}, "a zone or line")
            raise fault("unknown", f"places: {words}")
        return self

    def site(self) -> Site:
        """For the behavior stage."""
        zones = tuple(
            Zone(name, **{**dict(zone), "polygon": tuple(Point(*corner) for corner in zone.polygon)})
            for name, zone in self.zones.items()
        )
        lines = tuple(
            Line(name, Point(*line.start), Point(*line.end), line.labels, line.allowed)
            for name, line in self.lines.items()
        )
        ground = None if self.calibration is None else self.calibration.ground()
        return Site(zones, lines, ground, _filled(Rules(), self.rules))

    def risk(self) -> RiskPolicy:
        """For the risk stage."""
        hours = self.hours
        zone = MachineZone() if hours.timezone == "local" else ZoneInfo(hours.timezone)
        known = tuple(_hours(span) for span in hours.known)
        return RiskPolicy(self.weights, self.places, _hours(hours.night), known, zone, **dict(self.levels))

    def judging(self) -> EventPolicy:
        """For the event stage."""
        return EventPolicy(**dict(self.events))

    def heat(self) -> ThermalRules:
        """For the thermal stage."""
        return _filled(ThermalRules(), self.thermal)

    def alignment(self) -> Alignment:
        """For fusion: from the thermal picture to the camera's; the same view unless it was measured."""
        return Alignment() if self.thermal_alignment is None else self.thermal_alignment.alignment()


class MachineZone(tzinfo):
    """The machine's own time zone, daylight saving included: each moment converted by the rules of that moment."""

    def fromutc(self, dt: datetime) -> datetime:
        return dt.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None) -> str:
        return "local"


def load_policy(path: Path | None = None, *, preset: str = "home") -> SitePolicy:
    """The policy in the file at `path`, over the preset that it names (or `preset`). Raises SettingsError."""
    if path is None:
        return parse_policy({"preset": preset})
    return parse_text(read_text(path), preset=preset, where=f"policy {path}")


def read_text(path: Path) -> str:
    """What stands in a policy's file. Raises SettingsError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"policy {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"policy {path}: expected TOML, got: {error}") from None


def parse_text(text: str, *, preset: str = "home", where: str = "policy") -> SitePolicy:
    """The policy in a TOML text, over the preset that it names (or `preset`). Raises SettingsError."""
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: expected TOML, got: {error}") from None
    return parse_policy({"preset": preset, **own}, where=where)


def parse_policy(own: Mapping[str, Any], *, where: str = "policy") -> SitePolicy:
    """The policy in a table as TOML has it, over its preset. Raises PolicyError."""
    preset = own.get("preset", "home")
    if preset not in PRESETS:
        raise PolicyError(where, [Problem("preset", unknown_word(str(preset), PRESETS), "unknown")])
    text = (resources.files("aimonitor.edge") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
    try:
        return SitePolicy.model_validate(_over(tomllib.loads(text), own))
    except ValidationError as error:
        raise PolicyError.of(error, SitePolicy, where) from None


def _only(value: Mapping[str, float], known: Mapping[str, object] | set[str]) -> Mapping[str, float]:
    for name in sorted(value.keys() - set(known)):
        raise fault("unknown", unknown_word(name, known))
    return value


def _filled(rules: T, values: Mapping[str, float]) -> T:
    """`rules` with `values` by name, counts as whole numbers."""
    typed = {name: type(getattr(rules, name))(value) for name, value in values.items()}
    return replace(rules, **typed)


def _hours(span: str) -> Hours:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in span.split("-"))
    return Hours(start, end)


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` laid over `base`, table by table."""
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
