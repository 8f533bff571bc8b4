"""What is set otherwise than by default, and what a running program does not know yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import PydanticUndefined

from aimonitor.common.reload import copy_of
from aimonitor.common.settings import Settings, SettingsError
from aimonitor.doctor.sections import Section, lines, read, shown

_NEVER_SET = "-"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key. `default` is what it would be; `running` what the program goes by, None where that is the same."""

    key: str
    value: str
    origin: str
    default: str
    running: str | None
    live: bool


def differences(
    section: Section, settings: Settings, path: Path | None, environ: Mapping[str, str]
) -> Iterator[Difference]:
    """Every key that differs from its default, or from what the program that runs here goes by."""
    running = last_good(section, settings, environ)
    for line in lines(section, settings, path, environ):
        value, default = getattr(settings, line.key), _default(settings, line.key)
        before = getattr(running, line.key) if running is not None else value
        if value == default and before == value:
            continue
        yield Difference(
            key=line.key,
            value=line.value,
            origin=line.origin,
            default=shown(line.key, default) if default is not None else _NEVER_SET,
            running=None if before == value else _told_apart(line.key, before, line.value),
            live=line.key in section.live,
        )


def last_good(section: Section, settings: Settings, environ: Mapping[str, str]) -> Settings | None:
    """What the program that runs (or last ran) here goes by; None where it kept no copy. See common/reload.py."""
    state = section.state(settings)
    copy = copy_of(section.name, state) if state is not None else None
    if copy is None or not copy.is_file():
        return None
    try:
        return read(section, copy, environ)
    except (SettingsError, OSError):  # written by another version, or not ours to read
        return None


def _default(settings: Settings, key: str) -> object:
    field = type(settings).model_fields[key]
    default = field.get_default(call_default_factory=True)
    return None if default is PydanticUndefined else default


def _told_apart(key: str, value: object, other: str) -> str:
    """The value as it is shown; two secrets look the same and are not."""
    text = shown(key, value)
    return f"another {text}" if text == other else text
