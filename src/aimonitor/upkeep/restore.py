"""Put a backup where the settings in it say. Checked first, as a whole; then nothing is replaced without being kept."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aimonitor.common.clock import Clock
from aimonitor.common.migration import NewerFileError, check_version, read_version
from aimonitor.common.settings import DEFAULT_FILE, FILE_VARIABLE
from aimonitor.upkeep.archive import BackupError, Manifest, unpack
from aimonitor.upkeep.places import CONFIG, Place, places

ASIDE = ".before-restore"


@dataclass(frozen=True, slots=True)
class _Move:
    """A checked copy and where it goes."""

    copy: Path
    target: Path
    database: bool
    journal: bool = False


def restore(
    source: Path, config: Path | None, environ: Mapping[str, str], clock: Clock, *, force: bool = False
) -> tuple[Manifest, list[Path]]:
    """Restore `source`; returns what it was and the files that were written.

    config: where the settings file goes (default: AIMONITOR_CONFIG, ./aimonitor.toml)
    force: put what is there aside as *.before-restore. Raises BackupError, SettingsError and OSError.
    """
    with tempfile.TemporaryDirectory(prefix="aimonitor-restore-") as name:
        folder = Path(name)
        manifest = unpack(source, folder)
        moves = _plan(manifest, folder, config or Path(environ.get(FILE_VARIABLE) or DEFAULT_FILE), environ)
        there = [move.target for move in moves if move.target.exists()]
        if there and not force:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            raise BackupError(
                f"expected an empty place, found {there[0]}{more}: stop the programs and give --force, "
                f"which puts what is there aside as *{ASIDE}"
            )
        for move in moves:
            _check_idle(move)
        for move in moves:
            _put_aside(move.target)
            _put(move, clock)
    return manifest, [move.target for move in moves]


def _plan(manifest: Manifest, folder: Path, config: Path, environ: Mapping[str, str]) -> list[_Move]:
    """Where each member goes by the settings of the backup; what is damaged or too new is refused."""
    settings = folder / CONFIG if any(member.name == CONFIG for member in manifest.members) else None
    known = list(places(settings, {key: value for key, value in environ.items() if key != FILE_VARIABLE}))
    moves = []
    for member in manifest.members:
        copy = folder / member.name
        if member.name == CONFIG:
            moves.append(_Move(copy, config, database=False))
            continue
        place, target = _target(member.name, known)
        if place.kind == "database":
            _check_database(copy, place)
        moves.append(_Move(copy, target, place.kind == "database", journal=place.name == "edge.sqlite3"))
    return moves


def _target(name: str, known: Sequence[Place]) -> tuple[Place, Path]:
    for place in known:
        if name == place.name:
            return place, place.path
        if place.kind == "folder" and name.startswith(f"{place.name}/"):
            return place, place.path / name.removeprefix(f"{place.name}/")
    raise BackupError(f"the backup holds {name}, and no settings here say where that goes; is that program installed?")


def _check_database(copy: Path, place: Place) -> None:
    try:
        with contextlib.closing(sqlite3.connect(copy)) as db:
            (health,) = db.execute("PRAGMA quick_check(1)").fetchone()
            check_version(read_version(db), place.steps, Path(place.name))
    except (sqlite3.Error, NewerFileError) as error:
        raise BackupError(f"the backup cannot be used here: {error}") from None
    if health != "ok":
        raise BackupError(f"the backup cannot be used: {place.name} is damaged: {health}")


def _check_idle(move: _Move) -> None:
    """A database that a program has open cannot leave WAL mode: that tells without asking anybody."""
    if not move.database or not move.target.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(move.target, timeout=0)) as db:
            db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error:
        raise BackupError(f"{move.target} is in use: stop the hub, edge and bot of this machine first") from None


def _put_aside(target: Path) -> None:
    if target.exists():
        target.replace(target.with_name(target.name + ASIDE))
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)


def _put(move: _Move, clock: Clock) -> None:
    if move.journal:
        _renumber(move.copy, clock)
    move.target.parent.mkdir(parents=True, exist_ok=True)
    draft = move.target.with_name(f"{move.target.name}.new")
    with move.copy.open("rb") as copy, open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(copy, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(move.target)


def _renumber(copy: Path, clock: Clock) -> None:
    """An edge's journal must never use a number again that it used after the backup was made."""
    from aimonitor.edge.journal import Journal, Limits

    journal = Journal(copy, clock, Limits(min_free_bytes=0))
    try:
        journal.begin_anew()
    finally:
        journal.close()
