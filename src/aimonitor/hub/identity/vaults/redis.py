"""Identity in Redis, for hubs that let in the same people and edges.

{aimonitor}:identity:<shelf>   hash, key -> record
{aimonitor}:identity-notes     list, newest first
"""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from redis.exceptions import RedisError

from aimonitor.hub.redis_address import PREFIX, connect
from aimonitor.hub.stores.base import StoreError

T = TypeVar("T")

_NOTES = f"{PREFIX}:identity-notes"
_SWAP = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
_TAKE = """
local record = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
return record
"""


class RedisVault:
    """The vault of hubs that share their history."""

    shared = True

    def __init__(self, url: str) -> None:
        self._client = connect(url)

    async def open(self) -> None:
        """Reach the server once, so that a wrong address is said at the start."""
        await self._ask(self._client.ping())

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except (RedisError, OSError) as error:
            raise StoreError(f"identity: Redis: {error}") from error

    async def get(self, shelf: str, key: str) -> bytes | None:
        return await self._ask(self._client.hget(_key(shelf), key))

    async def all(self, shelf: str) -> Mapping[str, bytes]:
        found = await self._ask(self._client.hgetall(_key(shelf)))
        return {key.decode(): record for key, record in found.items()}

    async def put(self, shelf: str, key: str, record: bytes) -> None:
        await self._ask(self._client.hset(_key(shelf), key, record))

    async def add(self, shelf: str, key: str, record: bytes) -> bool:
        return bool(await self._ask(self._client.hsetnx(_key(shelf), key, record)))

    async def swap(self, shelf: str, key: str, old: bytes, new: bytes) -> bool:
        return bool(await self._ask(self._client.eval(_SWAP, 1, _key(shelf), key, old, new)))

    async def take(self, shelf: str, key: str) -> bytes | None:
        return await self._ask(self._client.eval(_TAKE, 1, _key(shelf), key))

    async def note(self, line: bytes, keep: int) -> None:
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.lpush(_NOTES, line)
            pipe.ltrim(_NOTES, 0, keep - 1)
            await self._ask(pipe.execute())

    async def notes(self, limit: int) -> list[bytes]:
        return await self._ask(self._client.lrange(_NOTES, 0, limit - 1))


def _key(shelf: str) -> str:
    return f"{PREFIX}:identity:{shelf}"
