"""A policy as JSON for the page, and back into the TOML that people wrote, comments kept.

A policy file says only what differs from its preset: it stays readable, and follows the preset where it is silent.
"""

import contextlib
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict
from typing import Any

import tomlkit
from pydantic import BaseModel
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import Table

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


def rewrite(text: str, said: Mapping[str, Any]) -> str:
    """The TOML `text` made to say `said`; comments and the order of what stays are kept, where that can be done."""
    document = tomlkit.parse(text)
    _make(document, said)
    made = document.as_string()
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(made) == said:
            return made
    fresh = tomlkit.document()
    _make(fresh, said)
    return fresh.as_string()


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


def _make(table: MutableMapping[str, Any], said: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in said]:
        del table[key]
    for key, value in said.items():
        there = table.get(key)
        if isinstance(value, Mapping) and isinstance(there, Table | OutOfOrderTableProxy):
            _make(there, value)
        elif _unwrapped(there) != value:
            table[key] = _table(value) if isinstance(value, Mapping) else value


def _table(said: Mapping[str, Any]) -> Table:
    """A new table with an empty line after it; one that holds nothing but tables has no header of its own."""
    above = bool(said) and all(isinstance(each, Mapping) for each in said.values())
    made = tomlkit.table(is_super_table=above)
    for key, value in said.items():
        made[key] = _table(value) if isinstance(value, Mapping) else value
    if not above:
        made.add(tomlkit.nl())
    return made


def _unwrapped(item: object) -> object:
    return item.unwrap() if hasattr(item, "unwrap") else item
