"""When a fan-out gives way: at once to whoever has something to say, and else only now and then.

A turn of the event loop costs what ten viewers do, and a new connection needs half a dozen of them until it has its
answer. So the fan-out looks after each chunk whether anybody waits, which is one system call; and while a question is
being answered the chunks are small, for there is a turn between any two of its steps.
"""

import asyncio
import select
import selectors
from collections.abc import Callable

from aimonitor.common.clock import Clock

STATE = "courtesy"
"""Its name in the lifespan's state, by which a server's protocol finds it."""
CHUNK = 32
"""Outlets written to before the next look; about a quarter of a millisecond."""
SHORT_CHUNK = 8
TURN = 256
"""Outlets written to in one turn, whoever waits or not: timers and tasks cannot be seen."""
WAY_S = 0.05
"""For so long a question makes way for itself; who takes longer is no worse off than before."""


class Courtesy:
    """How many outlets may be written to before the next look, and whether anybody waits then."""

    def __init__(self, clock: Clock, rings: Callable[[], bool] | None = None) -> None:
        """rings: whether somebody waits; by itself it asks the running loop's sockets"""
        self._clock = clock
        self._until = float("-inf")
        self._rings = rings or _Doorbell().rings

    def asked(self) -> None:
        """Somebody has connected, or asks something."""
        self._until = self._clock.monotonic() + WAY_S

    @property
    def _is_asked(self) -> bool:
        return self._clock.monotonic() < self._until

    @property
    def chunk(self) -> int:
        return SHORT_CHUNK if self._is_asked else CHUNK

    @property
    def gives_way(self) -> bool:
        return self._is_asked or self._rings()


class _Doorbell:
    """Whether a socket of the running loop is ready, which its selector knows before the loop asks it.

    asyncio keeps the selector to itself; where it is not found (held by a test), or is none of Linux, it always rings.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll: select.poll | None = None

    def rings(self) -> bool:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._poll = loop, _poll_of(loop)
        return self._poll is None or bool(self._poll.poll(0))


def _poll_of(loop: asyncio.AbstractEventLoop) -> "select.poll | None":
    selector = getattr(loop, "_selector", None)
    epoll = getattr(selectors, "EpollSelector", None)
    if epoll is None or not isinstance(selector, epoll):
        return None
    poll = select.poll()
    poll.register(selector.fileno(), select.POLLIN)
    return poll
