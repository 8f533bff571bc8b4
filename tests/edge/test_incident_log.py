"""Incidents in the journal: what was opened is closed once, whether scene, camera, disk or edge comes to an end."""

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.edge.incident_log import IncidentLog, close_left_open
from aimonitor.edge.journal import Journal, JournalError
from aimonitor.edge.types import Event

NOON = 1_750_075_200.0


def news(phase, at=0.0, incident_id="i1", kind="object_left", zone="Gate"):
    return Event(incident_id, kind, phase, at, NOON + at, NOON, "ALERT", 0.6, "", (), (7,), zone)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.sqlite3"


@pytest.fixture
def journal(path):
    opened = Journal(path, ManualClock())
    yield opened
    opened.close()


@pytest.fixture
def stored():
    return []


@pytest.fixture
def incidents(journal, stored):
    return IncidentLog("yard/gate", journal, lambda: stored.append(journal.last))


def told(journal):
    return [(event.incident_id, event.phase) for event in journal.after(0)]


def test_a_camera_that_stops_closes_what_is_open_and_nothing_twice(journal, incidents, stored):
    incidents.take(news("opened"), 1)
    incidents.take(news("opened", 1.0, "i2"), 2)
    incidents.take(news("closed", 4.0), 3)
    incidents.end(NOON + 9.0)
    incidents.end(NOON + 10.0)
    assert told(journal) == [("i1", "opened"), ("i2", "opened"), ("i1", "closed"), ("i2", "closed")]
    last = journal.after(0)[-1]
    assert (last.at, last.opened_at, last.level, last.track_ids) == (NOON + 9.0, NOON, "ALERT", (7,))
    assert last.words == "object left in Gate: no longer watched after 9 s"
    assert stored == [event.seq for event in journal.after(0)]


def test_what_was_open_when_the_edge_was_killed_is_closed_at_its_next_start(path, journal, incidents):
    incidents.take(news("opened"), 1)
    incidents.take(news("updated", 6.0), 30)
    incidents.take(news("opened", 2.0, "i2"), 2)
    incidents.take(news("closed", 3.0, "i2"), 2)
    IncidentLog("yard/barn", journal, lambda: None).take(news("opened"), 1)  # the same id, another camera
    killed = len(told(journal))
    again = Journal(path, ManualClock())
    close_left_open(again)
    close_left_open(again)
    added = again.after(0)[killed:]
    again.close()
    assert [(event.source, event.incident_id, event.phase) for event in added] == [
        ("yard/gate", "i1", "closed"),
        ("yard/barn", "i1", "closed"),
    ]
    assert added[0].at == NOON + 6.0, "the last that is known of it"


def test_nothing_is_opened_while_disarmed_and_what_was_open_is_still_closed(journal, incidents):
    incidents.take(news("opened"), 1)
    incidents.armed = False
    incidents.take(news("opened", 1.0, "i2"), 2)
    incidents.take(news("updated", 2.0, "i2"), 3)
    incidents.take(news("closed", 3.0), 4)
    incidents.end(NOON + 4.0)
    assert told(journal) == [("i1", "opened"), ("i1", "closed")]


def test_an_end_that_the_disk_did_not_take_is_stored_once_it_does(journal, incidents, monkeypatch):
    def full():
        raise JournalError("no room")

    incidents.take(news("opened"), 1)
    with monkeypatch.context() as patched:
        patched.setattr(journal, "_check_room", full)
        incidents.take(news("closed", 4.0), 2)
        incidents.take(news("opened", 5.0, "i2"), 3)
        incidents.take(news("closed", 6.0, "i2"), 4)
    assert incidents.refused == 3
    incidents.take(news("opened", 9.0, "i3"), 5)
    assert told(journal) == [("i1", "opened"), ("i3", "opened"), ("i1", "closed")], "nobody heard of i2"
    assert journal.after(0)[-1].at == NOON + 4.0
