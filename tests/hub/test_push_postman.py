"""Notices reach a browser in their order, and nobody waits for a service that hangs."""

import asyncio

from aimonitor.common.tasks import end
from aimonitor.hub.metrics import Counters
from aimonitor.hub.push.postman import Postman
from aimonitor.hub.push.records import Keys, Rules, Subscription


def browser(push_id):
    return Subscription(push_id, f"https://push.example.org/{push_id}", Keys("", ""), "dana", Rules(), 0.0)


class Round:
    """What was brought; browsers in `hanging` take nothing until they are taken out."""

    def __init__(self, *hanging):
        self.brought = []
        self.hanging = set(hanging)
        self._changed = asyncio.Condition()

    async def bring(self, subscription, message):
        async with self._changed:
            await self._changed.wait_for(lambda: subscription.push_id not in self.hanging)
            if message == b"breaks":
                raise ZeroDivisionError
            self.brought.append((subscription.push_id, message))
            self._changed.notify_all()

    async def let_go(self):
        async with self._changed:
            self.hanging.clear()
            self._changed.notify_all()

    async def until(self, count):
        async with self._changed, asyncio.timeout(10):
            await self._changed.wait_for(lambda: len(self.brought) >= count)


def play(tell, *hanging):
    async def story():
        round_ = Round(*hanging)
        postman = Postman(round_.bring, Counters())
        running = asyncio.create_task(postman.run())
        try:
            await tell(round_, postman)
        finally:
            await end([running])
        assert len(asyncio.all_tasks()) == 1
        return round_, postman

    return asyncio.run(story())


def test_a_service_that_hangs_holds_up_nobody_else():
    async def tell(round_, postman):
        for number in range(3):
            for push_id in ("dead", "phone"):
                postman.put(browser(push_id), b"%d" % number)
        await round_.until(3)
        assert round_.brought == [("phone", b"0"), ("phone", b"1"), ("phone", b"2")]
        await round_.let_go()
        await round_.until(6)

    round_, _ = play(tell, "dead")
    assert round_.brought[3:] == [("dead", b"0"), ("dead", b"1"), ("dead", b"2")]


def test_of_too_many_the_oldest_fall_out_and_are_counted():
    async def tell(round_, postman):
        for number in range(30):
            postman.put(browser("dead"), b"%d" % number)
            await asyncio.sleep(0)
        await round_.let_go()
        await round_.until(30 - postman._counters.push_dropped)

    round_, postman = play(tell, "dead")
    assert 9 <= postman._counters.push_dropped <= 10
    assert round_.brought[-20:] == [("dead", b"%d" % number) for number in range(10, 30)]


def test_a_notice_that_breaks_costs_itself_only(caplog):
    async def tell(round_, postman):
        for message in (b"breaks", b"next"):
            postman.put(browser("phone"), message)
        await round_.until(1)
        postman.put(browser("phone"), b"later")
        await round_.until(2)

    round_, _ = play(tell)
    assert [message for _, message in round_.brought] == [b"next", b"later"]
    assert "a notice was not delivered" in caplog.text
