"""The journal: what it took, it has; what it gives, is in order; numbers are never used twice."""

import shutil

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.contract.messages import Event
from aimonitor.edge import journal as journal_module
from aimonitor.edge.journal import Journal, JournalError, Limits


def event(seq):
    return Event(source="e/c", seq=seq, incident_id="i1", kind="person", phase="opened", at=1.0, opened_at=1.0)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def open_journal(tmp_path, clock):
    opened = []

    def opener(limits=None):
        opened.append(Journal(tmp_path / "var" / "edge.sqlite3", clock, limits))
        return opened[-1]

    yield opener
    for each in opened:
        each.close()


def test_events_come_back_in_order_without_gaps(open_journal):
    journal = open_journal()
    stored = [journal.append(event) for _ in range(5)]
    assert [each.seq for each in stored] == list(range(journal.first, journal.last + 1))
    assert journal.after(0) == stored
    assert journal.after(stored[2].seq) == stored[3:]
    assert journal.after(0, limit=2) == stored[:2]


def test_a_restart_loses_nothing_and_goes_on_counting(open_journal):
    first = open_journal()
    one = first.append(event)
    first.acknowledge(one.seq)
    first.close()
    second = open_journal()
    two = second.append(event)
    assert two.seq == one.seq + 1
    assert second.acked == one.seq
    assert second.after(0) == [one, two]


def test_a_new_journal_starts_above_every_number_of_its_predecessor(tmp_path, clock):
    old = Journal(tmp_path / "old.sqlite3", clock)
    used = [old.append(event).seq for _ in range(3)]
    old.close()
    clock.advance(1.0)
    new = Journal(tmp_path / "new.sqlite3", clock)
    assert new.append(event).seq > used[-1]
    new.close()


def test_an_acknowledgement_never_goes_back_or_beyond(open_journal):
    journal = open_journal()
    last = [journal.append(event) for _ in range(3)][-1].seq
    journal.acknowledge(last)
    journal.acknowledge(last - 2)
    assert journal.acked == last
    journal.acknowledge(last + 100)
    assert journal.acked == last


def test_the_oldest_fall_out_when_there_are_too_many_and_the_unacknowledged_are_counted(open_journal, monkeypatch):
    monkeypatch.setattr(journal_module, "_TRIM_EVERY", 10)
    journal = open_journal(Limits(max_events=5))
    for _ in range(10):
        journal.append(event)
    assert len(journal.after(0)) == 5
    assert journal.lost == 5
    assert journal.last - journal.first == 4


def test_acknowledged_events_are_kept_for_refill_until_they_are_old(open_journal, clock, monkeypatch):
    monkeypatch.setattr(journal_module, "_TRIM_EVERY", 2)
    journal = open_journal(Limits(keep_acked_s=60))
    old = [journal.append(event) for _ in range(2)]
    journal.acknowledge(old[-1].seq)
    assert len(journal.after(0)) == 2
    clock.advance(120)
    new = [journal.append(event) for _ in range(2)]
    assert journal.after(0) == new
    assert journal.lost == 0


def test_a_full_disk_refuses_loudly_and_keeps_what_is_there(open_journal, monkeypatch):
    journal = open_journal()
    kept = journal.append(event)
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(journal_module.shutil, "disk_usage", lambda _: usage._replace(free=1024))
    with pytest.raises(JournalError, match="expected at least 64 MiB of free disk, got 0"):
        journal.append(event)
    monkeypatch.undo()
    assert journal.append(event).seq == kept.seq + 1


def test_a_disk_that_takes_nothing_costs_events_and_nothing_else(open_journal, clock, monkeypatch):
    """Where every write fails, an edge goes on: its pictures need no disk."""
    monkeypatch.setattr(journal_module, "_TRIM_EVERY", 3)
    journal = open_journal()
    kept = [journal.append(event) for _ in range(2)]
    journal._db.execute("PRAGMA query_only = ON")
    journal.mark("sent bytes 2026-11", 7)
    clock.advance(10)
    journal.acknowledge(kept[0].seq)
    with pytest.raises(JournalError, match=r"could not store an event: .*; is the disk whole and writable"):
        journal.append(event)
    assert journal.after(0) == kept
    journal._db.execute("PRAGMA query_only = OFF")
    assert journal.marked("sent bytes 2026-11") == 0
    assert journal.append(event).seq == kept[-1].seq + 1


def test_an_event_that_was_stored_counts_although_the_old_could_not_be_forgotten(open_journal, monkeypatch):
    monkeypatch.setattr(journal_module, "_TRIM_EVERY", 1)
    journal = open_journal(Limits(max_events=1))
    journal.append(event)
    journal._db.execute("CREATE TRIGGER full BEFORE DELETE ON event BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    second = journal.append(event)
    assert (len(journal.after(0)), journal.lost) == (2, 0)
    journal._db.execute("DROP TRIGGER full")
    third = journal.append(event)
    assert (journal.after(0), journal.lost) == ([third], 2)
    assert third.seq == second.seq + 1


def test_a_file_that_cannot_be_read_is_said_in_words(open_journal):
    journal = open_journal()
    journal._db.close()
    with pytest.raises(JournalError, match=r"could not read events: .*closed database"):
        journal.after(0)


def test_a_place_that_cannot_be_written_is_said(tmp_path, clock):
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="expected a writable SQLite file"):
        Journal(tmp_path / "file" / "edge.sqlite3", clock)
    (tmp_path / "not.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(JournalError, match="expected a writable SQLite file"):
        Journal(tmp_path / "not.sqlite3", clock)
