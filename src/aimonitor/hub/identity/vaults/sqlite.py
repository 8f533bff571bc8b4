"""Identity in one SQLite file that only its owner may read. One worker thread owns the connection."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from aimonitor.common.migration import NewerFileError, migrate
from aimonitor.hub.stores.base import StoreError

T = TypeVar("T")

STEPS = (
    """
CREATE TABLE IF NOT EXISTS record (
    shelf TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (shelf, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY AUTOINCREMENT, line BLOB NOT NULL) STRICT;
""",
)
"""The schema's steps, see common/migration.py."""


class SqliteVault:
    """The default vault of a hub with a disk. `path` may be open in another process (`aimonitor hub users`)."""

    shared = False

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="identity")
        self._db: sqlite3.Connection | None = None

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the worker, all of it or nothing."""

        def task() -> T:
            if self._db is None:
                raise StoreError(f"identity {self._path}: expected an open vault, got a closed one")
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.Error as error:
                raise StoreError(f"identity {self._path}: {error}; is the disk full or not writable?") from error

        return await asyncio.get_running_loop().run_in_executor(self._worker, task)

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, self._open)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._db = sqlite3.connect(self._path, timeout=5)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            migrate(self._db, STEPS, self._path)
        except NewerFileError as error:
            raise StoreError(f"identity {error}") from None
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"identity {self._path}: expected a writable SQLite file, got: {error}") from error

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
        self._worker.shutdown()

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    async def get(self, shelf: str, key: str) -> bytes | None:
        sql = "SELECT value FROM record WHERE shelf = ? AND key = ?"
        row = await self._run(lambda db: db.execute(sql, (shelf, key)).fetchone())
        return None if row is None else row[0]

    async def all(self, shelf: str) -> Mapping[str, bytes]:
        sql = "SELECT key, value FROM record WHERE shelf = ?"
        return await self._run(lambda db: dict(db.execute(sql, (shelf,)).fetchall()))

    async def put(self, shelf: str, key: str, record: bytes) -> None:
        await self._change("REPLACE INTO record VALUES (?, ?, ?)", shelf, key, record)

    async def add(self, shelf: str, key: str, record: bytes) -> bool:
        return await self._change("INSERT OR IGNORE INTO record VALUES (?, ?, ?)", shelf, key, record)

    async def swap(self, shelf: str, key: str, old: bytes, new: bytes) -> bool:
        sql = "UPDATE record SET value = ? WHERE shelf = ? AND key = ? AND value = ?"
        return await self._change(sql, new, shelf, key, old)

    async def take(self, shelf: str, key: str) -> bytes | None:
        sql = "DELETE FROM record WHERE shelf = ? AND key = ? RETURNING value"
        row = await self._run(lambda db: db.execute(sql, (shelf, key)).fetchone())
        return None if row is None else row[0]

    async def _change(self, sql: str, *values: str | bytes) -> bool:
        return await self._run(lambda db: db.execute(sql, values).rowcount == 1)

    async def note(self, line: bytes, keep: int) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO note (line) VALUES (?)", (line,))
            db.execute("DELETE FROM note WHERE id <= (SELECT max(id) FROM note) - ?", (keep,))

        await self._run(write)

    async def notes(self, limit: int) -> list[bytes]:
        sql = "SELECT line FROM note ORDER BY id DESC LIMIT ?"
        return await self._run(lambda db: [line for (line,) in db.execute(sql, (limit,))])
