"""The tables of the settings file: which there are, whose they are, and what is in force after everything is read."""

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from aimonitor.common.settings import PREFIX, Settings, SettingsError, find_file, load, read_section, read_variable

_SECRET_WORDS = ("token", "password", "secret")
_HIDDEN = "(not shown)"


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file: the model that it fills, and the founding variables that fill it too.

    wanted_by: keys of which one has to be set, or the program is not wanted; none: it always is
    live: keys that a running program takes over when the file is edited
    state: the file beside which the program keeps a copy of the settings file in force; None keeps none
    """

    name: str
    model: type[Settings]
    founding: Mapping[str, str]
    wanted_by: tuple[str, ...] = ()
    live: frozenset[str] = frozenset()
    state: Callable[[Any], Path | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Line:
    """One setting in force, fit to be shown: its value, and where that comes from."""

    key: str
    value: str
    origin: str


def _hub() -> Section:
    from aimonitor.hub import live, settings

    return Section(
        settings.SECTION, settings.HubSettings, settings.FOUNDING_VARIABLES, live=live.KEYS, state=live.state_file
    )


def _edge() -> Section:
    from aimonitor.edge import settings

    return Section(
        "edge",
        settings.EdgeSettings,
        settings.FOUNDING_VARIABLES,
        live=settings.LIVE_KEYS,
        state=lambda read: read.journal,
    )


def _bot() -> Section:
    from aimonitor.bot import settings

    return Section(
        settings.SECTION, settings.BotSettings, settings.FOUNDING_VARIABLES, ("token",), state=lambda read: read.state
    )


def _integrations() -> Section:
    from aimonitor.integrations.settings import IntegrationsSettings

    return Section("integrations", IntegrationsSettings, {}, ("mqtt", "webhook", "mail"))


SECTIONS: Mapping[str, Callable[[], Section]] = {
    "hub": _hub,
    "edge": _edge,
    "bot": _bot,
    "integrations": _integrations,
}


def check_tables(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Read the file as far as its tables; returns its path. Raises SettingsError for what belongs to no program."""
    file = find_file(path, environ)
    if file is None:
        return None
    read_section(file, "")  # proves that it is TOML
    for name in tomllib.loads(file.read_text(encoding="utf-8")):
        if name not in SECTIONS:
            near = difflib.get_close_matches(name, SECTIONS, n=1, cutoff=0.5) or sorted(SECTIONS)
            raise SettingsError(
                f"{file}: unknown table [{name}]; did you mean {' or '.join(f'[{each}]' for each in near)}?"
            )
    return file


def read(section: Section, path: Path | None, environ: Mapping[str, str]) -> Settings | None:
    """The program's settings; None for one that is not wanted, such as a bot without a token. Raises SettingsError."""
    if section.wanted_by and not any(_is_set(section, key, path, environ) for key in section.wanted_by):
        return None
    return load(section.model, section.name, path=path, environ=environ, founding=section.founding)


def _is_set(section: Section, key: str, path: Path | None, environ: Mapping[str, str]) -> bool:
    return _origin(section, key, find_file(path, environ), environ) != "default"


def lines(section: Section, settings: Settings, path: Path | None, environ: Mapping[str, str]) -> Iterator[Line]:
    """Every setting in force; secrets are named and not shown."""
    file = find_file(path, environ)
    for key in type(settings).model_fields:
        yield Line(key, shown(key, getattr(settings, key)), _origin(section, key, file, environ))


def _origin(section: Section, key: str, file: Path | None, environ: Mapping[str, str]) -> str:
    names = [
        f"{PREFIX}{section.name}_{key}".upper(),
        *(name for name, field in section.founding.items() if field == key),
    ]
    for name in names:
        if read_variable(name, environ):
            return name if environ.get(name) else f"{name}_FILE"
    return str(file) if file and key in read_section(file, section.name) else "default"


def shown(key: str, value: object) -> str:
    if value is None or value in ("", ()):
        return "-"
    if isinstance(value, SecretStr) or any(word in key.lower() for word in _SECRET_WORDS):
        return _HIDDEN
    if isinstance(value, BaseModel):
        inner = (f"{name}={shown(name, getattr(value, name))}" for name in value.model_fields_set)
        return " ".join(sorted(inner))
    if isinstance(value, tuple):
        return ", ".join(shown(key, each) for each in value)
    return _without_credentials(str(value))


def _without_credentials(text: str) -> str:
    """An address without its user and password; other text as it is."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
