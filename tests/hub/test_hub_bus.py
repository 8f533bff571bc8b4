"""The bus over Redis: its part of the protocol, and that it says, hears, drops and comes back."""

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from aimonitor.hub.buses.redis import RedisBus
from aimonitor.hub.buses.redis_line import Line
from aimonitor.hub.buses.resp import Failure, Reader, command

SAID = (
    b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\n"
    b"+PONG\r\n-ERR no\r\n:-7\r\n$-1\r\n*-1\r\n_\r\n%1\r\n+k\r\n$0\r\n\r\n*1\r\n*0\r\n"
)
MEANT = [
    [b"subscribe", b"a", 1],
    [b"message", b"a", b"\r\n\r\n"],
    b"PONG",
    Failure("ERR no"),
    -7,
    None,
    None,
    b"",
    [b"k", b""],
    [[]],
]


# --- the protocol ---------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, len(SAID)), max_size=12))
def test_answers_are_the_same_wherever_they_are_cut(cuts):
    reader, heard = Reader(), []
    places = [0, *sorted(cuts), len(SAID)]
    for first, last in itertools.pairwise(places):
        heard += reader.feed(SAID[first:last])
    assert heard == MEANT


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_a_command_is_read_as_a_list_of_its_words(words):
    assert Reader().feed(command(*words)) == [words]


@pytest.mark.parametrize("noise", [b"HTTP/1.1 400 Bad Request\r\n", b"$many\r\n", b"\x00\x01\r\n"])
def test_what_is_no_redis_is_refused(noise):
    with pytest.raises(ValueError, match=r"expected an answer|invalid literal"):
        Reader().feed(noise)


# --- a real server --------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def hubs(url):
    """Two buses over one Redis, and what each of them has heard."""
    buses, heard, work = [RedisBus(url), RedisBus(url)], [[], []], []
    for bus, ears in zip(buses, heard, strict=True):
        hear = lambda channel, data, ears=ears: ears.append((channel, data))  # noqa: E731
        work.append(asyncio.create_task(bus.run(hear, lambda: None)))
    try:
        await until(lambda: all(bus.connected for bus in buses))
        yield buses, heard
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_only_who_listens_to_a_channel_hears_it_and_everybody_the_common_one(redis_url):
    async def story():
        async with hubs(redis_url) as ((one, two), heard):
            two.listen_to({"picture yard/gate"})
            one.say("picture yard/gate", b"too early, perhaps")
            picture = bytes(range(256)) * 1000
            await until(lambda: (one.say("picture yard/gate", picture), ("picture yard/gate", picture) in heard[1])[1])
            two.listen_to({"picture other/one"})
            one.say("all", b"line")
            await until(lambda: all(("all", b"line") in ears for ears in heard))
            heard[1].clear()
            one.say("picture yard/gate", b"nobody listens")
            one.say("picture other/one", b"somebody does")
            await until(lambda: heard[1])
            return heard

    first, second = asyncio.run(story())
    assert {channel for channel, _ in first} == {"all"}
    assert second == [("picture other/one", b"somebody does")]


def test_a_bus_whose_connections_are_cut_comes_back_and_listens_to_the_same(redis_url):
    async def story():
        async with hubs(redis_url) as ((one, two), heard):
            two.listen_to({"picture yard/gate"})
            client = Redis.from_url(redis_url)
            for kind in ("pubsub", "normal"):
                await client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            await client.aclose()
            await until(lambda: not (one.connected and two.connected))
            await until(lambda: one.connected and two.connected)
            one.say("picture yard/gate", b"again")
            await until(lambda: heard[1])
            return heard[1]

    assert asyncio.run(story()) == [("picture yard/gate", b"again")]


def test_who_is_not_connected_drops_and_counts():
    bus = RedisBus("redis://127.0.0.1:1/0")
    bus.say("picture yard/gate", b"")
    bus.say("all", b"")
    assert (bus.connected, bus.dropped) == (False, 2)


def test_while_the_line_is_full_the_newest_waits_and_lines_go_first():
    async def story():
        bus, said = RedisBus("redis://127.0.0.1:1/0"), []

        class Slow(Line):
            def _write(self, data):
                said.append(Reader().feed(data)[-1][2])

        bus._mouth = line = Slow(lambda _: None)
        line.pause_writing()
        line.on_room = bus._say_what_waits
        for number in range(3):
            bus.say("picture yard/gate", b"picture %d" % number)
            bus.say("all", b"line %d" % number)
        assert said == []
        line.resume_writing()
        return said, bus.dropped

    assert asyncio.run(story()) == ([b"line 0", b"line 1", b"line 2", b"picture 2"], 2)


def test_redis_py_still_keeps_its_transport_where_it_is_taken_over(redis_url):
    async def story():
        client, heard = Redis.from_url(redis_url), []
        async with Line.of(client, heard.append) as line:
            line.say_unanswered(b"SET", b"a", b"1")
            line.say(b"GET", b"a")
            await line.answered()
        await client.aclose()
        return heard

    assert asyncio.run(story()) == [b"1"]
