"""Between hubs: what one of them hears, said to the others. Chosen by the scheme of REDIS_URL; imported when chosen."""

from collections.abc import Callable, Set
from typing import Protocol

Hear = Callable[[str, bytes], None]
"""Called on the event loop with the channel and what was said there, by this hub or another."""


class Bus(Protocol):
    """Publish and subscribe among hubs: at most once, newest wins, never a queue that grows.

    Nothing here blocks or raises: while the engine is away what is said is dropped and counted (`dropped`), and
    `connected` tells; `run` comes back by itself and calls `returned` each time it has.
    """

    dropped: int

    @property
    def connected(self) -> bool:
        """Whether what is said now is said to anybody."""
        ...

    def say(self, channel: str, data: bytes) -> None:
        """Say something to whoever listens to `channel` now."""
        ...

    def listen_to(self, channels: Set[str]) -> None:
        """Listen to exactly these channels from now on, and always to the common one, `all`."""
        ...

    async def run(self, hear: Hear, returned: Callable[[], None]) -> None:
        """Carry what is said until cancelled."""
        ...


def make_bus(url: str) -> Bus:
    """The bus for a Redis address. Raises RedisAddressError."""
    from aimonitor.hub.buses.redis import RedisBus

    return RedisBus(url)
