"""What earlier versions wrote is read by this one. `from_<version>/` holds each kind of file as it was, as SQL."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from aimonitor.bot.database import STEPS as BOT_STEPS
from aimonitor.bot.database import Database, DatabaseError
from aimonitor.bot.memory import Memory
from aimonitor.bot.outbox import Outbox
from aimonitor.common.clock import ManualClock
from aimonitor.contract import messages
from aimonitor.edge.journal import STEPS as JOURNAL_STEPS
from aimonitor.edge.journal import Journal, JournalError
from aimonitor.hub.sequence import Range
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import Incident, Query, StoreError
from aimonitor.hub.stores.sqlite import STEPS as HUB_STEPS
from aimonitor.hub.stores.sqlite import SqliteStore

FOLDERS = sorted(Path(__file__).parent.glob("from_*"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def old(request, tmp_path):
    """Makes a file as that version left it."""

    def make(name):
        path = tmp_path / f"{name}.sqlite3"
        db = sqlite3.connect(path)
        db.executescript((request.param / f"{name}.sql").read_text(encoding="utf-8"))
        db.execute("PRAGMA journal_mode=WAL")
        db.close()
        return path

    return make


def an_event(seq):
    return messages.Event(
        source="yard/gate", seq=seq, incident_id="i", kind="intrusion", phase="opened", at=1.0, opened_at=1.0
    )


def version(path):
    db = sqlite3.connect(path)
    found = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return found


def set_version(path, number):
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {number}")
    db.close()


def test_a_hubs_history_is_all_there_and_goes_on(old):
    path = old("hub")

    async def story():
        store = SqliteStore(str(path), Keep())
        await store.open()
        events = await store.events(Query())
        ranges = await store.ranges("yard")
        marks = await store.marks([Incident("yard/gate", "i2")])
        samples = await store.samples(Query())
        await store.close()
        return events, ranges, marks, samples

    events, ranges, marks, samples = asyncio.run(story())
    assert [event.id for event in events] == [5, 4, 3, 2, 1]
    assert '"words":"a person by the gate"' in events[0].body
    assert ranges == (Range(1, 5),)
    assert [(mark.mark, mark.by) for mark in marks] == [("false_alarm", "Dana")]
    assert [sample.persons for sample in samples] == [2, 1, 0]
    assert version(path) == len(HUB_STEPS)


def test_an_edges_journal_keeps_what_the_hub_lacks_and_never_uses_a_number_again(old):
    path = old("edge")
    journal = Journal(path, ManualClock())
    last, acked = journal.last, journal.acked
    assert last - acked == 2
    assert [event.seq for event in journal.after(acked)] == [acked + 1, last]
    assert journal.marked("sent bytes 2023-11") == 123456
    assert journal.append(an_event).seq == last + 1
    journal.close()
    assert version(path) == len(JOURNAL_STEPS)


def test_a_bot_remembers_its_chats_lessons_and_what_it_still_has_to_say(old):
    path = old("bot")

    async def story():
        database = Database(path)
        await database.open()
        memory = Memory(database)
        await memory.load()
        waiting = await Outbox(database, lambda *_: None).waiting()
        seal, note, picture = await memory.secret(), await memory.read("cursor"), await memory.picture("p1")
        await database.close()
        return memory, waiting, seal, note, picture

    memory, waiting, seal, note, picture = asyncio.run(story())
    assert memory.chats[42].language == "he"
    assert [lesson.by for lesson in memory.lessons.values()] == ["Dana"]
    assert (waiting, len(seal), note, picture) == (1, 32, "7", b"\xff\xd8\xff\xd9")
    assert version(path) == len(BOT_STEPS)


def open_hub(path):
    asyncio.run(SqliteStore(str(path), Keep()).open())


def open_bot(path):
    asyncio.run(Database(path).open())


@pytest.mark.parametrize(
    ("name", "steps", "open_it", "error"),
    [
        ("hub", HUB_STEPS, open_hub, StoreError),
        ("edge", JOURNAL_STEPS, lambda path: Journal(path, ManualClock()), JournalError),
        ("bot", BOT_STEPS, open_bot, DatabaseError),
    ],
)
def test_a_file_of_a_newer_version_is_refused_in_words_and_stays_as_it_is(old, name, steps, open_it, error):
    path = old(name)
    set_version(path, len(steps) + 1)
    with pytest.raises(error, match=f"expected version {len(steps)} or older, got {len(steps) + 1}.*upgrade this one"):
        open_it(path)
    assert version(path) == len(steps) + 1
