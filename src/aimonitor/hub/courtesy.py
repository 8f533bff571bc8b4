"""When a fan-out gives way: at once to whoever has something to say, and else only now and then.

A turn of the event loop costs what ten viewers do, and a new connection needs half a dozen of them until it has its
answer. So the fan-out looks after each chunk whether anybody waits, which is one system call; and from then on, until
the question is answered, the turns are short, for there is one between any two of its steps.
"""

import asyncio
import os
import select
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from aimonitor.common.clock import Clock

STATE = "courtesy"
"""Its name in the lifespan's state, by which a server's protocol finds it."""
CHUNK = 32
"""Outlets written to before the next look; about a quarter of a millisecond."""
TURN = 1024
"""Outlets written to in one turn while nobody waits, some eight milliseconds: timers and tasks cannot be seen."""
BRISK_TURN = 64
BRISK_TURNS = 4
"""So short are so many turns after a look that found somebody: a new connection is three turns old before it asks."""
ASKED_TURN = 8
_FILES = "/proc/self/fd"
WAY_S = 0.05
"""For so long a question makes way for itself; who takes longer is no worse off than before."""


class Pace(NamedTuple):
    """One turn: to how many outlets, after how many of them to look, and the look, true if somebody waits."""

    turn: int
    chunk: int
    waits: Callable[[], object]

    @classmethod
    def at_once(cls, outlets: int) -> "Pace":
        """A turn without a look."""
        return cls(outlets, outlets, _nobody)


class Courtesy:
    """Knows the pace at which to write now."""

    def __init__(self, clock: Clock, waits: Callable[[], object] | None = None) -> None:
        """waits: whether somebody waits; by itself it asks the running loop's sockets"""
        self._clock = clock
        self._until = float("-inf")
        self._brisk = 0
        self._told = waits
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waits: Callable[[], object] = _always

    def asked(self) -> None:
        """Somebody has connected, or asks something."""
        self._until = self._clock.monotonic() + WAY_S

    def rang(self) -> None:
        """A look found somebody."""
        self._brisk = BRISK_TURNS

    def pace(self) -> Pace:
        """Of the next turn of the event loop."""
        if self._clock.monotonic() < self._until:
            return _ASKED
        turn = BRISK_TURN if self._brisk else TURN
        self._brisk = max(0, self._brisk - 1)
        return Pace(turn, CHUNK, self._told or self._doorbell())

    def _doorbell(self) -> Callable[[], object]:
        """Asks whether a socket of the running loop is ready. A system call, and nothing of ours around it.

        The loop's epoll knows before the loop asks it; where it is not found, somebody always waits.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            poll = _poll_of_the_loop()
            self._loop, self._waits = loop, _always if poll is None else partial(poll.poll, 0)
        return self._waits


def _always() -> bool:
    return True


def _nobody() -> bool:
    return False


_ASKED = Pace.at_once(ASKED_TURN)


def _poll_of_the_loop() -> "select.poll | None":
    """No loop tells its epoll, but a hub's process has no other; None where it has, or where it is none of Linux."""
    epolls = [int(name) for name in _open_files() if _link(name) == "anon_inode:[eventpoll]"]
    if len(epolls) != 1:
        return None
    poll = select.poll()
    poll.register(epolls[0], select.POLLIN)
    return poll


def _open_files() -> list[str]:
    try:
        return os.listdir(_FILES)
    except OSError:
        return []


def _link(name: str) -> str:
    try:
        return os.readlink(f"{_FILES}/{name}")
    except OSError:  # the one by which they were listed is closed by now
        return ""
