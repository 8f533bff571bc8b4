"""SQLite files, opened and written the same way by every program: WAL, numbered steps, whole transactions.

A program that is an event loop uses `SqliteFile`: one worker thread owns the connection, and the loop waits for it, so
that a slow disk holds up nobody else.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from aimonitor.common.migration import NewerFileError, migrate

T = TypeVar("T")

_LOCKED_S = 5.0
"""How long to wait for another program that is just writing."""


def connect(
    path: Path, steps: Sequence[str], *, owner_only: bool = False, any_thread: bool = False
) -> sqlite3.Connection:
    """Open or make the file, folders included, bring it through all `steps`; what is written there survives a crash.

    Every statement outside a `transaction` is one of its own. Rows can be asked by place and by name.
    owner_only: nobody else may read a new file
    any_thread: the caller sees to it that one thread at a time uses the connection
    Raises OSError (NewerFileError among them) and sqlite3.Error; nothing is left open then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if owner_only:
        path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=_LOCKED_S, isolation_level=None, check_same_thread=not any_thread)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        migrate(db, steps, path)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of what is done inside, or nothing. No other program writes meanwhile. Raises sqlite3.Error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk makes SQLite roll back by itself
            db.execute("ROLLBACK")
        raise


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no room on the disk."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


class SqliteFile:
    """One file behind one worker thread. Lives on an event loop.

    What was handed in is done, in that order, even when who waits for it is cancelled meanwhile.
    """

    def __init__(
        self,
        what: str,
        path: Path,
        steps: Sequence[str],
        *,
        error: type[Exception],
        full: type[Exception] | None = None,
        owner_only: bool = False,
    ) -> None:
        """what: names the file in errors and its thread; error: what is raised; full: what is raised for a full disk"""
        self._what, self._path, self._steps = what, path, steps
        self._error, self._full = error, full or error
        self._owner_only = owner_only
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=what)
        self._db: sqlite3.Connection | None = None
        self._closed = False

    async def open(self) -> None:
        """Open or make the file; called once before anything else."""
        await self._hand_over(self._open)

    async def run(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Do `work` as one transaction; what it raises is raised, and nothing has changed then.

        durable: a power cut that comes later does not undo it, nor anything before it; else it may undo the newest.
        """
        return await self._hand_over(lambda: self._transact(work, durable=durable))

    async def close(self) -> None:
        """Finish what waits and close the file."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
            self._worker.shutdown(wait=False)

    async def _hand_over(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise self._error(f"{self._what} {self._path}: expected an open file, got a closed one")
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    # --- the worker thread ------------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._db = connect(self._path, self._steps, owner_only=self._owner_only)
        except NewerFileError as error:
            raise self._error(f"{self._what} {error}") from None
        except (OSError, sqlite3.Error) as error:
            words = f"{self._what} {self._path}: expected a writable SQLite file, got: {error}"
            raise self._error(words) from error

    def _transact(self, work: Callable[[sqlite3.Connection], T], *, durable: bool) -> T:
        if self._db is None:
            raise self._error(f"{self._what} {self._path}: expected an open file, got one that was never opened")
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            with transaction(self._db):
                return work(self._db)
        except sqlite3.Error as error:
            kind = self._full if is_full(error) else self._error
            words = "free some disk" if is_full(error) else "is the disk full or not writable?"
            raise kind(f"{self._what} {self._path}: {error}; {words}") from error

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
