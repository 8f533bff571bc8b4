"""Identity in one SQLite file that only its owner may read."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from aimonitor.common.sqlite import SqliteFile
from aimonitor.hub.stores.base import StoreError

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
        self._file = SqliteFile("identity", Path(path), STEPS, error=StoreError, owner_only=True)

    async def open(self) -> None:
        await self._file.open()

    async def close(self) -> None:
        await self._file.close()

    async def get(self, shelf: str, key: str) -> bytes | None:
        sql = "SELECT value FROM record WHERE shelf = ? AND key = ?"
        row = await self._file.run(lambda db: db.execute(sql, (shelf, key)).fetchone())
        return None if row is None else row[0]

    async def all(self, shelf: str) -> Mapping[str, bytes]:
        sql = "SELECT key, value FROM record WHERE shelf = ?"
        return await self._file.run(lambda db: dict(db.execute(sql, (shelf,)).fetchall()))

    async def put(self, shelf: str, key: str, record: bytes) -> None:
        await self._change("REPLACE INTO record VALUES (?, ?, ?)", shelf, key, record)

    async def add(self, shelf: str, key: str, record: bytes) -> bool:
        return await self._change("INSERT OR IGNORE INTO record VALUES (?, ?, ?)", shelf, key, record)

    async def swap(self, shelf: str, key: str, old: bytes, new: bytes) -> bool:
        sql = "UPDATE record SET value = ? WHERE shelf = ? AND key = ? AND value = ?"
        return await self._change(sql, new, shelf, key, old)

    async def take(self, shelf: str, key: str) -> bytes | None:
        sql = "DELETE FROM record WHERE shelf = ? AND key = ? RETURNING value"
        row = await self._file.run(lambda db: db.execute(sql, (shelf, key)).fetchone())
        return None if row is None else row[0]

    async def _change(self, sql: str, *values: str | bytes) -> bool:
        return await self._file.run(lambda db: db.execute(sql, values).rowcount == 1)

    async def note(self, line: bytes, keep: int) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO note (line) VALUES (?)", (line,))
            db.execute("DELETE FROM note WHERE id <= (SELECT max(id) FROM note) - ?", (keep,))

        await self._file.run(write)

    async def notes(self, limit: int) -> list[bytes]:
        sql = "SELECT line FROM note ORDER BY id DESC LIMIT ?"
        return await self._file.run(lambda db: [line for (line,) in db.execute(sql, (limit,))])
