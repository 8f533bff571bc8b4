"""A journal that cannot be used ends no edge: it is put aside, what can be read is sent, nothing is thrown away."""

import contextlib
import logging
import sqlite3

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.contract.messages import Event
from aimonitor.edge.journal import Journal, JournalError, Limits

ROOM = Limits(min_free_bytes=0)
PAGE = 4096


def event(seq, words="x" * 500):
    at = 1.0
    return Event("e/c", seq=seq, incident_id="i1", kind="person", phase="opened", at=at, opened_at=at, words=words)


@pytest.fixture
def clock():
    return ManualClock(utc=1_800_000_000.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "edge.sqlite3"


@pytest.fixture
def mended(path, clock):
    """Open the journal as an edge does."""
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(contextlib.closing(Journal(path, clock, ROOM, mend=True)))


@pytest.fixture
def filled(path, clock):
    """A journal of 100 events whose first 20 the hub has; its numbers."""
    with contextlib.closing(Journal(path, clock, ROOM)) as journal:
        seqs = [journal.append(event).seq for _ in range(100)]
        journal.acknowledge(seqs[19])
        journal.mark("sent bytes 2027-01", 7)
    clock.advance(3600.0)
    return seqs


def spoil(path, page):
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(b"\xaa" * PAGE)


def aside(path):
    return sorted(each.name for each in path.parent.iterdir() if ".unreadable-" in each.name)


def make_folder(path):
    path.mkdir(parents=True)
    (path / "precious").write_text("x")


def make_garbage(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all" * 100)


def make_link_into_nowhere(path):
    path.parent.mkdir(parents=True)
    path.symlink_to(path.parent / "gone" / "away.sqlite3")


@pytest.mark.parametrize(
    ("make", "reason"),
    [(make_folder, "a folder"), (make_garbage, "not a database"), (make_link_into_nowhere, "unable to open")],
)
def test_what_is_no_journal_is_put_aside_and_the_edge_goes_on(path, mended, caplog, make, reason):
    make(path)
    journal = mended()
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    [name] = aside(path)
    assert all(words in record.getMessage() for words in (str(path), reason, name))
    stored = journal.append(event)
    assert journal.after(0) == [stored]
    assert (journal.trouble, journal.replaced) == ("", 1)
    kept = path.with_name(name)
    assert (kept / "precious").exists() or kept.is_symlink() or kept.read_bytes().startswith(b"not a database")


def spoil_the_newest(path):
    """The last page, with the newest events: SQLite reads in order and finds out at the end."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spoil(path, db.execute("PRAGMA page_count").fetchone()[0] - 1)
        db.execute("INSERT INTO mark VALUES ('so that others look at the file again', 1)")
        db.commit()


def test_what_can_still_be_read_and_the_hub_has_not_is_numbered_anew_and_sent(path, filled, mended):
    spoil_the_newest(path)
    journal = mended()
    taken = journal.after(0)
    assert journal.replaced == 1
    assert 40 < len(taken) < 80
    assert journal.acked == taken[0].seq - 1
    assert [each.seq for each in taken] == list(range(journal.first, journal.last + 1))
    assert taken[0].seq > filled[-1]
    assert journal.marked("sent bytes 2027-01") == 7


def test_a_file_that_breaks_at_work_is_replaced_and_the_numbers_go_on(path, mended, caplog):
    journal = mended()
    seqs = [journal.append(event).seq for _ in range(100)]
    journal.acknowledge(seqs[19])
    spoil_the_newest(path)
    stored = journal.append(event)
    assert (stored.seq, journal.last, journal.acked) == (seqs[-1] + 1, seqs[-1] + 1, seqs[19])
    left = [each.seq for each in journal.after(0)]
    assert left == [*seqs[20 : 20 + len(left) - 1], stored.seq]
    assert (journal.first, journal.lost) == (seqs[20], 80 - len(left) + 1)
    assert (journal.replaced, journal.trouble) == (1, "")
    assert "malformed" in caplog.text


def test_a_file_of_another_program_at_work_is_left_alone(path, filled, clock, monkeypatch):
    monkeypatch.setattr("aimonitor.common.sqlite._LOCKED_S", 0.05)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match="locked"):
            Journal(path, clock, ROOM, mend=True)
    assert aside(path) == []


def test_a_file_of_a_newer_program_is_left_alone(path, filled, clock):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="upgrade this one"):
        Journal(path, clock, ROOM, mend=True)
    assert aside(path) == []


def test_where_nothing_can_be_written_events_are_kept_in_memory_and_that_is_said(tmp_path, clock, caplog):
    (tmp_path / "file").write_text("x")
    with contextlib.closing(Journal(tmp_path / "file" / "edge.sqlite3", clock, mend=True)) as journal:
        stored = [journal.append(event) for _ in range(3)]
        assert journal.after(0) == stored
        assert "events are kept in memory alone" in journal.trouble
        [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "mend that and start it again" in record.getMessage()


def test_a_file_that_can_be_read_but_not_written_or_moved_stays_where_it_is(path, filled, mended, monkeypatch):
    """As on a disk that was mounted read-only."""

    def connect_to_read(place, steps, **options):
        db = plain(place, steps, **options)
        if str(place) != ":memory:":
            db.execute("PRAGMA query_only = ON")
        return db

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    from aimonitor.edge import journal, journal_file

    plain = journal.connect
    monkeypatch.setattr(journal, "connect", connect_to_read)
    monkeypatch.setattr(journal_file, "_put_aside", refuse)
    reading = mended()
    assert "readonly" in reading.trouble
    assert reading.append(event).seq > filled[-1]
    monkeypatch.undo()
    again = mended()
    assert again.trouble == ""
    assert [each.seq for each in again.after(again.acked)] == filled[20:]


def test_an_event_that_is_none_any_more_is_passed_over(path, filled, mended):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE event SET body = '{' WHERE seq BETWEEN ? AND ?", (filled[30], filled[49]))
    journal = mended()
    assert [each.seq for each in journal.after(filled[29], limit=5)] == filled[50:55]


def test_renumbering_is_done_wholly_or_not_at_all(path, filled, mended):
    journal = mended()
    journal._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.seq % 7 = 0 BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
    )
    with pytest.raises(JournalError, match="disk is full"):
        journal.begin_anew()
    assert [each.seq for each in journal.after(journal.acked)] == filled[20:]
    journal._db.execute("DROP TRIGGER full")
    journal.begin_anew(above=2**50)
    assert [each.seq for each in journal.after(0)] == list(range(2**50 + 1, 2**50 + 81))
