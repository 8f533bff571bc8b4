"""One suite for every store of events."""

import asyncio
import sqlite3

import pytest

from aimonitor.hub.sequence import Range
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.stores.base import Incident, Mark, NewEvent, Query, Sample, StoreError
from aimonitor.hub.stores.hours import HOUR_S, Hour, HourQuery
from aimonitor.hub.stores.sqlite import STEPS, SqliteStore


def new(seq: int, journal: str = "yard", camera: str = "gate") -> NewEvent:
    return NewEvent(journal, seq, f"{journal}/{camera}", 1000.0 + seq, f'{{"type":"event","seq":{seq}}}')


def sample(at: int, source: str = "yard/gate") -> Sample:
    return Sample(at, source, 0.5, "WATCH", 1, 2, 9.5)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("sentinel", "cluster")]


@pytest.fixture(params=["memory", "sqlite", "redis", *SLOW])
def location(request, tmp_path):
    if request.param in ("redis", "sentinel", "cluster"):
        return request.getfixturevalue(f"{request.param}_url")
    return ":memory:" if request.param == "memory" else str(tmp_path / "deep" / "er" / "hub.sqlite3")


@pytest.fixture
def story(location):
    """Run a coroutine function with an open store."""

    def run(tell, keep=None):
        async def with_store():
            store = make_store(location, keep or Keep())
            await store.open()
            try:
                return await tell(store)
            finally:
                await store.close()

        return asyncio.run(with_store())

    return run


def test_an_event_is_stored_once_and_ids_have_no_gaps(story):
    async def tell(store):
        assert await store.add([new(1), new(2), new(1)]) == [True, True, False]
        assert await store.add([new(2), new(3)]) == [False, True]
        assert await store.add([new(1, "shop")]) == [True]
        return await store.events(Query()), await store.count()

    events, count = story(tell)
    assert count == 4
    assert [event.id for event in events] == [4, 3, 2, 1]
    assert [event.source for event in events] == ["shop/gate", "yard/gate", "yard/gate", "yard/gate"]
    assert (events[1].body, events[1].received_at) == ('{"type":"event","seq":3}', 1003.0)


def test_pages_go_back_in_time_without_holes_or_repeats(story):
    async def tell(store):
        await store.add([new(seq) for seq in range(1, 26)])
        pages, before = [], None
        while page := await store.events(Query(10, before)):
            pages.append([event.id for event in page])
            before = page[-1].id
        return pages

    assert story(tell) == [list(range(25, 15, -1)), list(range(15, 5, -1)), [5, 4, 3, 2, 1]]


def test_history_can_be_asked_of_one_edge_or_camera(story):
    async def tell(store):
        await store.add([new(1), new(2, camera="door"), new(1, "shop"), new(2, "shop", "door")])
        ask = (
            Query(edge_id="yard"),
            Query(camera_id="door"),
            Query(edge_id="shop", camera_id="gate"),
            Query(edge_id="x"),
        )
        return [[event.source for event in await store.events(query)] for query in ask]

    assert story(tell) == [["yard/door", "yard/gate"], ["shop/door", "yard/door"], ["shop/gate"], []]


def test_ranges_tell_what_is_there(story):
    async def tell(store):
        await store.add([new(seq) for seq in (5, 1, 2, 9, 3, 10)])
        return await store.ranges("yard"), await store.ranges("nobody")

    assert story(tell) == ((Range(1, 3), Range(5, 5), Range(9, 10)), ())


def test_what_was_pruned_is_not_asked_for_again(story):
    async def tell(store):
        for start in range(1, 3001, 500):
            await store.add([new(seq) for seq in range(start, start + 500)])
        return await store.count(), await store.ranges("yard"), await store.events(Query(1))

    count, ranges, newest = story(tell, Keep(events=1000))
    assert 1000 <= count <= 2000
    assert ranges == (Range(1, 3000),)
    assert newest[0].id == 3000


def test_samples_can_be_paged_back_to_the_first(story):
    now = 1_700_000_000

    async def tell(store):
        await store.add_samples([sample(now + at, name) for at in range(30) for name in ("yard/gate", "shop/till")])
        pages = []
        before = None
        for _ in range(9):
            page = await store.samples(Query(4, before, edge_id="yard"))
            pages.append([each.at - now for each in page])
            before = page[-1].at if page else 0
        return pages

    pages = story(tell)
    assert [at for page in pages for at in page] == list(range(29, -1, -1))


def test_pieces_of_an_hour_add_up_and_hours_come_in_the_order_of_time(story):
    first = Hour(
        HOUR_S, "yard/gate", seconds=2, persons=6, persons_max=4, score_max=0.3, speed_m=2.5, speed_m_seconds=2
    )
    second = Hour(HOUR_S, "yard/gate", seconds=1, persons=1, persons_max=1, score_max=0.75, incidents=2, unusual=1)
    later, elsewhere = Hour(2 * HOUR_S, "yard/gate", seconds=5), Hour(HOUR_S, "shop/till", vehicles_max=9)

    async def tell(store):
        await store.add_hours([later, first])
        await store.add_hours([second, elsewhere])
        span = HourQuery(0, 9 * HOUR_S, 10)
        return (
            await store.hours(span),
            await store.hours(HourQuery(0, 9 * HOUR_S, 10, "yard", "gate")),
            await store.hours(HourQuery(0, 9 * HOUR_S, 10, camera_id="till")),
            await store.hours(HourQuery(0, 9 * HOUR_S, 10, edge_id="yard")),
            await store.hours(HourQuery(HOUR_S, 2 * HOUR_S, 1)),
        )

    everything, gate, till, yard, one = story(tell)
    whole = Hour(
        HOUR_S, "yard/gate", 3, 7, 4, score_max=0.75, speed_m=2.5, speed_m_seconds=2, incidents=2, unusual=1
    )  # fmt: skip
    assert everything == [elsewhere, whole, later]
    assert gate == yard == [whole, later]
    assert till == one == [elsewhere]


def test_the_oldest_hours_go(story):
    async def tell(store):
        for at in range(7):
            await store.add_hours([Hour(at * HOUR_S, "yard/gate", seconds=1)])
        return await store.hours(HourQuery(0, 9 * HOUR_S, 100)), await store.hours(
            HourQuery(0, 9 * HOUR_S, 100, "yard", "gate")
        )

    everything, gate = story(tell, Keep(hours=4))
    assert [hour.at // HOUR_S for hour in everything] == [3, 4, 5, 6]
    assert gate == everything


def test_a_file_of_before_there_were_hours_gets_those_that_it_can_tell(tmp_path):
    path = tmp_path / "old.sqlite3"
    old = sqlite3.connect(path)
    old.executescript(STEPS[0])
    old.executemany(
        "INSERT INTO sample VALUES (?, 'yard', 'gate', ?, 'WATCH', ?, 1, 9.5)", [(3600, 0.2, 1), (3601, 0.6, 3)]
    )
    bodies = [
        '{"phase":"opened","kind":"unusual","at":3605.5}',
        '{"phase":"closed","kind":"unusual","at":3700}',
        '{"phase":"opened","kind":"command","at":3700}',
        '{"phase":"opened","kind":"fire","at":7300}',
        "no JSON",
    ]
    rows = [(number, body) for number, body in enumerate(bodies, 1)]
    columns = "journal, edge_id, camera_id, received_at, seq, body"
    old.executemany(f"INSERT INTO event ({columns}) VALUES ('yard', 'yard', 'gate', 1, ?, ?)", rows)
    old.commit()
    old.close()

    async def tell():
        store = SqliteStore(str(path), Keep())
        await store.open()
        try:
            return await store.hours(HourQuery(0, 99_999, 10)), await store.samples(Query(1))
        finally:
            await store.close()

    hours, (newest,) = asyncio.run(tell())
    assert hours == [
        Hour(3600, "yard/gate", 2, 4, 3, 2, 1, 0.6, incidents=1, unusual=1),
        Hour(7200, "yard/gate", incidents=1),
    ]
    assert (newest.at, newest.speed, newest.speed_unit) == (3601, 0.0, "px/s")


def test_samples_come_newest_first_and_the_oldest_go(story):
    async def tell(store):
        await store.add_samples([sample(at) for at in range(1, 8)])
        await store.add_samples([sample(8, "shop/gate")])
        return (
            await store.samples(Query(3)),
            await store.samples(Query(10, edge_id="yard")),
            await store.samples(Query()),
        )

    newest, yard, everything = story(tell, Keep(samples=5))
    assert [each.at for each in newest] == [8, 7, 6]
    assert newest[1] == sample(7)
    assert [each.at for each in yard] == [7, 6, 5, 4]
    assert len(everything) == 5


def test_the_last_mark_of_an_incident_is_the_one_that_counts(story):
    fire, cat, nothing = (Incident("yard/gate", name) for name in ("i1", "i2", "i3"))
    same_name = Incident("shop/gate", "i1")

    async def tell(store):
        await store.mark(Mark(fire, "not_a_threat", "Dana", 1000.25))
        await store.mark(Mark(cat, "acknowledged", "", 1001.0))
        await store.mark(Mark(fire, "threat", "Noa Bar-Lev \u05e0\u05d5\u05e2\u05d4", 1002.5))
        return await store.marks([cat, nothing, same_name, fire]), await store.marks([])

    marks, none = story(tell)
    assert {mark.incident: mark for mark in marks} == {
        cat: Mark(cat, "acknowledged", "", 1001.0),
        fire: Mark(fire, "threat", "Noa Bar-Lev \u05e0\u05d5\u05e2\u05d4", 1002.5),
    }
    assert none == []


def test_the_oldest_marks_go(story):
    incidents = [Incident("yard/gate", f"i{number}") for number in range(6)]

    async def tell(store):
        for incident in incidents[:4]:
            await store.mark(Mark(incident, "acknowledged", "", 1000.0))
        await store.mark(Mark(incidents[0], "threat", "", 1000.0))
        for incident in incidents[4:]:
            await store.mark(Mark(incident, "acknowledged", "", 1000.0))
        return {mark.incident for mark in await store.marks(incidents)}

    assert story(tell, Keep(marks=3)) == {incidents[0], incidents[4], incidents[5]}


def test_sqlite_survives_a_restart(tmp_path):
    path = str(tmp_path / "hub.sqlite3")

    async def tell(store, action):
        await store.open()
        result = await action(store)
        await store.close()
        return result

    asyncio.run(tell(make_store(path, Keep()), lambda store: store.add([new(1), new(2)])))
    assert asyncio.run(tell(make_store(f"sqlite:///{path}", Keep()), lambda store: store.add([new(2), new(3)]))) == [
        False,
        True,
    ]


def test_sqlite_flushes_every_commit_to_the_disk(tmp_path):
    async def tell():
        store = SqliteStore(str(tmp_path / "hub.sqlite3"), Keep())
        await store.open()
        settings = await store._file.run(
            lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        )
        await store.close()
        return settings

    assert asyncio.run(tell()) == ["wal", 2]


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path):
    async def tell():
        store = SqliteStore(str(tmp_path / "hub.sqlite3"), Keep())
        await store.open()
        with pytest.raises(StoreError, match="NOT NULL"):
            await store.add([new(1), NewEvent("yard", 2, "yard/gate", 1.0, None)])
        count = await store.count()
        await store.close()
        return count

    assert asyncio.run(tell()) == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = make_store(str(tmp_path / "file" / "hub.sqlite3"), Keep())
    with pytest.raises(StoreError, match=r"file/hub\.sqlite3: expected a writable SQLite file"):
        asyncio.run(store.open())
    asyncio.run(store.close())


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "hub.sqlite3").write_bytes(b"not a database" * 100)
    store = make_store(str(tmp_path / "hub.sqlite3"), Keep())
    with pytest.raises(StoreError, match="expected a writable SQLite file"):
        asyncio.run(store.open())
    asyncio.run(store.close())


def test_an_unknown_scheme_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="expected one of memory, redis"):
        make_store("mongodb://x", Keep())


def test_sqlite_itself_is_new_enough():
    assert sqlite3.sqlite_version_info >= (3, 37), "STRICT tables need SQLite 3.37"
