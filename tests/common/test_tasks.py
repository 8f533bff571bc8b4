"""Tasks that end together, also those that do not hear it the first time."""

import asyncio

import pytest

from aimonitor.common.tasks import begin, end, first_of


async def hard_of_hearing(deaf_to, log):
    """Forgets so many cancellations, as `asyncio.wait_for` of Python 3.11 may."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            deaf_to -= 1
            log.append("cancelled")
            if deaf_to < 0:
                raise


def test_who_forgets_a_cancellation_is_told_again():
    async def story():
        heard = []
        tasks = [asyncio.create_task(hard_of_hearing(deaf_to, heard)) for deaf_to in (0, 2)]
        await asyncio.sleep(0)
        await asyncio.wait_for(end(tasks, again_after_s=0.001), 10)
        assert all(task.done() for task in tasks)
        return len(heard)

    assert asyncio.run(story()) == 4


def test_what_a_task_raises_at_its_end_is_its_own():
    async def fails_at_the_end():
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the socket was gone already")

    async def story():
        task = asyncio.create_task(fails_at_the_end())
        await asyncio.sleep(0)
        await end([task])
        return task

    assert isinstance(asyncio.run(story()).exception(), OSError)


def test_the_first_to_end_ends_the_others_and_says_why():
    async def fails():
        await asyncio.sleep(0)
        raise ValueError("it broke")

    heard = []
    with pytest.raises(ValueError, match="it broke"):
        asyncio.run(first_of(fails(), hard_of_hearing(1, heard)))
    assert heard == ["cancelled", "cancelled"]


def test_what_nobody_waits_for_says_that_it_failed(caplog):
    async def fails():
        raise OSError("no such place")

    async def story():
        tasks = [begin(fails(), "the part"), begin(asyncio.Event().wait(), "another")]
        await asyncio.wait(tasks[:1])
        await end(tasks)

    asyncio.run(story())
    said = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert [record.getMessage() for record in said] == ["the part has failed and is gone until the next start"]
    assert "no such place" in str(said[0].exc_info[1])
