"""A connection to the one node that has our keys now: the primary of a watched set, or of our slot in a cluster.

All keys of the hub share a slot, because a script stores events, their order and their indexes in one step. So what
Sentinel and a cluster give us is the same thing, that another node takes over; and one plain client that finds the
node anew whenever it connects serves both. A client for the whole cluster would add routing that we do not use, and
could not keep a command and its WAIT on one connection.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as LostError

log = logging.getLogger(__name__)

_ELSEWHERE = (MovedError, AskError, ReadOnlyError, ClusterDownError)

Place = tuple[str, int]
Answer = Any  # redis-py's answers have no types,
Option = Any  # and neither have the keywords of its connections


async def _ask(place: Place, options: dict[str, Option], *questions: str) -> list[Answer]:
    """The answers of one who may know; none when nobody is there."""
    asked = Redis(host=place[0], port=place[1], **options)
    try:
        return [await asked.execute_command(each) for each in questions]  # type: ignore[no-untyped-call]
    except (RedisError, OSError) as error:
        log.debug("%s:%d does not say where the primary is: %s", *place, error)
        return []
    finally:
        with contextlib.suppress(RedisError, OSError):
            await asked.aclose()


class Watched:
    """The primary that sentinels call `name`. All are asked: one that was away may name the one before.

    Two questions, because during a failover the address that one of them gives is still the old one, and the other
    does not tell how new its answer is.
    """

    def __init__(self, name: str, sentinels: Sequence[Place], **options: Option) -> None:
        self._sentinels, self._options = sentinels, options
        self._name = name
        self._questions = f"SENTINEL GET-MASTER-ADDR-BY-NAME {name}", f"SENTINEL MASTER {name}"

    async def find(self) -> Place:
        """Raises LostError when none of them knows."""
        asked = [_ask(place, self._options, *self._questions) for place in self._sentinels]
        known = [answers for answers in await asyncio.gather(*asked) if answers and answers[0]]
        if not known:
            raise LostError(f"none of {len(self._sentinels)} sentinels says where {self._name} is")
        (host, port), _ = max(known, key=lambda answers: int(_fields(answers[1])[b"config-epoch"]))
        return host.decode(), int(port)


class Slot:
    """The node that has the slot of `key`, in a cluster of which some nodes are named."""

    def __init__(self, key: str, nodes: Sequence[Place], **options: Option) -> None:
        self._slot = key_slot(key.encode())
        self._named, self._seen = tuple(nodes), tuple[Place, ...]()
        self._options = options

    async def find(self) -> Place:
        """Raises LostError when no node knows, of those that we were told of and those that they named."""
        for place in dict.fromkeys((*self._named, *self._seen)):
            for answer in await _ask(place, self._options, "CLUSTER SLOTS"):
                found = self._read(answer, place)
                if found is not None:
                    return found
        raise LostError(f"no node of the cluster says who has slot {self._slot}")

    def _read(self, answer: Answer, asked: Place) -> Place | None:
        ranges = [(first, last, [_place(node, asked) for node in nodes]) for first, last, *nodes in answer]
        if ranges:
            self._seen = tuple(place for _, _, places in ranges for place in places)
        return next((places[0] for first, last, places in ranges if first <= self._slot <= last), None)


def _fields(answer: Answer) -> dict[bytes, bytes]:
    """An answer of names and values: a dictionary, or a list in the older protocol."""
    return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))


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
        patience, self.retry = self.retry, Retry(NoBackoff(), 0)  # it is asked anew before each further attempt
        try:
            await super().connect()  # type: ignore[no-untyped-call]
        finally:
            self.retry = patience

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
