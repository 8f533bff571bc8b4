"""The edge's journal of events: written before anything else, kept until the hub has it and a while longer.

SQLite in WAL mode with `synchronous=FULL`: an event that `append` returned survives a power cut. Sequence numbers
grow without gaps. A new journal starts at the milliseconds since 1970, so that an edge whose disk was replaced never
uses a number again that the hub has seen from its predecessor.

A file that cannot be used is put aside where that is wished for (`mend`), and nothing of it is thrown away.
"""

import contextlib
import dataclasses
import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.common.migration import NewerFileError
from aimonitor.common.sqlite import connect, is_full, transaction
from aimonitor.contract import codec, messages
from aimonitor.edge import journal_file
from aimonitor.edge.journal_file import Row, event_of, is_broken, is_in_use, lacks_room, unusable

log = logging.getLogger(__name__)

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
_IN_MEMORY = Path(":memory:")
_EVENTS_IN_MEMORY = 20_000


class JournalError(OSError):
    """The journal cannot take or give an event; the text says why and what to do. What it holds stays."""


class _ReplacedError(JournalError):
    """The file broke, and another one took its place: what was asked for may be asked again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an edge keeps. Unacknowledged events are dropped only by `max_events`, oldest first, and counted."""

    max_events: int = 200_000
    keep_acked_s: float = 14 * 86_400.0
    min_free_bytes: int = 64 * 1024 * 1024


class Journal:
    """One file, any thread. `lost` counts events that were pushed out by the size limit or could not be read any more
    before the hub had them, `replaced` files that were put aside.

    A disk that takes nothing refuses events (`append`); what is only remembered beside them it leaves as it was.
    trouble: why events are kept in memory alone; empty while they are on the disk
    """

    def __init__(self, path: Path, clock: Clock, limits: Limits | None = None, *, mend: bool = False) -> None:
        """mend: put a file aside that cannot be used, and begin another one, in memory where none can be written.

        Raises JournalError: for such a file unless `mend`, and always for one that is in use or of a newer program.
        """
        self._path = path
        self._mend = mend
        self._clock = clock
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._since_trim = 0
        self._acked_written_at = float("-inf")
        self._first: int | None = None
        self._last = self._acked = 0
        self.lost = self.replaced = 0
        self.trouble = ""
        try:
            self._open()
        except NewerFileError as error:
            raise JournalError(f"journal {error}") from None
        except (OSError, sqlite3.Error) as error:
            if not mend or is_in_use(error):
                raise JournalError(unusable(path, error)) from error
            self._begin_afresh(error)

    def _open(self) -> None:
        """The file as it is. Raises OSError and sqlite3.Error, also when it can only be read; nothing is open then."""
        self._db = connect(self._path, STEPS, any_thread=True)
        try:
            last, acked = self._highest() or int(self._clock.utc() * 1000), self._read_mark("acked")
            try:
                self._write_mark("last", last)
            except sqlite3.Error as error:
                if not lacks_room(error):  # there may be room later
                    raise
            self._last, self._acked, self._first = last, acked, self._lowest()
        except BaseException:
            self._db.close()
            raise
        self._trim()

    def append(self, build: Callable[[int], messages.Event]) -> messages.Event:
        """Store the event that `build(seq)` makes and return it; on return it is on the disk.

        Raises JournalError when the disk is full or nearly so; nothing was stored then and the number is not used.
        """
        try:
            return self._append(build)
        except _ReplacedError:
            return self._append(build)

    def _append(self, build: Callable[[int], messages.Event]) -> messages.Event:
        with self._at_work("store an event"):
            self._check_room()
            event = build(self._last + 1)
            self._db.execute("INSERT INTO event VALUES (?, ?, ?)", (event.seq, self._clock.utc(), codec.encode(event)))
            self._last = event.seq
            self._first = self._first or event.seq
            self._since_trim += 1
            if self._since_trim >= _TRIM_EVERY:
                self._trim()
            return event

    def after(self, seq: int, limit: int = 100) -> list[messages.Event]:
        """Up to `limit` events with a number above `seq`, in order; empty when there are no more. Raises JournalError.

        Ones that no longer are what was written are left out.
        """
        events: list[messages.Event] = []
        while not events:
            with self._at_work("read events"):
                rows = self._db.execute(
                    "SELECT seq, utc, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
                ).fetchall()
            if not rows:
                break
            events, seq = [event for row in rows if (event := event_of(Row(*row)))], rows[-1][0]
        return events

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
        """The lowest number that can still be resent; above `last` when it holds nothing."""
        return self._first if self._first is not None else self._last + 1

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

    def begin_anew(self, above: int = 0) -> None:
        """Number on from now and `above`: after a restore, or when the hub has higher numbers than were ever used here.

        What the hub had is forgotten; what it had not is numbered anew and waits to be sent. Raises JournalError.
        """
        with self._at_work("number its events anew"):
            query = "SELECT seq, utc, body FROM event WHERE seq > ? ORDER BY seq"
            waiting = [Row(*row) for row in self._db.execute(query, (self._acked,))]
            self._renumber(waiting, max(self._last, above, int(self._clock.utc() * 1000)))

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
                if self._mend and is_broken(error):
                    self._db.close()
                    self._begin_afresh(error)
                    raise _ReplacedError(unusable(self._path, error)) from error
                advice = "free some disk" if is_full(error) else "is the disk whole and writable?"
                raise JournalError(f"journal {self._path}: could not {what}: {error}; {advice}") from error

    # --- a file that cannot be used ---------------------------------------------------------------------------------

    def _begin_afresh(self, reason: Exception) -> None:
        """Go on in another file with what can be read of this one, or in memory. No file is open before."""
        words = unusable(self._path, reason)
        other = journal_file.replace(self._path, STEPS, self._clock.utc(), reason)
        if other is None:
            self._begin_in_memory(words)
            return
        self._db, aside = other
        self.replaced += 1
        try:
            taken = self._take_over(aside)
        except sqlite3.Error as error:
            log.error("%s; it is kept as %s, from which nothing could be taken over: %s", words, aside, error)  # noqa: TRY400
        else:
            log.error("%s; it is kept as %s, and a new one begun, with %d events for the hub", words, aside, taken)

    def _begin_in_memory(self, words: str) -> None:
        self._limits = dataclasses.replace(self._limits, max_events=_EVENTS_IN_MEMORY)
        self._db = connect(_IN_MEMORY, STEPS, any_thread=True)
        self._last, self._first = self._last or int(self._clock.utc() * 1000), None
        self.trouble = f"{words}; events are kept in memory alone"
        log.error("%s, and lost if the edge ends before the hub has them: mend that and start it again", self.trouble)

    def _take_over(self, aside: Path) -> int:
        """Number on as before if that is known, else from now; store again what can be read and the hub has not.

        Returns how many events that are. Raises sqlite3.Error; the numbers are right then, and the events are not here.
        """
        marks, was_open = journal_file.readable_marks(aside), self._last > 0
        if was_open:
            marks["acked"] = self._acked
        rows: list[Row] = []
        if "acked" in marks:  # else there is no telling what the hub has
            rows = list(islice(journal_file.readable_rows(aside, marks["acked"]), self._limits.max_events))
        if not was_open:
            used = (marks.get("last", 0), rows[-1].seq if rows else 0, int(self._clock.utc() * 1000))
            self._last = self._acked = max(used)
            self._renumber(rows, self._last)
        else:
            self._first = None
            self.lost += self._last - self._acked - len(rows)
            self._hold(rows, self._last, self._acked)
        for name in marks.keys() - {"last", "acked"}:
            self._write_mark(name, marks[name])
        return len(rows)

    def _renumber(self, rows: Sequence[Row], last: int) -> None:
        """Hold exactly `rows`, numbered from `last` + 1 on. All or nothing. Raises sqlite3.Error."""
        events = [(row, event) for row in rows if (event := event_of(row))]
        fresh = [
            Row(seq, row.utc, codec.encode(msgspec.structs.replace(event, seq=seq)))
            for seq, (row, event) in enumerate(events, last + 1)
        ]
        self._hold(fresh, last + len(fresh), last)

    def _hold(self, rows: Sequence[Row], last: int, acked: int) -> None:
        with transaction(self._db):
            self._db.execute("DELETE FROM event")
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?)", rows)
            self._write_mark("last", last)
            self._write_mark("acked", acked)
        self._last, self._acked, self._first = last, acked, self._lowest()

    # --- statements -------------------------------------------------------------------------------------------------

    def _lowest(self) -> int | None:
        row = self._db.execute("SELECT min(seq) FROM event").fetchone()
        return None if row[0] is None else int(row[0])

    def _highest(self) -> int:
        row = self._db.execute("SELECT max(seq) FROM event").fetchone()
        return max(int(row[0] or 0), self._read_mark("last"))

    def _check_room(self) -> None:
        if self.trouble:
            return
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
        self._first = self._lowest()
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
