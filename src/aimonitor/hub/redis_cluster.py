"""A connection to the one node of a cluster that has our keys.

All keys of the hub share a slot, because a script stores events, their order and their indexes in one step. So what a
cluster gives us is that another node takes over: a client for the whole of it would add routing that we do not use, and
could not keep a command and its WAIT on one connection. Modeled on the connections that redis-py manages by Sentinel.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as LostError

_ELSEWHERE = (MovedError, AskError, ReadOnlyError, ClusterDownError)

Place = tuple[str, int]
Answer = Any  # redis-py's answers have no types,
Option = Any  # and neither have the keywords of its connections


class Slot:
    """Knows, of a cluster of which some nodes are named, the node that has the slot of `key` now."""

    def __init__(self, key: str, nodes: Sequence[Place], options: dict[str, Option]) -> None:
        self._slot = key_slot(key.encode())
        self._named = tuple(nodes)
        self._seen: tuple[Place, ...] = ()
        self._options = options

    async def find(self) -> Place:
        """Ask one node after the other. Raises LostError when none of them knows."""
        trouble: Exception | None = None
        for place in dict.fromkeys((*self._named, *self._seen)):
            client = Redis(host=place[0], port=place[1], **self._options)
            try:
                shards = await client.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
            except (RedisError, OSError) as error:
                trouble = error
                continue
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            found = self._read(shards, place)
            if found is not None:
                return found
        raise LostError(f"no node of the cluster knows who has slot {self._slot}: {trouble or 'nobody has it'}")

    def _read(self, shards: Answer, asked: Place) -> Place | None:
        """The primary of our slot; all that are named are remembered, as the named ones may be gone one day."""
        parsed = [(first, last, [_place(node, asked) for node in nodes]) for first, last, nodes in _ranges(shards)]
        self._seen = tuple(place for _, _, places in parsed for place in places)
        return next((places[0] for first, last, places in parsed if first <= self._slot <= last), None)


def _ranges(shards: Answer) -> list[tuple[int, int, list[Answer]]]:
    """The answer to CLUSTER SLOTS, as redis-py gives it: a dictionary, or the list as it came."""
    if isinstance(shards, dict):
        return [(first, last, [found["primary"], *found["replicas"]]) for (first, last), found in shards.items()]
    return [(first, last, list(nodes)) for first, last, *nodes in shards]


def _place(node: Answer, asked: Place) -> Place:
    """Host and port of a node; one that does not know its own name is where we asked."""
    host = node[0].decode() if isinstance(node[0], bytes) else node[0]
    return host or asked[0], int(node[1])


class SlotConnection(Connection):
    """Goes to where the slot is each time that it connects; an answer that it is elsewhere ends the connection."""

    def __init__(self, *, slot: Slot, **options: Option) -> None:
        self._slot = slot
        super().__init__(**options)

    async def connect(self) -> None:
        if not self.is_connected:
            self.host, self.port = await self._slot.find()
        await super().connect()  # type: ignore[no-untyped-call]

    async def read_response(self, *args: Option, **options: Option) -> Answer:
        try:
            return await super().read_response(*args, **options)
        except _ELSEWHERE as error:
            await self.disconnect()
            raise LostError(f"the slot is elsewhere: {error}") from None


class SecureSlotConnection(SlotConnection, SSLConnection):
    """The same over TLS."""


def client(key: str, nodes: Sequence[Place], *, secure: bool, retry: Option, **options: Option) -> Redis:
    """A client for whichever node has `key`; nothing is sent yet."""
    kind = SecureSlotConnection if secure else SlotConnection
    slot = Slot(key, nodes, {**options, "ssl": secure})
    pool: ConnectionPool = ConnectionPool(connection_class=kind, slot=slot, retry=retry, **options)
    return Redis.from_pool(pool)
