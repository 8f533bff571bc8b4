"""Make a backup while everything runs: databases through SQLite's own online backup, which sees one moment."""

import contextlib
import re
import shutil
import sqlite3
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import aimonitor
from aimonitor.common.clock import Clock
from aimonitor.common.migration import read_version
from aimonitor.common.settings import find_file
from aimonitor.upkeep.archive import BackupError, Manifest, Member, describe, write
from aimonitor.upkeep.places import CONFIG, Place, places

_SECRET = re.compile(r"token|password|secret", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s\"'@]+@")


def back_up(
    target: Path, config: Path | None, environ: Mapping[str, str], clock: Clock, *, secrets: bool = True
) -> Manifest:
    """Write everything that the settings name into `target`; returns what it holds.

    secrets: whether people's sign-ins, tokens and passwords are in it. Raises BackupError, SettingsError and OSError.
    """
    with tempfile.TemporaryDirectory(prefix="aimonitor-backup-") as name:
        folder = Path(name)
        members: list[Member] = []
        for place in places(config, environ):
            if secrets or not place.secret:
                members += _copies(place, folder, secrets=secrets)
        file = find_file(config, environ)
        if file is not None:
            text = file.read_text(encoding="utf-8")
            (folder / CONFIG).write_text(text if secrets else without_secrets(text), encoding="utf-8")
            members.append(describe(CONFIG, folder / CONFIG))
        if not members:
            raise BackupError(
                "there is nothing to back up here: no settings file and none of the files that it would name; "
                "run this where the programs run, or give --config"
            )
        made_at = datetime.fromtimestamp(clock.utc(), UTC).isoformat(timespec="seconds")
        manifest = Manifest(f"aimonitor-{aimonitor.__version__}", made_at, secrets, tuple(members))
        write(target, manifest, ((member.name, folder / member.name) for member in members))
    return manifest


def without_secrets(text: str) -> str:
    """A settings file with nothing in its secrets and no credentials in its addresses; the rest stays as it was.

    Raises BackupError where a secret is written in a way that cannot be found again in the text.
    """
    for secret in sorted(_secrets(tomllib.loads(text)), key=len, reverse=True):
        for quote in ('"', "'"):
            text = text.replace(f"{quote}{secret}{quote}", quote * 2)
    text = _CREDENTIALS.sub("", text)
    if any(_secrets(tomllib.loads(text))):
        raise BackupError("a secret in the settings file is written with escapes: write it plainly, or back up with it")
    return text


def _secrets(value: object, *, within: bool = False) -> Iterator[str]:
    """Every text that stands under a key that says so, except what only names something beside it."""
    if isinstance(value, str):
        if within and value:
            yield value
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each, within=within)
    elif isinstance(value, dict):
        named = any(_SECRET.search(key) for key in value)
        for key, each in value.items():
            yield from _secrets(each, within=bool(_SECRET.search(key)) or (within and not named))


def _copies(place: Place, folder: Path, *, secrets: bool) -> Iterator[Member]:
    """Copy what stands at a place into `folder`; nothing where nothing is."""
    copy = folder / place.name
    if place.kind == "folder":
        for path in sorted(place.path.rglob("*")):
            inside = path.relative_to(place.path)
            if path.is_file() and inside.parts[0] not in place.without:
                (copy / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy / inside)
                yield describe(f"{place.name}/{inside.as_posix()}", copy / inside)
        return
    if not place.path.is_file():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    if place.kind == "file":
        shutil.copyfile(place.path, copy)
        yield describe(place.name, copy)
    else:
        yield describe(place.name, copy, _snapshot(place.path, copy, secrets=secrets))


def _snapshot(path: Path, copy: Path, *, secrets: bool) -> int:
    """The database as it is at one moment, in one file; returns its version."""
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)) as source,
            contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            if not secrets and target.execute("SELECT 1 FROM sqlite_master WHERE name = 'notes'").fetchone():
                target.execute("DELETE FROM notes WHERE name = 'seal'")
                target.execute("VACUUM")
            return read_version(target)
    except sqlite3.Error as error:
        raise BackupError(f"{path}: expected an SQLite file that can be read, got: {error}") from None
