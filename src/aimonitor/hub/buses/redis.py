"""The bus over Redis pub/sub: one connection that listens, one that says, both come back by themselves.

In a cluster of Redis 7 or newer it is sharded (SPUBLISH, SSUBSCRIBE): what is said goes to the nodes of one shard and
not to all of them. Elsewhere that would make no difference.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Set

from redis.exceptions import RedisError

from aimonitor.common.backoff import delays
from aimonitor.common.tasks import end
from aimonitor.hub.buses import Hear
from aimonitor.hub.redis_address import PREFIX, Client, RedisAddress

log = logging.getLogger(__name__)

_WAITING = 512
"""Channels with something to say at once; of each the newest waits, except on the common channel."""
_LINES = 2_000
_AT_ONCE = 64
_RETRY_CAP_S = 1.0
_SHARDED_SINCE = 7


class RedisBus:
    """Pictures and figures wait one to a channel, newest wins; lines on the common channel wait in their order."""

    def __init__(self, url: str) -> None:
        self._address = RedisAddress.parse(url)
        self._sharded = False
        self._channels: frozenset[str] = frozenset()
        self._newest: OrderedDict[str, bytes] = OrderedDict()
        self._lines: list[tuple[str, bytes]] = []
        self._something = asyncio.Event()
        self._changed = asyncio.Event()
        self.connected = False
        self.dropped = 0

    def say(self, channel: str, data: bytes) -> None:
        if not self.connected:
            self.dropped += 1
        elif channel.startswith("all"):
            self._say_in_turn(channel, data)
        else:
            self.dropped += channel in self._newest or len(self._newest) >= _WAITING
            self._newest[channel] = data
            if len(self._newest) > _WAITING:
                self._newest.popitem(last=False)
        self._something.set()

    def _say_in_turn(self, channel: str, data: bytes) -> None:
        if len(self._lines) >= _LINES:
            self.dropped += 1
            del self._lines[0]
        self._lines.append((channel, data))

    def listen_to(self, channels: Set[str]) -> None:
        if channels != self._channels:
            self._channels = frozenset(channels)
            self._changed.set()

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
                self.connected = False
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            self._newest.clear()
            self._lines.clear()
            await asyncio.sleep(next(waits))

    async def _carry(self, client: Client, hear: Hear, returned: Callable[[], None]) -> None:
        async with client.pubsub(ignore_subscribe_messages=True) as ear:
            self._sharded = await self._may_shard(client)
            await self._subscribe(ear, {*self._channels, "all"})
            self.connected = True
            returned()
            work = [
                asyncio.ensure_future(each)
                for each in (self._speak(client), self._hear_all(ear, hear), self._follow(ear))
            ]
            try:
                done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await end(work)

    async def _may_shard(self, client: Client) -> bool:
        if not self._address.cluster:
            return False
        facts = await client.info("server")
        return int(str(facts["redis_version"]).partition(".")[0]) >= _SHARDED_SINCE

    async def _subscribe(self, ear: Client, channels: Set[str]) -> None:
        keys = [_key(channel) for channel in channels]
        await (ear.ssubscribe(*keys) if self._sharded else ear.subscribe(*keys))

    async def _unsubscribe(self, ear: Client, channels: Set[str]) -> None:
        keys = [_key(channel) for channel in channels]
        await (ear.sunsubscribe(*keys) if self._sharded else ear.unsubscribe(*keys))

    async def _speak(self, client: Client) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while batch := self._take():
                async with client.pipeline(transaction=False) as pipe:
                    for channel, data in batch:
                        pipe.execute_command("SPUBLISH" if self._sharded else "PUBLISH", _key(channel), data)
                    await pipe.execute()

    def _take(self) -> list[tuple[str, bytes]]:
        batch, self._lines = self._lines[:_AT_ONCE], self._lines[_AT_ONCE:]
        while self._newest and len(batch) < _AT_ONCE:
            batch.append(self._newest.popitem(last=False))
        return batch

    async def _hear_all(self, ear: Client, hear: Hear) -> None:
        prefix = len(_key(""))
        async for message in ear.listen():
            if message["type"] in ("message", "smessage"):
                hear(message["channel"].decode()[prefix:], message["data"])
        raise ConnectionError("the connection that listens was closed")

    async def _follow(self, ear: Client) -> None:
        """Subscribe and unsubscribe as `listen_to` asks."""
        listening = {*self._channels, "all"}
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = {*self._channels, "all"}
            if wanted - listening:
                await self._subscribe(ear, wanted - listening)
            if listening - wanted:
                await self._unsubscribe(ear, listening - wanted)
            listening = wanted


def _key(channel: str) -> str:
    return f"{PREFIX}:bus:{channel}"
