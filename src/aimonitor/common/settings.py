"""Settings: frozen pydantic models from one TOML file and `AIMONITOR_*` variables.

Later wins: the model's defaults, the TOML file's section, founding variables (`PORT` …), `AIMONITOR_<SECTION>_<KEY>`.
Every variable may be given as `<NAME>_FILE` instead, the path of a file that holds its value, as containers hand over
secrets.
A wrong key or value is a SettingsError that names it, and for a key its nearest neighbors.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

PREFIX = "AIMONITOR_"
FILE_VARIABLE = "AIMONITOR_CONFIG"
DEFAULT_FILE = Path("aimonitor.toml")
_SHOWN = 60


class SettingsError(ValueError):
    """Settings were refused; the text is one line that says where, what was expected and what came."""


class Settings(BaseModel):
    """Base of every program's settings: frozen, and strict about keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
        regex_engine="python-re",  # the other one keeps tables of all of Unicode for a `\S`: 200 KB
    )


S = TypeVar("S", bound=Settings)


def load(
    model: type[S],
    section: str,
    *,
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    founding: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> S:
    """Read `section` of the settings.

    path: the TOML file; None takes AIMONITOR_CONFIG, else ./aimonitor.toml when it exists
    founding: founding variable -> field name, such as {"PORT": "port"}
    overrides: values from the command line; None means not given
    """
    environ = os.environ if environ is None else environ
    file = find_file(path, environ)
    values: dict[str, Any] = dict(read_section(file, section)) if file else {}
    where = dict.fromkeys(values, f"{file} [{section}]")
    for name, (variable, text) in _from_environment(model, section, environ, founding or {}).items():
        values[name] = text
        where[name] = variable
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = value
            where[name] = f"--{name.replace('_', '-')}"
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, model, where, section)) from None


def find_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file to read: the one asked for, the one in AIMONITOR_CONFIG, ./aimonitor.toml, or none."""
    if path is None and environ.get(FILE_VARIABLE):
        path = Path(environ[FILE_VARIABLE])
    if path is None:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not path.is_file():
        raise SettingsError(f"settings file {path}: expected a TOML file, found none; create it or leave --config out")
    return path


def read_section(file: Path, section: str) -> Mapping[str, Any]:
    """One table of a TOML file; empty when it has none."""
    import tomllib  # many programs have no file

    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {file}: expected TOML, got: {error}") from None
    table = document.get(section, {})
    if not isinstance(table, dict):
        raise SettingsError(f"settings file {file}: expected a table [{section}], got {table!r}")
    return table


def _from_environment(
    model: type[Settings], section: str, environ: Mapping[str, str], founding: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Field name -> (variable, text), founding variables first so that AIMONITOR_* overrides them."""
    own = {f"{PREFIX}{section}_{field}".upper(): field for field in model.model_fields}
    found = {}
    for variable, field in [*founding.items(), *own.items()]:
        text = read_variable(variable, environ)
        if text:
            found[field] = (variable, text)
    return found


def read_variable(name: str, environ: Mapping[str, str]) -> str:
    """A variable's text, or the content of the file that `<name>_FILE` names; empty when neither is set."""
    file = environ.get(f"{name}_FILE")
    if environ.get(name) or not file:
        return environ.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{name}_FILE: expected a readable file at {file}: {reason}") from None


def _explain(error: ValidationError, model: type[Settings], where: Mapping[str, str], section: str) -> str:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(step) for step in first["loc"])
    top = str(first["loc"][0]) if first["loc"] else ""
    place = where.get(top, f"[{section}]")
    if first["type"] == "extra_forbidden":
        import difflib

        near = difflib.get_close_matches(str(first["loc"][-1]), _keys(model, first["loc"]), n=3, cutoff=0.5)
        known = near or sorted(_keys(model, first["loc"]))
        return f"{place}: unknown key {path!r}; did you mean {' or '.join(map(repr, known))}?"
    if first["type"] == "missing":
        return f"{place}: {path!r} is missing, and has no default"
    got = repr(first["input"])
    got = got if len(got) <= _SHOWN else got[: _SHOWN - 1] + "…"
    if any(word in path.lower() for word in ("token", "password", "secret")):
        got = "a value that is not shown"
    return f"{place}: {path!r}: {first['msg'][:1].lower()}{first['msg'][1:]}, got {got}"


def _keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that stand where the unknown one was found, as far as nested models are plain fields."""
    for step in path[:-1]:
        field = model.model_fields.get(str(step))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)


def read_chats(value: object) -> object:
    """Telegram chats: one id or several separated by commas; a group's id is negative."""
    if isinstance(value, int):
        return (value,)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value
