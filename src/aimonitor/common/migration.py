"""Schemas of SQLite files grow by numbered steps: PRAGMA user_version says how many a file has been through.

A released step is never edited; what changes comes as one more. Files go forward only: a program refuses a file that
has been through steps it does not know, because it could not keep what they mean.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path


class NewerFileError(OSError):
    """The file was written by a newer program; the text says what to do. It was not touched."""


def migrate(db: sqlite3.Connection, steps: Sequence[str], path: Path) -> int:
    """Bring an open file from its version to `len(steps)`; returns the version that it had.

    Each step is SQL without triggers, its statements ended with `;`, and happens with its number in one transaction:
    wholly or not at all, and once however many programs open the file at the same time. A file that is up to date is
    not written to. Raises NewerFileError and sqlite3.Error.
    """
    found = version = read_version(db)
    check_version(found, len(steps), path)
    while version < len(steps):
        db.execute("BEGIN IMMEDIATE")
        try:
            version = read_version(db)
            if version < len(steps):
                for statement in filter(str.strip, steps[version].split(";")):
                    db.execute(statement)
                version += 1
                db.execute(f"PRAGMA user_version = {version}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk makes SQLite roll back by itself
                db.execute("ROLLBACK")
            raise
    return found


def read_version(db: sqlite3.Connection) -> int:
    """How many steps the file has been through; 0 for an empty one, and for those of before there were numbers."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def check_version(found: int, known: int, path: Path) -> None:
    """Raises NewerFileError when a file has been through more steps than this program knows."""
    if found > known:
        raise NewerFileError(
            f"{path}: expected version {known} or older, got {found}, which a newer AI Monitor wrote: "
            "upgrade this one, or restore a backup from before (aimonitor restore)"
        )
