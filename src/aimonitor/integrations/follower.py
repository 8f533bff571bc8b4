"""Every event to a receiver: in order, none left out, and again until it was taken.

There is no queue here: the hub's history is the queue, and each receiver has a bookmark in it, on disk. What the
receiver took is not told again, unless we died in between, or the hub lost its memory and numbers anew.
"""

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Protocol

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.common.files import write_atomically
from aimonitor.hub_client import HubError, StoredEvent
from aimonitor.integrations.hub import Hub

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 30.0
_RETRY_CAP_S = 300.0
_GIVE_UP_AFTER_S = 86_400.0


class RetryLaterError(ConnectionError):
    """The receiver cannot take it now. `after_s`: it asked for a pause of so long."""

    def __init__(self, words: str, after_s: float = 0.0) -> None:
        super().__init__(words)
        self.after_s = after_s


class RefusedError(ValueError):
    """The receiver will never take this event."""


class Receiver(Protocol):
    """Who is told of events."""

    name: str
    """Names its bookmark; the same after a restart."""

    async def deliver(self, event: StoredEvent) -> None:
        """Tell of one event, or leave it out. Raises RetryLaterError or RefusedError."""
        ...


class Bookmarks:
    """Which event each receiver had last, in one small JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[str, int] = {}
        if path.exists():
            try:
                marks = json.loads(path.read_text(encoding="utf-8"))
                self._marks = {str(name): int(number) for name, number in marks.items()}
            except (ValueError, AttributeError, TypeError) as error:
                raise ValueError(f"{path}: expected bookmarks as JSON, got: {error}; delete it to start anew") from None

    def get(self, name: str) -> int | None:
        """The last event of a receiver; None when it is new."""
        return self._marks.get(name)

    def set(self, name: str, number: int) -> None:
        """Keep it, safe from a power cut. Raises OSError."""
        self._marks[name] = number
        write_atomically(self._path, json.dumps(self._marks).encode())


class Follower:
    """Reads the history for one receiver. `delivered`, `retries` and `passed_over` count."""

    def __init__(
        self, hub: Hub, receiver: Receiver, bookmarks: Bookmarks, clock: Clock, *, first_retry_s: float = 1.0
    ) -> None:
        self._hub = hub
        self._receiver = receiver
        self._bookmarks = bookmarks
        self._clock = clock
        self._first_retry_s = first_retry_s
        self._look = asyncio.Event()
        self.delivered = self.retries = self.passed_over = 0
        hub.on_event.append(self._look.set)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):  # before 3.12 `wait_for` may lose a cancellation
                    await self._look.wait()
            self._look.clear()
            try:
                await self._catch_up()
            except HubError as error:
                log.debug("%s: the history could not be read: %s", self._receiver.name, error)

    async def _catch_up(self) -> None:
        name, newest = self._receiver.name, await self._hub.newest()
        last = self._bookmarks.get(name)
        if last is None:  # nothing is told of the time before the first start
            self._bookmarks.set(name, newest)
            return
        if newest < last:
            log.warning("%s: the hub has lost its memory and counts anew", name)
            last = 0
        for event in await self._hub.events_after(last):
            await self._deliver(event)
            self._bookmarks.set(name, event.id)

    async def _deliver(self, event: StoredEvent) -> None:
        """Until it was taken, refused, or a day has passed."""
        began_at, waits = self._clock.monotonic(), backoff.delays(first=self._first_retry_s, cap=_RETRY_CAP_S)
        while True:
            try:
                await self._receiver.deliver(event)
            except RefusedError as error:
                self.passed_over += 1
                log.error("%s: event %d is passed over: %s", self._receiver.name, event.id, error)  # noqa: TRY400
                return
            except RetryLaterError as error:
                if self._clock.monotonic() - began_at > _GIVE_UP_AFTER_S:
                    self.passed_over += 1
                    log.error("%s: event %d is passed over after a day: %s", self._receiver.name, event.id, error)  # noqa: TRY400
                    return
                level = logging.DEBUG if self.retries else logging.WARNING
                self.retries += 1
                log.log(level, "%s: event %d is tried again: %s", self._receiver.name, event.id, error)
                await asyncio.sleep(max(next(waits), error.after_s))
            else:
                self.delivered += 1
                return
