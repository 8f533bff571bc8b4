"""A bus between hubs of one process: for tests."""

import asyncio
from collections.abc import Callable, Set

from aimonitor.hub.buses import Hear


class Ether:
    """What the buses of one test have in common; `away` makes all of them lose it."""

    def __init__(self) -> None:
        self.buses: list[MemoryBus] = []
        self.away = False


class MemoryBus:
    """One hub's end."""

    def __init__(self, ether: Ether) -> None:
        self._ether = ether
        self._channels: Set[str] = frozenset()
        self._hear: Hear | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.connected = False
        self.dropped = 0

    def say(self, channel: str, data: bytes) -> None:
        if self._ether.away:
            self.dropped += 1
            return
        for bus in self._ether.buses:
            bus.deliver(channel, data)

    def deliver(self, channel: str, data: bytes) -> None:
        """Somebody said something."""
        if self._hear is not None and self._loop is not None and (channel == "all" or channel in self._channels):
            self._loop.call_soon_threadsafe(self._hear, channel, data)

    def listen_to(self, channels: Set[str]) -> None:
        self._channels = frozenset(channels)

    async def run(self, hear: Hear, returned: Callable[[], None]) -> None:
        self._hear, self._loop, self.connected = hear, asyncio.get_running_loop(), True
        self._ether.buses.append(self)
        returned()
        try:
            await asyncio.Event().wait()
        finally:
            self._ether.buses.remove(self)
            self._hear, self.connected = None, False
