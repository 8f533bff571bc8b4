"""The bot's one file, and how sure each kind of write is.

Most is written with `synchronous=NORMAL`: a crash of the bot loses nothing, and a power cut at most the newest writes,
in order; the events among them are read again from the hub's history. What happened outside and cannot be asked for
again (a message that was sent, what a person decided) is written durably: with `synchronous=FULL`.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from aimonitor.common.sqlite import SqliteFile

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
        self._file = SqliteFile("the bot's state", path, STEPS, error=DatabaseError)

    async def open(self) -> None:
        """Open or make the file; raises DatabaseError."""
        await self._file.open()

    async def run(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a transaction; raises DatabaseError, and whatever `work` raises, with nothing changed."""
        return await self._file.run(lambda db: work(db, *args, **kwargs), durable=False)

    async def run_durably(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`; and a power cut that comes later does not undo it, nor anything before it."""
        return await self._file.run(lambda db: work(db, *args, **kwargs))

    async def close(self) -> None:
        """Finish what waits and close the file."""
        await self._file.close()
