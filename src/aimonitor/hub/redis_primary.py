"""A connection to the one node that has our keys now: the primary of a watched set, or of our slot in a cluster.

All keys of the hub share a slot, because a script stores events, their order and their indexes in one step. So what
Sentinel and a cluster give us is the same thing, that another node takes over; and one plain client that finds the
node anew whenever it connects serves both. A client for the whole cluster would add routing that we do not use, and
could not keep a command and its WAIT on one connection.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as LostError

_ELSEWHERE = (MovedError, AskError, ReadOnlyError, ClusterDownError)

Place = tuple[str, int]
Answer = Any  # redis-py's answers have no types,
Option = Any  # and neither have the keywords of its connections


class Finder:
    """Asks those who know, one after the other, where the primary is."""

    def __init__(self, question: str, read: Callable[[Answer, Place], Place | None], **options: Option) -> None:
        """read: takes the answer, and whom it is from"""
        self._question = question
        self._read = read
        self._options = options

    async def find(self, knowing: Sequence[Place]) -> Place:
        """Raises LostError when none of them knows."""
        trouble: Exception | None = None
        for place in knowing:
            client = Redis(host=place[0], port=place[1], **self._options)
            try:
                answer = await client.execute_command(self._question)  # type: ignore[no-untyped-call]
            except (RedisError, OSError) as error:
                trouble = error
                continue
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            found = self._read(answer, place)
            if found is not None:
                return found
        raise LostError(f"nobody knows where the primary is: {trouble or 'there is none'}")


class Watched:
    """The primary that sentinels call `name`."""

    def __init__(self, name: str, sentinels: Sequence[Place], **options: Option) -> None:
        self._sentinels = sentinels
        self._finder = Finder(f"SENTINEL GET-MASTER-ADDR-BY-NAME {name}", _read_address, **options)

    async def find(self) -> Place:
        return await self._finder.find(self._sentinels)


class Slot:
    """The node that has the slot of `key`, in a cluster of which some nodes are named."""

    def __init__(self, key: str, nodes: Sequence[Place], **options: Option) -> None:
        self._slot = key_slot(key.encode())
        self._named, self._seen = tuple(nodes), tuple[Place, ...]()
        self._finder = Finder("CLUSTER SLOTS", self._read, **options)

    async def find(self) -> Place:
        return await self._finder.find(list(dict.fromkeys((*self._named, *self._seen))))

    def _read(self, answer: Answer, asked: Place) -> Place | None:
        """All that are named are remembered, as those whom we were told of may be gone one day."""
        ranges = [(first, last, [_place(node, asked) for node in nodes]) for first, last, *nodes in answer]
        self._seen = tuple(place for _, _, places in ranges for place in places)
        return next((places[0] for first, last, places in ranges if first <= self._slot <= last), None)


def _read_address(answer: Answer, asked: Place) -> Place | None:
    return _place(answer, asked) if answer else None


def _place(node: Answer, asked: Place) -> Place:
    """Host and port of a node; one that does not know its own name is where we asked."""
    host = node[0].decode() if isinstance(node[0], bytes) else node[0]
    return host or asked[0], int(node[1])


class PrimaryConnection(Connection):
    """Goes to where the primary is each time that it connects; an answer that it is elsewhere ends the connection."""

    def __init__(self, *, primary: Watched | Slot, **options: Option) -> None:
        self._primary = primary
        super().__init__(**options)

    async def connect(self) -> None:
        if not self.is_connected:
            self.host, self.port = await self._primary.find()
        await super().connect()  # type: ignore[no-untyped-call]

    async def read_response(self, *args: Option, **options: Option) -> Answer:
        try:
            return await super().read_response(*args, **options)
        except _ELSEWHERE as error:
            await self.disconnect()
            raise LostError(f"the primary is elsewhere: {error}") from None


class SecurePrimaryConnection(PrimaryConnection, SSLConnection):
    """The same over TLS."""


def client(primary: Watched | Slot, *, secure: bool, **options: Option) -> Redis:
    """A client for whichever node is the primary; nothing is sent yet."""
    kind = SecurePrimaryConnection if secure else PrimaryConnection
    pool: ConnectionPool = ConnectionPool(connection_class=kind, primary=primary, **options)
    return Redis.from_pool(pool)
