"""Work that lives and dies together on one event loop."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

log = logging.getLogger(__name__)


async def first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends or fails, cancel the rest, and raise what the first raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # asked of all of them: asyncio complains of an exception that nobody saw
        errors = [task.exception() for task in done if not task.cancelled()]
        for error in filter(None, errors):
            raise error
    finally:
        await end(tasks)


def begin(work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
    """Run work that nobody waits for; when it fails, that is logged at once, and not when the program ends."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_say_failure)
    return task


def _say_failure(task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.critical("%s has failed and is gone until the next start", task.get_name(), exc_info=error)


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
