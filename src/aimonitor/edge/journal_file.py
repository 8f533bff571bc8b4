"""Journal files that cannot be used: what is wrong with them, out of the way, and what can still be read in them."""

import contextlib
import errno
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from aimonitor.common.sqlite import connect, is_full
from aimonitor.contract import codec, messages
from aimonitor.contract.errors import ContractError

log = logging.getLogger(__name__)

_BESIDE = ("", "-wal", "-shm")
"""What belongs to a file of SQLite: its own name, and the endings of what lies beside it."""
_PRIMARY = 0xFF  # of an extended result code
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Row(NamedTuple):
    """An event as it lies in the file: its number, when it was stored, the message as JSON."""

    seq: int
    utc: float
    body: str


def is_broken(error: Exception) -> bool:
    """Whether the file itself is damaged, or none of SQLite's."""
    return _code(error) in _BROKEN


def is_in_use(error: Exception) -> bool:
    """Whether another program is at the file: then it is whole, and that program's."""
    return _code(error) in _IN_USE


def lacks_room(error: Exception) -> bool:
    """Whether the disk was full: then the file is whole, and another one would not fit either."""
    if isinstance(error, sqlite3.Error):
        return is_full(error)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def unusable(path: Path, reason: Exception) -> str:
    """What is wrong, in words."""
    got = str(reason)
    if path.is_dir():
        got = "a folder"
    elif os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK):
        got = f"one that this user may not read and write ({reason})"
    return f"journal {path}: expected a writable SQLite file, got: {got}"


def replace(path: Path, steps: Sequence[str], utc: float, reason: Exception) -> tuple[sqlite3.Connection, Path] | None:
    """Put a file aside that cannot be used for `reason`, and open another one; returns that and where the old one is.

    None where that cannot be done: then it is where it was.
    """
    if lacks_room(reason) or not os.path.lexists(path):
        return None
    try:
        aside = _put_aside(path, utc)
    except OSError:
        return None
    try:
        return connect(path, steps, any_thread=True), aside
    except (OSError, sqlite3.Error):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            _move(aside, path)
        return None


def _put_aside(path: Path, utc: float) -> Path:
    """Rename the file and what lies beside it, or the folder in its place; returns where it is now. Raises OSError."""
    stamp = f"{datetime.fromtimestamp(utc, UTC):%Y%m%dT%H%M%SZ}"
    tries = (path.with_name(f"{path.name}.unreadable-{stamp}{more}") for more in ("", *(f"-{n}" for n in range(2, 99))))
    aside = next(each for each in tries if not each.exists())
    _move(path, aside)
    return aside


def _move(path: Path, to: Path) -> None:
    """Rename a file of SQLite. Raises OSError."""
    path.rename(to)
    for ending in _BESIDE[1:]:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(to.with_name(to.name + ending))


def readable_marks(path: Path) -> dict[str, int]:
    """What a file that was put aside has beside its events; empty when that cannot be read."""
    try:
        with _reading(path) as db:
            return {str(name): int(value) for name, value in db.execute("SELECT name, value FROM mark")}
    except (sqlite3.Error, ValueError):
        return {}


def readable_rows(path: Path, after: int) -> Iterator[Row]:
    """Its events with higher numbers than `after`, in order, as far as they can be read."""
    with contextlib.suppress(sqlite3.Error), _reading(path) as db:
        for seq, utc, body in db.execute("SELECT seq, utc, body FROM event WHERE seq > ? ORDER BY seq", (after,)):
            yield Row(int(seq), float(utc), str(body))


def _reading(path: Path) -> "contextlib.closing[sqlite3.Connection]":
    return contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False))


def event_of(row: Row) -> messages.Event | None:
    """The event in a row; None, and a line in the log, when it is none any more."""
    try:
        event = codec.decode(row.body)
    except ContractError as error:
        log.error("journal: event %d cannot be read: %s", row.seq, error)  # noqa: TRY400
        return None
    return event if isinstance(event, messages.Event) else None
