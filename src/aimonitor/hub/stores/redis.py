"""Events in Redis Streams, shared by any number of hubs.

One script stores a batch: it refuses numbers that are there, gives the next ids and appends to the stream, in one
step. How lasting that is, Redis decides: with `appendonly yes` and `appendfsync everysec`, all but the last second
survives a power cut of its machine, and a failover may lose what the replica did not have yet. `life` tells the hub of
both, and the edges' journals refill what is gone; with `replicas` in the address a failover loses nothing (WAIT).

    {aimonitor}:events            stream, entry `<id>-0`: journal seq at source body
    {aimonitor}:count             the last id
    {aimonitor}:seen:<journal>    sorted set of the numbers that are there
    {aimonitor}:floor             hash, journal -> `first:last`, what was pruned
    {aimonitor}:of:<edge>[/<camera>]   sorted set of the ids of an edge or camera
    {aimonitor}:samples           stream of samples
    {aimonitor}:hour:<at>:<source>     hash of an hour's figures; {aimonitor}:hours[:<source>] are sorted sets of them
    {aimonitor}:marks             hash, `<source> <incident>` -> mark at by; {aimonitor}:marked is their order
"""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from redis.exceptions import OutOfMemoryError, RedisError

from aimonitor.hub.redis_address import PREFIX, RedisAddress
from aimonitor.hub.sequence import Range, SequenceSet
from aimonitor.hub.stores import Keep, redis_hours
from aimonitor.hub.stores.base import Incident, Mark, NewEvent, Query, Sample, StoredEvent, StoreError, StoreFullError
from aimonitor.hub.stores.course import FINE_S, CourseFold, CourseQuery, Step
from aimonitor.hub.stores.hours import Hour, HourQuery, is_of

T = TypeVar("T")
Entry = tuple[bytes, dict[bytes, bytes]]

_EVENTS, _COUNT, _FLOOR, _SAMPLES = (f"{PREFIX}:{name}" for name in ("events", "count", "floor", "samples"))
_MARKS, _MARKED = f"{PREFIX}:marks", f"{PREFIX}:marked"
_PRUNE_EVERY = 1000
_PRUNE_AT_ONCE = 500
_SCAN_LIMIT = 20_000
_SCAN_SAMPLES = 100_000
_LATE_S = 120
"""By so much samples may differ in how late they come into the stream."""
_REPLICAS_WITHIN_MS = 1000

_ADD = """
local life, answers = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), {}
if ARGV[1] ~= '' and ARGV[1] ~= life then return redis.error_reply('ANOTHER server than before: ' .. life) end
for number = 0, (#ARGV - 1) / 5 - 1 do
  local journal, seq, at, source, body = unpack(ARGV, number * 5 + 2, number * 5 + 6)
  local seen, of_edge, of_camera = unpack(KEYS, number * 3 + 4, number * 3 + 6)
  local floor, id = redis.call('HGET', KEYS[3], journal), 0
  local first, last = string.match(floor or '1:0', '(%d+):(%d+)')
  local pruned = tonumber(seq) >= tonumber(first) and tonumber(seq) <= tonumber(last)
  if not pruned and redis.call('ZADD', seen, 'NX', seq, seq) == 1 then
    id = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[1], id .. '-0', 'journal', journal, 'seq', seq, 'at', at, 'source', source, 'body', body)
    redis.call('ZADD', of_edge, id, id)
    redis.call('ZADD', of_camera, id, id)
  end
  answers[number + 1] = id
end
return answers
"""

_PRUNE = """
local keep, at_once, prefix = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local gone = 0
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', (last - keep) .. '-0', 'COUNT', at_once)) do
  local id, fields = string.match(entry[1], '(%d+)'), {}
  for at = 1, #entry[2], 2 do fields[entry[2][at]] = entry[2][at + 1] end
  local floor = redis.call('HGET', KEYS[3], fields.journal)
  local first, highest = fields.seq, fields.seq
  if floor then
    first, highest = string.match(floor, '(%d+):(%d+)')
    if tonumber(fields.seq) < tonumber(first) then first = fields.seq end
    if tonumber(fields.seq) > tonumber(highest) then highest = fields.seq end
  end
  redis.call('HSET', KEYS[3], fields.journal, first .. ':' .. highest)
  redis.call('ZREM', prefix .. ':seen:' .. fields.journal, fields.seq)
  redis.call('ZREM', prefix .. ':of:' .. string.match(fields.source, '^[^/]+'), id)
  redis.call('ZREM', prefix .. ':of:' .. fields.source, id)
  redis.call('XDEL', KEYS[1], entry[1])
  gone = gone + 1
end
return gone
"""


_MARK = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or '0'
redis.call('ZADD', KEYS[2], tonumber(last) + 1, ARGV[1])
local oldest = redis.call('ZRANGE', KEYS[2], 0, -tonumber(ARGV[3]) - 1)
for _, name in ipairs(oldest) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return #oldest
"""


class RedisStore:
    """The store of hubs that share their history."""

    lasting = True
    shared = True
    fine_s = FINE_S

    def __init__(self, url: str, keep: Keep) -> None:
        address = RedisAddress.parse(url)
        self._client = address.connect()
        self._replicas = address.replicas
        self._keep = keep
        self._life = ""
        self._since_prune = 0

    async def open(self) -> None:
        """Reach the server once, so that a wrong address is said at the start."""
        await self._ask(self._client.ping())

    async def close(self) -> None:
        await self._client.aclose()

    async def add(self, events: Sequence[NewEvent]) -> list[bool]:
        keys = [_EVENTS, _COUNT, _FLOOR]
        values: list[str | int | float] = [self._life]
        for event in events:
            keys += _keys(event)
            values += _values(event)
        async with self._client.pipeline(transaction=False) as pipe:  # one connection: WAIT is about its own writes
            pipe.eval(_ADD, len(keys), *keys, *values)
            if self._replicas:
                pipe.execute_command("WAIT", self._replicas, _REPLICAS_WITHIN_MS)
            ids, *waited = await self._ask(pipe.execute())
        new = [int(number) > 0 for number in ids]
        if waited and int(waited[0]) < self._replicas:
            raise StoreError(f"Redis: expected {self._replicas} replicas to have the events, got {waited[0]}")
        self._since_prune += sum(new)
        if self._since_prune >= _PRUNE_EVERY:
            self._since_prune = 0
            await self._trim()
        return new

    async def _trim(self) -> None:
        keys, values = (_EVENTS, _COUNT, _FLOOR), (self._keep.events, _PRUNE_AT_ONCE, PREFIX)
        while await self._ask(self._client.eval(_PRUNE, len(keys), *keys, *values)) == _PRUNE_AT_ONCE:
            pass

    async def ranges(self, journal: str) -> tuple[Range, ...]:
        numbers = await self._ask(self._client.zrange(f"{PREFIX}:seen:{journal}", 0, -1))
        stored = SequenceSet(_islands([int(number) for number in numbers]))
        floor = await self._ask(self._client.hget(_FLOOR, journal))
        if floor:
            first, _, last = floor.decode().partition(":")
            stored.add_range(int(first), int(last))
        return stored.ranges

    async def events(self, query: Query) -> list[StoredEvent]:
        if query.camera_id is not None and query.edge_id is None:
            return await self._of_camera_name(query)
        if query.edge_id is None:
            end = "+" if query.before is None else f"({query.before}-0"
            return [_stored(entry) for entry in await self._newest(end, query.limit)]
        name = query.edge_id if query.camera_id is None else f"{query.edge_id}/{query.camera_id}"
        top = "+inf" if query.before is None else f"({query.before}"
        ids = await self._ask(
            self._client.zrevrangebyscore(f"{PREFIX}:of:{name}", top, "-inf", start=0, num=query.limit)
        )
        return await self._by_id([int(each) for each in ids])

    async def _by_id(self, ids: list[int]) -> list[StoredEvent]:
        async with self._client.pipeline(transaction=False) as pipe:
            for each in ids:
                pipe.xrange(_EVENTS, f"{each}-0", f"{each}-0")
            try:
                answers = await pipe.execute()
            except (RedisError, OSError) as error:
                raise _failed(error) from error
        return [_stored(entries[0]) for entries in answers if entries]

    async def _of_camera_name(self, query: Query) -> list[StoredEvent]:
        """Cameras of one name in all edges: there is no index for that, so the newest are looked through."""
        found: list[StoredEvent] = []
        end, seen = "+" if query.before is None else f"({query.before}-0", 0
        while len(found) < query.limit and seen < _SCAN_LIMIT:
            entries = await self._newest(end, 1000)
            if not entries:
                break
            seen += len(entries)
            events = [_stored(entry) for entry in entries]
            found += [event for event in events if event.source.partition("/")[2] == query.camera_id]
            end = f"({events[-1].id}-0"
        return found[: query.limit]

    async def _newest(self, end: str, limit: int) -> list[Entry]:
        return await self._ask(self._client.xrevrange(_EVENTS, end, "-", count=limit))

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for each in samples:
                    fields = {name: getattr(each, name) for name in _SAMPLE_FIELDS}
                    pipe.xadd(_SAMPLES, fields, maxlen=self._keep.samples, approximate=False)
                await pipe.execute()
        except (RedisError, OSError) as error:
            raise _failed(error) from error

    async def samples(self, query: Query) -> list[Sample]:
        found: list[Sample] = []
        seen, end = 0, await self._end_of_samples(query.before)
        while len(found) < query.limit and seen < _SCAN_SAMPLES:
            entries = await self._ask(self._client.xrevrange(_SAMPLES, end, "-", count=max(1000, query.limit)))
            if not entries:
                break
            seen += len(entries)
            end = "(" + entries[-1][0].decode()
            found += [sample for sample in map(_sample, entries) if _matches(sample, query)]
        return found[: query.limit]

    async def course(self, query: CourseQuery) -> list[Step]:
        fold = CourseFold(query)
        end = await self._end_of_samples(query.end)
        while entries := await self._ask(self._client.xrevrange(_SAMPLES, end, "-", count=1000)):
            samples = [_sample(entry) for entry in entries]
            fold.add_samples(samples)
            if samples[-1].at < query.start - _LATE_S:
                break
            end = "(" + entries[-1][0].decode()
        return fold.steps

    async def add_hours(self, hours: Sequence[Hour]) -> None:
        await redis_hours.add(self._client, hours, self._keep.hours, self._ask)

    async def hours(self, query: HourQuery) -> list[Hour]:
        return await redis_hours.read(self._client, query, self._ask)

    async def _end_of_samples(self, before: int | None) -> str:
        """Where in the stream to begin, backwards: entries are numbered by the server's clock, samples by the hub's."""
        newest = await self._ask(self._client.xrevrange(_SAMPLES, "+", "-", count=1)) if before is not None else []
        if before is None or not newest:
            return "+"
        late_s = int(newest[0][0].partition(b"-")[0]) // 1000 - _sample(newest[0]).at
        return str((before + late_s + _LATE_S) * 1000)

    async def mark(self, mark: Mark) -> None:
        value = f"{mark.mark} {mark.at!r} {mark.by}"
        keys = (_MARKS, _MARKED)
        await self._ask(self._client.eval(_MARK, len(keys), *keys, _name(mark.incident), value, self._keep.marks))

    async def marks(self, incidents: Sequence[Incident]) -> list[Mark]:
        if not incidents:
            return []
        values = await self._ask(self._client.hmget(_MARKS, [_name(incident) for incident in incidents]))
        return [_mark(incident, value) for incident, value in zip(incidents, values, strict=True) if value is not None]

    async def count(self) -> int:
        return int(await self._ask(self._client.xlen(_EVENTS)))

    async def life(self) -> str:
        facts = await self._ask(self._client.info("server"))
        self._life = str(facts["run_id"])
        return self._life

    async def _ask(self, question: Awaitable[T]) -> T:
        try:
            return await question
        except (RedisError, OSError) as error:
            raise _failed(error) from error


_SAMPLE_FIELDS = ("at", "source", "score", "level", "persons", "vehicles", "fps", "speed", "speed_unit")


def _keys(event: NewEvent) -> list[str]:
    edge_id = event.source.partition("/")[0]
    return [f"{PREFIX}:seen:{event.journal}", f"{PREFIX}:of:{edge_id}", f"{PREFIX}:of:{event.source}"]


def _values(event: NewEvent) -> list[str | int | float]:
    return [event.journal, event.seq, repr(event.received_at), event.source, event.body]


def _stored(entry: Entry) -> StoredEvent:
    name, fields = entry
    number = int(name.partition(b"-")[0])
    return StoredEvent(number, float(fields[b"at"]), fields[b"source"].decode(), fields[b"body"].decode())


def _sample(entry: Entry) -> Sample:
    values = {key.decode(): value.decode() for key, value in entry[1].items()}
    return Sample(
        int(values["at"]),
        values["source"],
        float(values["score"]),
        values["level"],
        int(values["persons"]),
        int(values["vehicles"]),
        float(values["fps"]),
        float(values.get("speed", 0.0)),
        values.get("speed_unit", "px/s"),
    )


def _name(incident: Incident) -> str:
    return f"{incident.source} {incident.incident_id}"


def _mark(incident: Incident, value: bytes) -> Mark:
    mark, at, by = value.decode().split(" ", 2)
    return Mark(incident, mark, by, float(at))


def _matches(sample: Sample, query: Query) -> bool:
    in_time = query.before is None or sample.at < query.before
    return in_time and is_of(sample.source, query.edge_id, query.camera_id)


def _islands(numbers: list[int]) -> list[Range]:
    """Runs of numbers without gaps, of numbers in order."""
    found: list[Range] = []
    for number in numbers:
        if found and found[-1].last == number - 1:
            found[-1] = Range(found[-1].first, number)
        else:
            found.append(Range(number, number))
    return found


def _failed(error: Exception) -> StoreError:
    if isinstance(error, OutOfMemoryError) or "OOM" in str(error):
        return StoreFullError(f"Redis: {error}; give it more memory (maxmemory)")
    return StoreError(f"Redis: {str(error) or type(error).__name__}; is it running, and is REDIS_URL right?")
