"""The two boxes through which a thread and another thread, or a thread and the event loop, exchange things.

Both are bounded, name their overflow policy and count what they drop.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One slot; the newest wins. For things that age, such as frames.

    Any thread may `put`; one thread takes with `get`. `overwritten` counts what was replaced before it was taken.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self.overwritten = 0

    def put(self, item: T) -> None:
        """Offer `item`, replacing one that nobody took yet. Ignored after `close`."""
        with self._condition:
            if self._closed:
                return
            if self._item is not None:
                self.overwritten += 1
            self._item = item
            self._condition.notify_all()

    def get(self, timeout: float | None = None) -> T | None:
        """Take the newest item, waiting up to `timeout` seconds; None when nothing came or the box is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            self._condition.notify_all()
            return item

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until something lies in the box, and leave it there; False when nothing came or the box is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout)
            return self._item is not None

    def wait_taken(self, timeout: float | None = None) -> bool:
        """Wait until nothing lies in the box, for a putter that must not overwrite; False when it still does."""
        with self._condition:
            return self._condition.wait_for(lambda: self._item is None, timeout)

    def close(self) -> None:
        """Wake the taker and accept nothing more."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed


class Outbox(Generic[T]):
    """A bounded queue from threads to one taker that is told when something waits; the oldest is dropped when full.

    For messages that are worth sending late but not for ever (status, observations). Events do not go through an
    Outbox: they wait in the journal. `dropped` counts what fell out.
    """

    def __init__(self, limit: int, wake: Callable[[], None] | None = None) -> None:
        """wake: called after each put, from the putting thread."""
        if limit < 1:
            raise ValueError(f"expected a limit of at least 1, got {limit}")
        self._lock = threading.Lock()
        self._items: deque[T] = deque()
        self._limit = limit
        self._wake = wake
        self.dropped = 0

    def put(self, item: T) -> None:
        """Append `item`; when `limit` items wait already, the oldest is dropped and counted."""
        with self._lock:
            if len(self._items) >= self._limit:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
        if self._wake is not None:
            self._wake()

    def take_all(self) -> list[T]:
        """Take everything that waits, oldest first."""
        with self._lock:
            items = list(self._items)
            self._items.clear()
            return items

    def __len__(self) -> int:
        return len(self._items)
