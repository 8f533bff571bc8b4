"""The edge's journal of events: written before anything else, kept until the hub has it and a while longer.

SQLite in WAL mode with `synchronous=FULL`: an event that `append` returned survives a power cut. Sequence numbers
grow without gaps. A new journal starts at the milliseconds since 1970, so that an edge whose disk was replaced never
uses a number again that the hub has seen from its predecessor.
"""

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.common.migration import NewerFileError
from aimonitor.common.sqlite import connect, is_full
from aimonitor.contract import codec, messages

STEPS = (
    """
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, utc REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
""",
)
"""The schema's steps, see common/migration.py. Files of 0.1 have no number and all of the first."""

_UNCLOSED = """
SELECT body, max(seq) FROM event GROUP BY json_extract(body, '$.source'), json_extract(body, '$.incident_id')
HAVING json_extract(body, '$.phase') <> 'closed' ORDER BY max(seq)
"""  # the body is that of the row with the maximum: https://www.sqlite.org/lang_select.html#bareagg
_TRIM_EVERY = 200
_ACKED_EVERY_S = 1.0


class JournalError(OSError):
    """The journal cannot take or give an event; the text says why and what to do. What it holds stays."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an edge keeps. Unacknowledged events are dropped only by `max_events`, oldest first, and counted."""

    max_events: int = 200_000
    keep_acked_s: float = 14 * 86_400.0
    min_free_bytes: int = 64 * 1024 * 1024


class Journal:
    """One file, any thread. `lost` counts events that the size limit pushed out before the hub had them.

    A disk that takes nothing refuses events (`append`); what is only remembered beside them it leaves as it was.
    """

    def __init__(self, path: Path, clock: Clock, limits: Limits | None = None) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._since_trim = 0
        self._acked_written_at = float("-inf")
        self.lost = 0
        try:
            self._db = connect(path, STEPS, any_thread=True)
            self._last = self._highest() or int(clock.utc() * 1000)
            self._acked = self._read_mark("acked")
            self._trim()
        except NewerFileError as error:
            raise JournalError(f"journal {error}") from None
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"journal {path}: expected a writable SQLite file, got: {error}") from error

    def append(self, build: Callable[[int], messages.Event]) -> messages.Event:
        """Store the event that `build(seq)` makes and return it; on return it is on the disk.

        Raises JournalError when the disk is full or nearly so; nothing was stored then and the number is not used.
        """
        with self._at_work("store an event"):
            self._check_room()
            event = build(self._last + 1)
            self._db.execute("INSERT INTO event VALUES (?, ?, ?)", (event.seq, self._clock.utc(), codec.encode(event)))
            self._last = event.seq
            self._since_trim += 1
            if self._since_trim >= _TRIM_EVERY:
                self._trim()
            return event

    def after(self, seq: int, limit: int = 100) -> list[messages.Event]:
        """Up to `limit` events with a number above `seq`, in order. Raises JournalError."""
        with self._at_work("read events"):
            rows = self._db.execute(
                "SELECT body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
            ).fetchall()
        decoded = (codec.decode(body) for (body,) in rows)
        return [event for event in decoded if isinstance(event, messages.Event)]

    def unclosed(self) -> list[messages.Event]:
        """The newest event of each incident that was not closed, in order. Reads everything. Raises JournalError."""
        with self._at_work("look for open incidents"):
            rows = self._db.execute(_UNCLOSED).fetchall()
        decoded = (codec.decode(body) for body, _ in rows)
        return [event for event in decoded if isinstance(event, messages.Event)]

    def acknowledge(self, seq: int) -> None:
        """Remember that the hub has everything up to `seq`. Going back is ignored.

        Written once a second at most, and at the end: each write waits for the disk, and so does whoever appends. What
        a crash forgets of it the hub tells again with its Welcome.
        """
        with self._lock:
            if seq > self._acked:
                self._acked = min(seq, self._last)
                if self._clock.monotonic() - self._acked_written_at >= _ACKED_EVERY_S:
                    with _as_far_as_the_disk_takes_it():
                        self._write_acked()

    @property
    def acked(self) -> int:
        """The highest number that the hub is known to have stored, 0 at first."""
        return self._acked

    @property
    def first(self) -> int:
        """The lowest number that can still be resent; above `last` when it holds nothing. Raises JournalError."""
        with self._at_work("read its first event"):
            row = self._db.execute("SELECT min(seq) FROM event").fetchone()
            return int(row[0]) if row[0] is not None else self._last + 1

    @property
    def last(self) -> int:
        """The highest number used so far."""
        return self._last

    def mark(self, name: str, value: int) -> None:
        """Keep a small number beside the events, such as what a month has cost so far."""
        with self._lock, _as_far_as_the_disk_takes_it():
            self._write_mark(name, value)

    def marked(self, name: str) -> int:
        """The number kept under `name`, 0 when there is none. Raises JournalError."""
        with self._at_work("read a mark"):
            return self._read_mark(name)

    def begin_anew(self) -> None:
        """After a restore: number on from now, so that no number is used again that was used since the backup.

        What the hub had is forgotten; what it had not is numbered anew and waits to be sent. Raises JournalError.
        """
        waiting = self.after(self.acked, limit=self._limits.max_events)
        with self._at_work("number its events anew"):
            self._db.execute("DELETE FROM event")
            self._last = max(self._last, int(self._clock.utc() * 1000))
            self._write_mark("last", self._last)
            self._write_mark("acked", self._last)
        for event in waiting:
            self.append(lambda seq, event=event: msgspec.structs.replace(event, seq=seq))  # type: ignore[misc]

    def close(self) -> None:
        """Close the file; the journal is not usable afterwards."""
        with self._lock:
            with _as_far_as_the_disk_takes_it():
                self._write_acked()
            self._db.close()

    @contextlib.contextmanager
    def _at_work(self, what: str) -> Iterator[None]:
        """The file, for one thread; raises what SQLite complains of as a JournalError."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                advice = "free some disk" if is_full(error) else "is the disk whole and writable?"
                raise JournalError(f"journal {self._path}: could not {what}: {error}; {advice}") from error

    def _highest(self) -> int:
        row = self._db.execute("SELECT max(seq) FROM event").fetchone()
        return max(int(row[0] or 0), self._read_mark("last"))

    def _check_room(self) -> None:
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError as error:
            raise JournalError(f"journal {self._path}: {error}") from error
        if free < self._limits.min_free_bytes:
            need, have = self._limits.min_free_bytes >> 20, free >> 20
            raise JournalError(
                f"journal {self._path}: expected at least {need} MiB of free disk, got {have}; free some"
            )

    def _trim(self) -> None:
        self._since_trim = 0
        with _as_far_as_the_disk_takes_it():
            self._forget_old()

    def _forget_old(self) -> None:
        """Forget what the hub has and is old, then what is too much; the highest number used is remembered."""
        self._write_mark("last", self._last)
        self._write_acked()
        old = self._clock.utc() - self._limits.keep_acked_s
        self._db.execute("DELETE FROM event WHERE seq <= ? AND utc < ?", (self._acked, old))
        floor = self._last - self._limits.max_events
        row = self._db.execute("SELECT count(*) FROM event WHERE seq <= ? AND seq > ?", (floor, self._acked)).fetchone()
        self._db.execute("DELETE FROM event WHERE seq <= ?", (floor,))
        self.lost += int(row[0])

    def _write_acked(self) -> None:
        self._acked_written_at = self._clock.monotonic()
        self._write_mark("acked", self._acked)

    def _read_mark(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _write_mark(self, name: str, value: int) -> None:
        self._db.execute(
            "INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )


@contextlib.contextmanager
def _as_far_as_the_disk_takes_it() -> Iterator[None]:
    """For what will be written again soon: a full disk must not end an edge whose pictures need none."""
    with contextlib.suppress(sqlite3.Error):
        yield
