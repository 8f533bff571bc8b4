"""Events in one SQLite file: WAL and `synchronous=FULL`, so that what `add` returned from survives a power cut.

Many events go into one transaction, because it is the disk's flush that costs, not the row.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from aimonitor.common.sqlite import SqliteFile
from aimonitor.hub.sequence import Range, SequenceSet
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import Incident, Mark, NewEvent, Query, Sample, StoredEvent, StoreError, StoreFullError
from aimonitor.hub.stores.course import CourseQuery, Step
from aimonitor.hub.stores.hours import FIGURES, Hour, HourQuery

# `id` is no AUTOINCREMENT: that one may leave gaps where a duplicate was refused. The newest row is never deleted.
STEPS = (
    """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, journal TEXT NOT NULL, seq INTEGER NOT NULL, edge_id TEXT NOT NULL,
    camera_id TEXT NOT NULL, received_at REAL NOT NULL, body TEXT NOT NULL, UNIQUE (journal, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS event_camera ON event (edge_id, camera_id, id);
CREATE TABLE IF NOT EXISTS floor (journal TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sample (
    at INTEGER NOT NULL, edge_id TEXT NOT NULL, camera_id TEXT NOT NULL, score REAL NOT NULL, level TEXT NOT NULL,
    persons INTEGER NOT NULL, vehicles INTEGER NOT NULL, fps REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sample_at ON sample (at);
CREATE TABLE IF NOT EXISTS mark (
    source TEXT NOT NULL, incident_id TEXT NOT NULL, mark TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (source, incident_id)
) STRICT;
""",
    """
ALTER TABLE sample ADD COLUMN speed REAL NOT NULL DEFAULT 0;
ALTER TABLE sample ADD COLUMN speed_unit TEXT NOT NULL DEFAULT 'px/s';
CREATE TABLE hour (
    at INTEGER NOT NULL, source TEXT NOT NULL, seconds INTEGER NOT NULL DEFAULT 0,
    persons INTEGER NOT NULL DEFAULT 0, persons_max INTEGER NOT NULL DEFAULT 0,
    vehicles INTEGER NOT NULL DEFAULT 0, vehicles_max INTEGER NOT NULL DEFAULT 0, score_max REAL NOT NULL DEFAULT 0,
    speed_m REAL NOT NULL DEFAULT 0, speed_m_seconds INTEGER NOT NULL DEFAULT 0,
    speed_px REAL NOT NULL DEFAULT 0, speed_px_seconds INTEGER NOT NULL DEFAULT 0,
    incidents INTEGER NOT NULL DEFAULT 0, unusual INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (at, source)
) STRICT, WITHOUT ROWID;
INSERT INTO hour (at, source, seconds, persons, persons_max, vehicles, vehicles_max, score_max)
    SELECT at / 3600 * 3600, edge_id || '/' || camera_id, count(*), sum(persons), max(persons), sum(vehicles),
        max(vehicles), max(score) FROM sample GROUP BY 1, 2;
INSERT INTO hour (at, source, incidents, unusual)
    SELECT CAST(json_extract(body, '$.at') AS INTEGER) / 3600 * 3600, edge_id || '/' || camera_id, count(*),
        sum(json_extract(body, '$.kind') = 'unusual') FROM event
        WHERE json_valid(body) AND json_extract(body, '$.phase') = 'opened'
            AND json_extract(body, '$.kind') <> 'command' GROUP BY 1, 2
    ON CONFLICT (at, source) DO UPDATE SET incidents = excluded.incidents, unusual = excluded.unusual;
""",
)
"""The schema's steps, see common/migration.py. Files of 0.1 have no number and all of the first."""
_ISLANDS = """
SELECT min(seq), max(seq)
FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island FROM event WHERE journal = ?)
GROUP BY island
"""
_PRUNE_EVERY = 1000
_HOUR = ("at", "source", *FIGURES)
_ADD_HOUR = (
    f"INSERT INTO hour ({', '.join(_HOUR)}) VALUES ({', '.join('?' * len(_HOUR))}) "
    "ON CONFLICT (at, source) DO UPDATE SET "
    + ", ".join(
        f"{name} = max({name}, excluded.{name})" if name.endswith("_max") else f"{name} = {name} + excluded.{name}"
        for name in FIGURES
    )
)
_PRUNE_HOURS = (
    "DELETE FROM hour WHERE (at, source) <= "
    "(SELECT at, source FROM hour ORDER BY at DESC, source DESC LIMIT 1 OFFSET ?)"
)


class SqliteStore:
    """The default store of a hub with a disk."""

    lasting = True
    shared = False
    fine_s = 26 * 3600

    def __init__(self, path: str, keep: Keep) -> None:
        self._file = SqliteFile("history", Path(path), STEPS, error=StoreError, full=StoreFullError)
        self._keep = keep
        self._since_prune = 0

    async def open(self) -> None:
        await self._file.open()

    async def close(self) -> None:
        await self._file.close()

    async def add(self, events: Sequence[NewEvent]) -> list[bool]:
        return await self._file.run(lambda db: self._add(db, events))

    def _add(self, db: sqlite3.Connection, events: Sequence[NewEvent]) -> list[bool]:
        new = [_insert(db, event) for event in events]
        self._since_prune += sum(new)
        if self._since_prune >= _PRUNE_EVERY:
            self._since_prune = 0
            _prune(db, self._keep)
        return new

    async def ranges(self, journal: str) -> tuple[Range, ...]:
        def read(db: sqlite3.Connection) -> tuple[Range, ...]:
            stored = SequenceSet(Range(*row) for row in db.execute(_ISLANDS, (journal,)))
            for first, last in db.execute("SELECT first, last FROM floor WHERE journal = ?", (journal,)):
                stored.add_range(first, last)
            return stored.ranges

        return await self._file.run(read)

    async def events(self, query: Query) -> list[StoredEvent]:
        where, values = _where(query, "id")
        sql = f"SELECT id, received_at, edge_id || '/' || camera_id, body FROM event {where} ORDER BY id DESC LIMIT ?"
        return await self._file.run(lambda db: [StoredEvent(*row) for row in db.execute(sql, (*values, query.limit))])

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        rows = [
            (s.at, *s.source.split("/", 1), s.score, s.level, s.persons, s.vehicles, s.fps, s.speed, s.speed_unit)
            for s in samples
        ]

        def write(db: sqlite3.Connection) -> None:
            db.executemany("INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.execute("DELETE FROM sample WHERE rowid <= (SELECT max(rowid) FROM sample) - ?", (self._keep.samples,))

        await self._file.run(write)

    async def samples(self, query: Query) -> list[Sample]:
        where, values = _where(query, "at")
        sql = (
            "SELECT at, edge_id || '/' || camera_id, score, level, persons, vehicles, fps, speed, speed_unit "
            f"FROM sample {where} ORDER BY rowid DESC LIMIT ?"
        )
        return await self._file.run(lambda db: [Sample(*row) for row in db.execute(sql, (*values, query.limit))])

    async def course(self, query: CourseQuery) -> list[Step]:
        where, values = "at >= ? AND at < ?", [query.start, query.end]
        names: list[str] = []
        for column, name in (("edge_id", query.edge_id), ("camera_id", query.camera_id)):
            if name is not None:
                where, names = f"{where} AND {column} = ?", [*names, name]
        sql = (
            "SELECT at / ? * ? AS step, edge_id || '/' || camera_id, count(*), max(score), max(persons), max(vehicles) "
            f"FROM sample WHERE {where} GROUP BY edge_id, camera_id, step ORDER BY 2, 1"
        )
        parameters = (query.step_s, query.step_s, *values, *names)
        return await self._file.run(lambda db: [Step(*row) for row in db.execute(sql, parameters)])

    async def add_hours(self, hours: Sequence[Hour]) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.executemany(_ADD_HOUR, [tuple(getattr(hour, name) for name in _HOUR) for hour in hours])
            db.execute(_PRUNE_HOURS, (self._keep.hours,))

        await self._file.run(write)

    async def hours(self, query: HourQuery) -> list[Hour]:
        where, values = "at >= ? AND at < ?", [query.start, query.end]
        names: list[str] = []
        if query.edge_id is not None:
            where, names = f"{where} AND substr(source, 1, instr(source, '/') - 1) = ?", [query.edge_id]
        if query.camera_id is not None:
            where, names = f"{where} AND substr(source, instr(source, '/') + 1) = ?", [*names, query.camera_id]
        sql = f"SELECT {', '.join(_HOUR)} FROM hour WHERE {where} ORDER BY at, source LIMIT ?"
        return await self._file.run(lambda db: [Hour(*row) for row in db.execute(sql, (*values, *names, query.limit))])

    async def mark(self, mark: Mark) -> None:
        row = (mark.incident.source, mark.incident.incident_id, mark.mark, mark.by, mark.at)

        def write(db: sqlite3.Connection) -> None:
            db.execute("REPLACE INTO mark VALUES (?, ?, ?, ?, ?)", row)  # a new rowid: in the order of marking
            db.execute("DELETE FROM mark WHERE rowid <= (SELECT max(rowid) FROM mark) - ?", (self._keep.marks,))

        await self._file.run(write)

    async def marks(self, incidents: Sequence[Incident]) -> list[Mark]:
        sql = "SELECT mark, by, at FROM mark WHERE source = ? AND incident_id = ?"

        def read(db: sqlite3.Connection) -> list[Mark]:
            rows = ((each, db.execute(sql, (each.source, each.incident_id)).fetchone()) for each in incidents)
            return [Mark(incident, *row) for incident, row in rows if row is not None]

        return await self._file.run(read)

    async def count(self) -> int:
        return await self._file.run(lambda db: int(db.execute("SELECT count(*) FROM event").fetchone()[0]))

    async def life(self) -> str:
        return "the file"


def _insert(db: sqlite3.Connection, event: NewEvent) -> bool:
    edge_id, _, camera_id = event.source.partition("/")
    cursor = db.execute(
        "INSERT INTO event (journal, seq, edge_id, camera_id, received_at, body) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (journal, seq) DO NOTHING",
        (event.journal, event.seq, edge_id, camera_id, event.received_at, event.body),
    )
    return cursor.rowcount == 1


def _prune(db: sqlite3.Connection, keep: Keep) -> None:
    """Forget the oldest events but remember that they were here, so that no edge is asked for them again."""
    (floor,) = db.execute("SELECT max(id) - ? FROM event", (keep.events,)).fetchone()
    old = "SELECT journal, min(seq), max(seq) FROM event WHERE id <= ? GROUP BY journal"
    for journal, first, last in db.execute(old, (floor,)).fetchall():
        db.execute(
            "INSERT INTO floor VALUES (?, ?, ?) ON CONFLICT (journal) DO UPDATE "
            "SET first = min(first, excluded.first), last = max(last, excluded.last)",
            (journal, first, last),
        )
    db.execute("DELETE FROM event WHERE id <= ?", (floor,))


def _where(query: Query, before: str) -> tuple[str, tuple[int | str, ...]]:
    """Conditions of a query; only the column names given here get into the text."""
    conditions: list[str] = []
    values: list[int | str] = []
    for column, value in (
        (f"{before} <", query.before),
        ("edge_id =", query.edge_id),
        ("camera_id =", query.camera_id),
    ):
        if value is not None:
            conditions.append(f"{column} ?")
            values.append(value)
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), tuple(values)
