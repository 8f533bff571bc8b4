"""Charts that reach back: hours that add up, and samples page by page."""

import asyncio
import itertools

import httpx
import pytest
from hub_peers import event, said

from aimonitor.common.clock import ManualClock
from aimonitor.contract import codec, messages
from aimonitor.hub.history import History
from aimonitor.hub.metrics import Counters
from aimonitor.hub.statistics import line
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import NewEvent, Query, Sample, StoreError
from aimonitor.hub.stores.hours import HOUR_S, Hour, HourQuery
from aimonitor.hub.stores.memory import MemoryStore
from aimonitor.hub.tally import Tally, of_event, of_sample

BEGAN = 1_700_000_000 // HOUR_S * HOUR_S


def sample(at, source="yard/gate", persons=2, speed=0.0, unit="m/s"):
    return Sample(at, source, 0.5, "WATCH", persons, 1, 9.5, speed, unit)


def new_event(seq, **fields):
    return NewEvent("yard", seq, "yard/gate", 1.0, codec.encode(event(seq, **fields)))


def test_a_second_adds_what_was_seen_in_it():
    moving = of_sample(sample(BEGAN + 70, speed=1.5))
    assert (moving.at, moving.seconds, moving.persons, moving.persons_max) == (BEGAN, 1, 2, 2)
    assert (moving.speed_m, moving.speed_m_seconds, moving.speed_px_seconds) == (1.5, 1, 0)
    assert of_sample(sample(BEGAN, speed=80.0, unit="px/s")).speed_px == 80.0
    assert of_sample(sample(BEGAN)).speed_m_seconds == 0


@pytest.mark.parametrize(
    ("fields", "incidents", "unusual"),
    [
        ({"phase": "opened", "kind": "fire"}, 1, 0),
        ({"phase": "opened", "kind": "unusual"}, 1, 1),
        ({"phase": "closed", "kind": "fire"}, None, None),
        ({"phase": "opened", "kind": "command"}, None, None),
    ],
)
def test_an_event_adds_an_incident_when_it_opens_one(fields, incidents, unusual):
    piece = of_event(new_event(1, at=float(BEGAN + 5), **fields))
    assert (piece and piece.incidents, piece and piece.unusual) == (incidents, unusual)


def test_a_body_that_is_no_event_adds_nothing():
    assert of_event(NewEvent("yard", 1, "yard/gate", 1.0, "no JSON")) is None


def test_pieces_add_up_whatever_the_order():
    pieces = [of_sample(sample(BEGAN + at, persons=at, speed=at / 2)) for at in range(5)]
    totals = set()
    for order in itertools.permutations(pieces):
        tally = Tally()
        for piece in order:
            tally.add(piece)
        (whole,) = tally.take()
        totals.add(whole)
        assert tally.take() == ()
    assert totals == {Hour(BEGAN, "yard/gate", 5, 10, 4, 5, 1, 0.5, 5.0, 4)}


def test_an_hour_is_told_in_averages():
    told = line(Hour(BEGAN, "yard/gate", 4, 10, 4, 2, 1, 0.51234, 3.0, 2, 900.0, 9, 3, 1))
    assert (told.persons, told.persons_max, told.vehicles, told.risk_max) == (2.5, 4, 0.5, 0.512)
    assert (told.speed, told.speed_unit, told.incidents, told.unusual) == (1.5, "m/s", 3, 1)
    still = line(Hour(BEGAN, "yard/gate", incidents=1))
    assert (still.persons, still.speed, still.speed_unit) == (0.0, None, None)
    assert line(Hour(BEGAN, "yard/gate", speed_px=30.0, speed_px_seconds=3)).speed_unit == "px/s"


class Moody(MemoryStore):
    """A store that can be out of order."""

    refuses = False

    async def add_hours(self, hours):
        if self.refuses:
            raise StoreError("away")
        await super().add_hours(hours)


def test_hours_wait_while_the_store_is_away_and_lose_nothing():
    async def tell():
        clock, store = ManualClock(utc=BEGAN + 10.0), Moody(Keep())
        history = History(store, clock, Counters(), lambda *_: None)
        store.refuses = True
        for at in range(5):
            history.sample(sample(BEGAN + at))
        assert await history.hours(HourQuery(0, 2**40, 10)) == []
        store.refuses = False
        history.sample(sample(BEGAN + 5))
        (hour,) = await history.hours(HourQuery(0, 2**40, 10))
        return hour

    hour = asyncio.run(tell())
    assert (hour.seconds, hour.persons) == (6, 12)


def test_samples_of_several_cameras_are_paged_by_whole_seconds():
    async def tell():
        history = History(store := MemoryStore(Keep()), ManualClock(), Counters(), lambda *_: None)
        await store.add_samples([sample(at, name) for at in range(100, 110) for name in ("a/1", "a/2", "a/3")])
        found, before = [], None
        for _ in range(9):
            page = await history.page(Query(1), 7, before)
            found += [(each.at, each.source) for each in page.samples]
            before = page.next_samples
            if before is None:
                return found
        raise AssertionError("it goes on for ever")

    found = asyncio.run(tell())
    assert len(found) == len(set(found)) == 30
    assert [at for at, _ in found] == sorted((at for at, _ in found), reverse=True)


def test_the_hub_tells_hours_of_what_its_edges_saw(running_hub, edge):
    yard = edge(running_hub)
    scene = messages.SceneView(persons=3, avg_speed=messages.Speed(1.5, "m/s"))
    yard.say(said(frame_id=1, scene=scene))
    yard.say(event(1, at=1_700_000_123.0, kind="unusual"))
    yard.hear(messages.Ack)
    with httpx.Client(base_url=running_hub.url) as client:
        for _ in range(300):
            now = client.get("/api/statistics?source=yard/gate").json()
            then = client.get("/api/statistics?source=yard/gate&from=1699999200&to=1700002800").json()
            if now["buckets"] and then["buckets"]:
                break
        (here,), (past,) = now["buckets"], then["buckets"]
        assert (here["persons"], here["speed"], here["speed_unit"], here["seconds"]) == (3.0, 1.5, "m/s", 1)
        assert (past["at"], past["incidents"], past["unusual"]) == (1_699_999_200, 1, 1)
        assert (then["from"], then["to"], then["next_from"]) == (1_699_999_200, 1_700_002_800, None)
        newest = client.get("/api/history?samples=1").json()
        assert newest["samples"][0]["speed"] == 1.5
        assert newest["next_samples_before"] == newest["samples"][0]["at"]
        older = client.get(f"/api/history?samples=1&samples_before={newest['next_samples_before']}").json()
        assert (older["samples"], older["next_samples_before"]) == ([], None)
        for wrong in ("bucket=minute", "from=-1", "source=x", "limit=0"):
            assert client.get(f"/api/statistics?{wrong}").status_code == 422


def test_many_hours_are_told_page_by_page(start_hub):
    store = MemoryStore(Keep())
    hours = [Hour(at * HOUR_S, name, seconds=1) for at in range(10) for name in ("a/1", "a/2")]
    asyncio.run(store.add_hours(hours))
    hub = start_hub(store=store)
    found, start = [], 0
    while start is not None:
        page = httpx.get(f"{hub.url}/api/statistics?from={start}&to=36000&limit=5").json()
        found += [(each["at"], each["source"]) for each in page["buckets"]]
        start = page["next_from"]
    assert found == [hour.key for hour in hours]
