"""When to wake for what has to be done every so often: together.

A program at rest costs what waking it costs, and that is the same for one task as for five. So whatever is periodic
sleeps until the clock is a multiple of its period, and what is due in the same half second finds the others awake, as
with the coalesced timers of an operating system.
"""

import asyncio


def until_beat(period_s: float) -> float:
    """Seconds until the running loop's clock is the next multiple of `period_s`."""
    return period_s - asyncio.get_running_loop().time() % period_s


async def beat(period_s: float) -> None:
    """Sleep until then."""
    await asyncio.sleep(until_beat(period_s))


async def beat_or(event: asyncio.Event, period_s: float) -> None:
    """Sleep until then or until `event` is set, and clear it. No timeout: cancelling and catching takes three turns."""
    timer = asyncio.get_running_loop().call_later(until_beat(period_s), event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
    event.clear()
