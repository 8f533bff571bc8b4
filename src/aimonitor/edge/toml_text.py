"""A TOML text made to say something else, as the people who wrote it would have: comments and order stay."""

import contextlib
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TypeGuard

import tomlkit
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import AoT, Table

NAMED_BY = "id"
"""The key by which a table of an array is known again."""


def rewrite(text: str, said: Mapping[str, Any]) -> str:
    """`text` made to say `said`, which has no null; what cannot stay as it was written is written anew.

    Raises tomlkit.exceptions.ParseError when `text` is no TOML.
    """
    document = tomlkit.parse(text)
    _make(document, said)
    made = document.as_string()
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(made) == said:
            return made
    fresh = tomlkit.document()
    _make(fresh, said)
    return fresh.as_string()


def _make(table: MutableMapping[str, Any], said: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in said]:
        del table[key]
    for key, value in said.items():
        there = table.get(key)
        if isinstance(value, Mapping) and isinstance(there, Table | OutOfOrderTableProxy):
            _make(there, value)
        elif isinstance(there, AoT) and _are_tables(value):
            _make_array(there, value)
        elif _unwrapped(there) != value:
            table[key] = _new(value)


def _make_array(tables: AoT, said: Sequence[Mapping[str, Any]]) -> None:
    """Tables that are known by their `id` stay as they were written."""
    names = [each.get(NAMED_BY) for each in said]
    for index in reversed(range(len(tables))):
        if tables[index].get(NAMED_BY) not in names:
            del tables[index]
    known = {each.get(NAMED_BY): each for each in tables}
    for each in said:
        there = known.get(each.get(NAMED_BY))
        if there is None:
            tables.append(_table(each))
        else:
            _make(there, each)


def _new(value: object) -> object:
    if isinstance(value, Mapping):
        return _table(value)
    if _are_tables(value):
        made = tomlkit.aot()
        for each in value:
            made.append(_table(each))
        return made
    return value


def _table(said: Mapping[str, Any]) -> Table:
    """A new table with an empty line after it; one that holds nothing but tables has no header of its own."""
    above = bool(said) and all(isinstance(each, Mapping) for each in said.values())
    made = tomlkit.table(is_super_table=above)
    for key, value in said.items():
        made[key] = _new(value)
    if not above:
        made.add(tomlkit.nl())
    return made


def _are_tables(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _unwrapped(item: object) -> object:
    return item.unwrap() if hasattr(item, "unwrap") else item
