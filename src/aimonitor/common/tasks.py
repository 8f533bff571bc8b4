"""Work that lives and dies together on one event loop."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends or fails, cancel the rest, and raise what the first raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(tasks)


async def end(tasks: Iterable["asyncio.Future[Any]"], *, again_after_s: float = 0.5) -> None:
    """Cancel tasks until every one of them has ended; what they raise is theirs.

    Once is not always enough: `asyncio.wait_for` of Python 3.11, which libraries use, forgets a cancellation that comes
    in the same turn as the answer (CPython issue 86296), and the task would go on as if nothing had been said.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=again_after_s)
        for task in done:
            if not task.cancelled():
                task.exception()
