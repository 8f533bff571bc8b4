"""Hours in Redis: a hash each, to which any hub adds its pieces, and sorted sets to find them by. See `redis`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from aimonitor.hub.redis_address import PREFIX
from aimonitor.hub.stores.hours import FIGURES, Hour, HourQuery

_INDEX = f"{PREFIX}:hours"
_AT_ONCE = 1000
_SCAN_LIMIT = 100_000

_ADD = """
local keep, prefix, width = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
for number = 0, (#ARGV - 3) / (width + 2) - 1 do
  local base = 3 + number * (width + 2)
  local at, source = ARGV[base + 1], ARGV[base + 2]
  local name = at .. ':' .. source
  for field = 1, width do
    local key, value = ARGV[base + 2 + field]:match('^([^=]+)=(.+)$')
    if key:sub(-4) == '_max' then
      local known = redis.call('HGET', prefix .. ':hour:' .. name, key)
      if not known or tonumber(known) < tonumber(value) then
        redis.call('HSET', prefix .. ':hour:' .. name, key, value)
      end
    else
      redis.call('HINCRBYFLOAT', prefix .. ':hour:' .. name, key, value)
    end
  end
  redis.call('ZADD', KEYS[1], at, name)
  redis.call('ZADD', KEYS[1] .. ':' .. source, at, name)
end
local old = redis.call('ZRANGE', KEYS[1], 0, -keep - 1)
for _, name in ipairs(old) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[1] .. ':' .. name:match('^%d+:(.+)$'), name)
  redis.call('DEL', prefix .. ':hour:' .. name)
end
return #old
"""

Ask = Callable[[Awaitable[Any]], Awaitable[Any]]
"""Waits for an answer of the server; raises StoreError."""


class Client(Protocol):
    """What of a Redis client is used here."""

    def eval(self, script: str, keys: int, *arguments: Any) -> Awaitable[Any]: ...  # noqa: ANN401

    def zrangebyscore(self, name: str, low: Any, high: Any, start: int, num: int) -> Awaitable[Any]: ...  # noqa: ANN401

    def pipeline(self, transaction: bool) -> Any: ...  # noqa: ANN401


async def add(client: Client, hours: Sequence[Hour], keep: int, ask: Ask) -> None:
    """Add pieces, in one step. Raises StoreError."""
    values: list[str | int] = [keep, PREFIX, len(FIGURES)]
    for hour in hours:
        values += [hour.at, hour.source, *(f"{name}={getattr(hour, name)!r}" for name in FIGURES)]
    await ask(client.eval(_ADD, 1, _INDEX, *values))


async def read(client: Client, query: HourQuery, ask: Ask) -> list[Hour]:
    """The hours of a query. Raises StoreError."""
    one = query.edge_id is not None and query.camera_id is not None
    index = f"{_INDEX}:{query.edge_id}/{query.camera_id}" if one else _INDEX
    names: list[str] = []
    seen = 0
    while len(names) < query.limit and seen < _SCAN_LIMIT:
        found = await ask(client.zrangebyscore(index, query.start, f"({query.end}", start=seen, num=_AT_ONCE))
        seen += len(found)
        names += [name for each in found if query.wants(*_parts(name := each.decode()))]
        if len(found) < _AT_ONCE:
            break
    names = names[: query.limit]
    async with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hgetall(f"{PREFIX}:hour:{name}")
        answers = await ask(pipe.execute()) if names else []
    return [_hour(name, answer) for name, answer in zip(names, answers, strict=True) if answer]


def _parts(name: str) -> tuple[int, str]:
    at, _, source = name.partition(":")
    return int(at), source


def _hour(name: str, answer: dict[bytes, bytes]) -> Hour:
    at, source = _parts(name)
    said = {key.decode(): float(value) for key, value in answer.items()}
    whole = Hour(at, source)
    values = {figure: type(getattr(whole, figure))(said.get(figure, 0)) for figure in FIGURES}
    return Hour(at, source, **values)
