"""The one writer of the store, when the store fails, comes back, is another one, or lies about what it has done."""

import asyncio
import contextlib

import pytest
from hub_peers import event, wait_until

from aimonitor.common import backoff
from aimonitor.common.clock import ManualClock
from aimonitor.contract import messages
from aimonitor.hub import history as module
from aimonitor.hub import known_journals
from aimonitor.hub.history import History
from aimonitor.hub.intake import Intake
from aimonitor.hub.metrics import Counters
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import NewEvent, Query, Sample, StoreError
from aimonitor.hub.stores.memory import MemoryStore


class Brittle(MemoryStore):
    """A store that fails as often as it is told, and may forget."""

    def __init__(self):
        super().__init__(Keep())
        self.failures, self.fails_after_storing, self.away = 0, False, False
        self.name, self.accepted = "first", "first"

    async def add(self, events):
        if self.failures or self.name != self.accepted:
            self.failures -= self.failures > 0
            if self.fails_after_storing:
                await super().add(events)
            raise StoreError("the store: gone for a moment")
        return await super().add(events)

    async def ranges(self, journal):
        if self.away:
            raise StoreError("the store: away")
        return await super().ranges(journal)

    async def life(self):
        if self.away:
            raise StoreError("the store: away")
        self.accepted = self.name
        return self.name

    def fail_over(self, keep):
        """Another server answers, which has only the first `keep` events."""
        kept = [self._events.popleft() for _ in range(keep)]
        self._events.clear()
        self._seen.clear()
        self._last_id = 0
        for each in kept:
            self._add(NewEvent("yard", int(each.body), each.source, 1.0, each.body))
        self.name = "second"


def new(seq):
    return NewEvent("yard", seq, "yard/gate", 1.0, str(seq))


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
def stage(monkeypatch):
    """Run a story with a history at work; nothing waits for a clock."""
    monkeypatch.setattr(backoff, "delays", lambda **_: iter(lambda: 0.0, None))
    monkeypatch.setattr(module, "_LIFE_EVERY_S", 0.001)

    def run(story):
        async def play():
            told, store, counters = [], Brittle(), Counters()
            history = History(store, ManualClock(), counters, lambda event, is_new: told.append((event.seq, is_new)))
            work = asyncio.create_task(history.run())
            try:
                await story(history, store, counters, told)
            finally:
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work

        asyncio.run(play())

    return run


def test_what_the_store_refuses_is_tried_again_and_nobody_is_told_before_it_has_it(stage):
    async def story(history, store, counters, told):
        store.failures = 5
        for seq in (1, 2, 3):
            history.submit(new(seq))
        await until(lambda: history.trouble)
        assert not told
        await until(lambda: len(told) == 3)
        assert told == [(1, True), (2, True), (3, True)]
        await until(lambda: not history.trouble)
        assert counters.events_refused <= 3

    stage(story)


def test_what_was_stored_although_the_store_said_no_is_news_all_the_same(stage):
    async def story(history, store, counters, told):
        store.failures, store.fails_after_storing = 1, True
        history.submit(new(1))
        await until(lambda: told)
        assert told == [(1, True)]
        assert await store.count() == 1
        history.submit(new(1))
        await until(lambda: len(told) == 2)
        assert told[1] == (1, False)

    stage(story)


def test_what_a_failover_has_lost_is_found_missing_before_anything_is_stored_after_it(stage):
    async def story(history, store, counters, told):
        hello = messages.Hello("t", "yard", journal_first=1, journal_last=9)
        intake = Intake(await history.recall("yard"), hello, 1000, at=0.0)
        history.keep_order("yard", intake.floor)
        for seq in range(1, 10):
            history.submit(new(seq))
        await until(lambda: intake.acked_seq == 9)
        store.fail_over(keep=4)
        history.submit(new(10))
        await until(lambda: counters.events_lost_by_store == 5)
        await until(lambda: counters.events_early == 1)
        assert intake.acked_seq == 4
        assert intake.refill(100.0, heard_at=100.0) == messages.Refill(4, 9)
        for seq in range(5, 11):
            history.submit(new(seq))
        await until(lambda: intake.acked_seq == 10)
        assert [int(event.body) for event in await store.events(Query())] == list(range(10, 0, -1))

    stage(story)


def test_an_edge_is_let_in_while_the_store_is_away_and_counted_when_it_is_back(stage):
    async def story(history, store, counters, told):
        await MemoryStore.add(store, [new(seq) for seq in range(1, 8)])
        store.away = True
        have = await history.recall("yard")
        assert have.highest == 0
        assert "away" in history.trouble
        store.away = False
        await until(lambda: have.highest == 7)
        assert not history.trouble

    stage(story)


def test_a_store_that_is_away_is_said_although_nothing_is_to_be_stored(stage):
    async def story(history, store, counters, told):
        store.away = True
        await until(lambda: history.trouble == "the store: away")
        store.away = False
        await until(lambda: not history.trouble)

    stage(story)


def test_a_batch_that_breaks_the_store_does_not_end_all_storing(stage, caplog):
    async def story(history, store, counters, told):
        async def broken(_events):
            raise OverflowError("Python int too large to convert to SQLite INTEGER")

        store.add = broken
        history.submit(new(1))
        await until(lambda: "given up" in caplog.text)
        assert counters.events_refused == 1
        del store.add
        history.submit(new(2))
        await until(lambda: told == [(2, True)])

    stage(story)


@pytest.fixture
def few(monkeypatch):
    """So many journals are remembered beside those in use."""
    monkeypatch.setattr(known_journals.KnownJournals.__init__, "__defaults__", (3,))


def test_names_that_anybody_may_invent_are_forgotten_and_a_real_edge_loses_nothing(few, stage):
    async def story(history, store, counters, told):
        await history.recall("yard")
        history.keep_order("yard", 0)
        for seq in (1, 2):
            history.submit(new(seq))
        await until(lambda: len(told) == 2)
        for number in range(100):
            await history.recall(f"invented-{number}")
            history.keep_order(f"invented-{number}", 1_000_000)
        assert len(history._journals) == 3
        assert counters.journals_forgotten == 98
        intake = Intake(
            await history.recall("yard"), messages.Hello("t", "yard", journal_first=1, journal_last=3), 9, 0.0
        )
        assert intake.acked_seq == 2
        history.keep_order("yard", intake.floor)
        history.submit(new(4))
        await until(lambda: counters.events_early == 1)  # its order is kept as before
        for seq in (3, 4):
            history.submit(new(seq))
        await until(lambda: intake.acked_seq == 4)

    stage(story)


def test_what_waits_to_be_stored_keeps_its_place_while_names_are_invented(few, stage):
    async def story(history, store, counters, told):
        store.failures = 50
        await history.recall("yard")
        history.keep_order("yard", 0)
        for seq in (1, 3):
            history.submit(new(seq))
        for number in range(10):
            await history.recall(f"invented-{number}")
        await until(lambda: told)
        await until(lambda: not history.waiting)
        assert told == [(1, True)]
        assert counters.events_early >= 1

    stage(story)


def test_a_journal_is_kept_as_long_as_its_edge_is_here():
    here = {"yard", "attic:v1"}
    journals = known_journals.KnownJournals(Counters(), here.__contains__, limit=2)
    have = {name: journals.ask(name).have for name in here}
    for number in range(20):
        journals.ask(f"invented-{number}")
    assert all(journals.ask(name).have is have[name] for name in here)
    here.clear()
    journals.ask("one more")
    assert len(journals) == 2


def test_the_audit_trail_leaves_no_numbers_behind(stage):
    async def story(history, store, counters, told):
        for seq in range(1, 1_000, 2):
            history.submit(NewEvent("hub:commands", seq, "yard/gate", 1.0, "{}"))
        await until(lambda: len(told) == 500)
        assert len(history._journals) == 0

    stage(story)


def test_an_edge_that_stays_is_acknowledged_however_many_names_come_and_go(few, running_hub, edge):
    yard = edge(running_hub, journal_first=1, journal_last=1)
    for number in range(10):
        edge(running_hub, f"invented-{number}", journal_first=1, journal_last=1).socket.close()
    wait_until(lambda: running_hub.counters.journals_forgotten > 5)
    yard.say(event(1))
    assert yard.hear(messages.Ack).seq == 1
    assert running_hub.counters.events_unavailable == 0  # it was not given up to be acknowledged


def test_samples_that_fall_out_while_the_store_is_away_are_counted(stage, monkeypatch):
    monkeypatch.setattr(module, "_SAMPLES_WAITING", 3)

    async def story(history, store, counters, told):
        async def away(_samples):
            raise StoreError("the store: away")

        store.add_samples = away
        for at in range(10):
            history.sample(Sample(at, "yard/gate", 0.1, "NORMAL", 0, 0, 5.0))
        await history._flush_samples(everything=True)
        assert counters.samples_dropped == 7
        del store.add_samples
        await history._flush_samples(everything=True)
        assert [sample.at for sample in await store.samples(Query())] == [9, 8, 7]

    stage(story)
