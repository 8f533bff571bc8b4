"""The bus over Redis pub/sub: one connection that listens, one that says, both come back by themselves.

In a cluster of Redis 7 or newer it is sharded (SPUBLISH, SSUBSCRIBE): what is said goes to the nodes of one shard and
not to all of them. Elsewhere that would make no difference.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Set

from redis.exceptions import RedisError

from aimonitor.common.backoff import delays
from aimonitor.common.tasks import first_of
from aimonitor.hub.buses import Hear
from aimonitor.hub.buses.redis_line import Line
from aimonitor.hub.buses.resp import Answer
from aimonitor.hub.redis_address import PREFIX, Client, RedisAddress

log = logging.getLogger(__name__)

_WAITING = 512
"""Channels with something to say at once; of each the newest waits, except on the common channel."""
_LINES = 2_000
_RETRY_CAP_S = 1.0
_SHARDED_SINCE = 7
_MESSAGES = (b"message", b"smessage")


class RedisBus:
    """What is said goes out at once. While the connection takes no more, pictures and figures wait one to a channel,
    newest wins; lines on the common channel wait in their order.
    """

    def __init__(self, url: str) -> None:
        self._address = RedisAddress.parse(url)
        self._sharded = False
        self._channels: frozenset[str] = frozenset()
        self._newest: OrderedDict[str, bytes] = OrderedDict()
        self._lines: deque[tuple[str, bytes]] = deque()
        self._ear: Line | None = None
        self._mouth: Line | None = None
        self.dropped = 0

    @property
    def connected(self) -> bool:
        return self._mouth is not None

    # --- saying -----------------------------------------------------------------------------------------------------

    def say(self, channel: str, data: bytes) -> None:
        if self._mouth is None:
            self.dropped += 1
        elif not self._mouth.full:
            self._publish(self._mouth, channel, data)
        elif _is_common(channel):
            self._lines.append((channel, data))
            if len(self._lines) > _LINES:
                self._lines.popleft()
                self.dropped += 1
        else:
            self.dropped += channel in self._newest or len(self._newest) >= _WAITING
            self._newest[channel] = data
            if len(self._newest) > _WAITING:
                self._newest.popitem(last=False)

    def _publish(self, mouth: Line, channel: str, data: bytes) -> None:
        """Of lines the answer is wanted: it may be that the server is no longer the primary."""
        say = mouth.say if _is_common(channel) else mouth.say_unanswered
        say(b"SPUBLISH" if self._sharded else b"PUBLISH", _key(channel), data)

    def _say_what_waits(self) -> None:
        while self._mouth is not None and not self._mouth.full and (self._lines or self._newest):
            channel, data = self._lines.popleft() if self._lines else self._newest.popitem(last=False)
            self._publish(self._mouth, channel, data)

    # --- listening --------------------------------------------------------------------------------------------------

    def listen_to(self, channels: Set[str]) -> None:
        before, self._channels = self._channels, frozenset(channels)
        if self._ear is not None and before != self._channels:
            self._tell(self._ear, b"SUBSCRIBE", self._channels - before - {"all"})
            self._tell(self._ear, b"UNSUBSCRIBE", before - self._channels - {"all"})

    def _tell(self, ear: Line, verb: bytes, channels: Set[str]) -> None:
        if channels:
            ear.say(b"S" + verb if self._sharded else verb, *map(_key, channels))

    # --- the connections --------------------------------------------------------------------------------------------

    async def run(self, hear: Hear, returned: Callable[[], None]) -> None:
        waits, is_known_bad = delays(first=0.2, cap=_RETRY_CAP_S), False
        while True:
            client = self._address.connect()
            try:
                await self._carry(client, hear, returned)
            except (RedisError, OSError) as error:
                if self.connected:
                    waits, is_known_bad = delays(first=0.2, cap=_RETRY_CAP_S), False
                level = logging.DEBUG if is_known_bad else logging.WARNING
                log.log(level, "the other hubs cannot be reached: Redis: %s", error)
                is_known_bad = True
            finally:
                self._ear = self._mouth = None
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            self._newest.clear()
            self._lines.clear()
            await asyncio.sleep(next(waits))

    async def _carry(self, client: Client, hear: Hear, returned: Callable[[], None]) -> None:
        prefix = len(_key(""))

        def heard(answer: Answer) -> None:
            match answer:
                case [kind, bytes(key), bytes(data)] if kind in _MESSAGES:
                    hear(key[prefix:].decode(), data)

        self._sharded = await self._may_shard(client)
        async with Line.of(client, heard) as ear, Line.of(client, lambda _: None) as mouth:
            self._tell(ear, b"SUBSCRIBE", self._channels | {"all"})
            self._ear = ear
            await ear.answered()
            self._mouth, mouth.on_room = mouth, self._say_what_waits
            returned()
            await first_of(ear.live(), mouth.live())

    async def _may_shard(self, client: Client) -> bool:
        if not self._address.cluster:
            return False
        facts = await client.info("server")
        return int(str(facts["redis_version"]).partition(".")[0]) >= _SHARDED_SINCE


def _key(channel: str) -> bytes:
    return f"{PREFIX}:bus:{channel}".encode()


def _is_common(channel: str) -> bool:
    return channel.startswith("all")
