"""Two hubs over a Redis that is killed: live pictures go on at the same hub, events wait, nothing is lost."""

import asyncio
import random
import time

import pytest
from bad_network import bad_network
from history import check_whole, read_history, read_ledger
from redis_farm import RedisProcess
from rehearsal import HubProcess, a_fleet, play
from websockets.asyncio.client import connect

from aimonitor.contract import codec, messages

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def redis(tmp_path):
    server = RedisProcess(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def hubs(tmp_path, redis):
    """Two hub processes that share the Redis."""
    processes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        processes.append(HubProcess(folder, REDIS_URL=f"redis://127.0.0.1:{redis.port}/0"))
        processes[-1].start()
    yield processes
    for process in processes:
        process.program.stop()


def away(redis, seconds):
    """Kill Redis for so long; returns when it is back."""
    redis.kill()
    time.sleep(seconds)
    redis.start()


async def watch(port, pictures):
    """A viewer that notes when each picture came."""
    async with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[messages.SUBPROTOCOL], max_size=None) as viewer:
        await viewer.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=300)))
        async for data in viewer:
            if isinstance(data, bytes):
                pictures.append(time.monotonic())


def rehearse_without_redis(hubs, redis, folder, away_s, measured, seconds):
    async def story():
        pictures, times = [], {}
        with (folder / "ledger.jsonl").open("a") as ledger:
            fleet = a_fleet(folder, hubs[0].port, ledger, edges=2, rate=40.0, fps=5.0)
            watching = asyncio.ensure_future(watch(hubs[0].port, pictures))

            async def pull():
                await asyncio.sleep(2)
                times["gone"] = time.monotonic()
                await asyncio.to_thread(away, redis, away_s)
                times["back"] = time.monotonic()
                while any(edge.waiting > 40 for edge in fleet.edges):
                    await asyncio.sleep(0.02)
                times["whole"] = time.monotonic()

            await play(fleet, seconds, pull)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        during = [each for each in pictures if times["gone"] + 0.5 < each < times["back"]]
        return len(during) / (times["back"] - times["gone"] - 0.5), times["whole"] - times["back"]

    rate, recovered = asyncio.run(story())
    for hub in hubs:
        check_whole(read_history(hub.url), read_ledger(folder / "ledger.jsonl"))
    measured(
        "F7", f"Redis killed for {away_s:.0f} s: pictures/s of 4 cameras x 5 fps meanwhile", ">= 16", f"{rate:.1f}"
    )
    measured("F7", "events acknowledged again after it came back", "<= 5 s", f"{recovered:.1f} s")
    return rate, recovered


def test_redis_is_killed_for_a_moment(hubs, redis, tmp_path, measured):
    rate, _ = rehearse_without_redis(hubs, redis, tmp_path, 3.0, measured, seconds=10)
    assert rate > 5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_redis_is_gone_for_a_minute(hubs, redis, tmp_path, measured):
    rate, recovered = rehearse_without_redis(hubs, redis, tmp_path, 60.0, measured, seconds=80)
    assert rate > 10
    assert recovered < 10


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_redis_is_killed_again_and_again(hubs, redis, tmp_path, measured):
    """While the edges are cut off and land at the other hub."""
    kills = 0

    async def story():
        async with bad_network(hubs[0].port) as network:
            draw = random.Random(9)

            async def worst():
                nonlocal kills
                while True:
                    await asyncio.sleep(draw.uniform(0.2, 1.5))
                    network.target_port = draw.choice(hubs).port
                    network.cut()
                    if draw.random() < 0.5:
                        kills += 1
                        await asyncio.to_thread(away, redis, draw.uniform(0.0, 1.0))

            with (tmp_path / "ledger.jsonl").open("a") as ledger:
                await play(a_fleet(tmp_path, network.port, ledger), 75, worst)
            return network.cuts

    cuts = asyncio.run(story())
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    for hub in hubs:
        check_whole(read_history(hub.url), ledger)
    figure = f"0 of {len(ledger):,} events"
    measured("F7", f"Redis killed {kills} times, {cuts} cuts between two hubs", "0 lost, 0 doubled, in order", figure)
    assert kills >= 20


def test_edges_are_tossed_between_two_hubs(hubs, tmp_path):
    """Behind one address without stickiness: each new connection may land at the other hub."""

    async def story():
        async with bad_network(hubs[0].port) as network:
            with (tmp_path / "ledger.jsonl").open("a") as ledger:
                draw = random.Random(5)

                async def toss():
                    while True:
                        await asyncio.sleep(draw.uniform(0.3, 1.5))
                        network.target_port = draw.choice(hubs).port
                        network.cut()

                await play(a_fleet(tmp_path, network.port, ledger), 10, toss)

    asyncio.run(story())
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    assert len(ledger) > 100
    for hub in hubs:
        check_whole(read_history(hub.url), ledger)
