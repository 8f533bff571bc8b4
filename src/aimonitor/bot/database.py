"""The bot's one file: SQLite behind one worker thread, so that a slow disk never holds up the event loop.

WAL with `synchronous=NORMAL`: a crash of the bot loses nothing, and a power cut at most the newest writes, in order;
the events among them are read again from the hub's history. What happened outside and cannot be asked for again (a
message that was sent, what a person decided) is written durably: with `synchronous=FULL`.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from aimonitor.common.migration import NewerFileError, migrate

P = ParamSpec("P")
T = TypeVar("T")

STEPS = (
    """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chats (chat_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lessons (lesson_id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS incidents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at REAL NOT NULL, body BLOB NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS incidents_unshown ON incidents (number) WHERE shown = 0;
CREATE TABLE IF NOT EXISTS pictures (name TEXT PRIMARY KEY, at REAL NOT NULL, jpeg BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deeds (at REAL NOT NULL, deed TEXT NOT NULL, number INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deeds_at ON deeds (at);
CREATE TABLE IF NOT EXISTS cards (
    id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, key TEXT NOT NULL, urgency INTEGER NOT NULL,
    content BLOB NOT NULL, revision INTEGER NOT NULL DEFAULT 1, sent_revision INTEGER NOT NULL DEFAULT 0,
    message_id INTEGER NOT NULL DEFAULT 0, sent_picture TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT 'waiting',
    unsure INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0, digest TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL, sent_at REAL NOT NULL DEFAULT 0, UNIQUE (chat_id, key));
CREATE INDEX IF NOT EXISTS cards_waiting ON cards (chat_id, urgency, id) WHERE state = 'waiting';
""",
)
"""The schema's steps, see common/migration.py."""


class DatabaseError(RuntimeError):
    """The file cannot be used; the text says which and why."""


class Database:
    """Runs functions that get the connection first, each as one transaction, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bot-database")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open or make the file; raises DatabaseError."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._open)

    async def run(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a transaction; raises DatabaseError, and whatever `work` raises, with nothing changed."""
        return await self._hand_over(lambda: self._transact("NORMAL", work, *args, **kwargs))

    async def run_durably(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`; and a power cut that comes later does not undo it, nor anything before it."""
        return await self._hand_over(lambda: self._transact("FULL", work, *args, **kwargs))

    async def _hand_over(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def close(self) -> None:
        """Finish what waits and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
        self._worker.shutdown(wait=False)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            migrate(connection, STEPS, self._path)
        except NewerFileError as error:
            connection.close()
            self._worker.shutdown(wait=False)
            raise DatabaseError(str(error)) from None
        except (sqlite3.Error, OSError) as error:
            self._worker.shutdown(wait=False)
            raise DatabaseError(f"{self._path}: expected a file to keep the bot's state in: {error}") from None
        self._connection = connection

    def _transact(
        self,
        synchronous: str,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        connection = self._connection
        if connection is None:
            raise DatabaseError(f"{self._path}: expected an open database, got one that is closed")
        try:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                done = work(connection, *args, **kwargs)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise DatabaseError(f"{self._path}: {error}") from error
        return done

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
