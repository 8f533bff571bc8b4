"""A policy as JSON for the page, and as little of it as a file must say.

A policy file says only what differs from its preset: it stays readable, and follows the preset where it is silent.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from aimonitor.edge.behavior import Rules
from aimonitor.edge.policy import SitePolicy, load_policy
from aimonitor.edge.risk_policy import WEIGHTS
from aimonitor.edge.thermal import ThermalRules

_SAID_WHOLE = ("zones", "lines", "calibration", "thermal_alignment")
"""Tables that no preset has."""


def whole(policy: SitePolicy) -> dict[str, Any]:
    """Everything that holds, as JSON."""
    return _said(policy)


def own(policy: SitePolicy) -> dict[str, Any]:
    """The preset, and what differs from it, as JSON and TOML have it."""
    said = _different(_said(policy), _said(load_policy(preset=policy.preset)))
    for key in _SAID_WHOLE:
        said.pop(key, None)
    tables = {key: getattr(policy, key) for key in _SAID_WHOLE}
    said |= {key: _plain(table, brief=True) for key, table in tables.items() if table}
    return {"preset": policy.preset, **said}


def defaults() -> dict[str, dict[str, float]]:
    """What holds where a policy says nothing."""
    rules = {name: value for name, value in asdict(Rules()).items() if name != "heights_m"}
    return {"weights": dict(WEIGHTS), "rules": rules, "thermal": asdict(ThermalRules())}


def _said(model: BaseModel, *, brief: bool = False) -> dict[str, Any]:
    """The fields that say something; `brief` leaves defaults out."""
    names = type(model).model_fields
    values = {name: getattr(model, name) for name in names}
    return {
        name: _plain(value, brief=brief)
        for name, value in values.items()
        if value is not None and not (brief and value == names[name].default)
    }


def _plain(value: object, *, brief: bool = False) -> object:
    """As JSON and TOML have it: no models, no tuples, no sets."""
    if isinstance(value, BaseModel):
        return _said(value, brief=brief)
    if isinstance(value, Mapping):
        return {str(key): _plain(each, brief=brief) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _different(said: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What of `said` is not in `known`, table by table."""
    found: dict[str, Any] = {}
    for key, value in said.items():
        below = known.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            if inner := _different(value, below):
                found[key] = inner
        elif value != below:
            found[key] = value
    return found
