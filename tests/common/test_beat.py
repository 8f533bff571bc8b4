"""What is periodic wakes with the others, or when it is called."""

import asyncio

import pytest

from aimonitor.common.beat import beat, beat_or, until_beat


@pytest.mark.parametrize("sleep", [lambda: beat(0.05), lambda: beat_or(asyncio.Event(), 0.05)], ids=["beat", "beat_or"])
def test_it_wakes_at_a_multiple_of_its_period(sleep):
    async def story():
        due = asyncio.get_running_loop().time() + until_beat(0.05)
        await sleep()
        return asyncio.get_running_loop().time() - due

    assert asyncio.run(story()) >= -0.001  # as early as the selector's clock may be


def test_it_wakes_when_it_is_called_and_sleeps_again_after_it():
    async def story():
        event, woken = asyncio.Event(), []

        async def sleeper():
            while True:
                await beat_or(event, 3600.0)
                woken.append(event.is_set())

        task = asyncio.create_task(sleeper())
        for _ in range(3):
            await asyncio.sleep(0)
            event.set()
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return woken

    woken = asyncio.run(story())
    assert 1 <= len(woken) <= 3
    assert not any(woken)


def test_who_ends_while_asleep_leaves_no_timer():
    async def story():
        event = asyncio.Event()
        task = asyncio.create_task(beat_or(event, 0.02))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.05)
        return event.is_set()

    assert asyncio.run(story()) is False
