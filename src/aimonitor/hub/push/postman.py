"""Every browser has a line of its own: a push service that hangs holds up nobody else's news."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from aimonitor.common.tasks import begin, end
from aimonitor.hub.metrics import Counters
from aimonitor.hub.push.records import Subscription

log = logging.getLogger(__name__)

_WAITING = 20

Bring = Callable[[Subscription, bytes], Awaitable[None]]
"""Delivers one notice, however long that takes."""


class Postman:
    """Brings notices to each browser one after the other. Lives on the event loop.

    At most 20 wait for a browser; of more, the oldest is dropped and counted.
    """

    def __init__(self, bring: Bring, counters: Counters) -> None:
        self._bring = bring
        self._counters = counters
        self._lines: dict[str, deque[tuple[Subscription, bytes]]] = {}
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._something = asyncio.Event()

    def put(self, subscription: Subscription, message: bytes) -> None:
        """Hand in a notice. Never waits."""
        line = self._lines.setdefault(subscription.push_id, deque())
        if len(line) >= _WAITING:
            line.popleft()
            self._counters.push_dropped += 1
        line.append((subscription, message))
        self._something.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                for push_id in self._lines.keys() - self._rounds.keys():
                    self._rounds[push_id] = begin(self._serve(push_id), "web push to one browser")
        finally:
            await end(list(self._rounds.values()))

    async def _serve(self, push_id: str) -> None:
        """Empty one line; both it and its round are gone afterwards."""
        line = self._lines[push_id]
        while line:
            try:
                await self._bring(*line.popleft())
            except Exception:  # the top of a task: one notice that fails must not keep the next ones
                self._counters.push_failed += 1
                log.exception("web push: a notice was not delivered")
        del self._lines[push_id], self._rounds[push_id]
