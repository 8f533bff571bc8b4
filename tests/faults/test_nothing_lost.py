"""Pull every plug at random: what an edge accepted is in the history exactly once, in order per camera."""

import asyncio
import json
import random
import time
import urllib.request

import pytest
from bad_network import bad_network
from history import check_whole, read_history, read_ledger
from programs import Program
from rehearsal import HubProcess, a_fleet, play, rehearse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.program.stop()


@pytest.mark.timeout(120)
def test_connections_are_cut_in_the_middle_of_everything(hub, tmp_path):
    async def cuts(network):
        draw = random.Random(1)
        while True:
            await asyncio.sleep(draw.uniform(0.05, 0.6))
            network.cut()

    assert rehearse(hub, tmp_path, 10, cuts).cuts > 20


@pytest.mark.timeout(120)
def test_the_hub_is_killed_and_started_again(hub, tmp_path):
    async def kills(_network):
        draw = random.Random(2)
        for _ in range(4):
            await asyncio.sleep(draw.uniform(0.5, 2))
            await asyncio.to_thread(hub.program.kill)
            await asyncio.to_thread(hub.start)

    rehearse(hub, tmp_path, 12, kills)


@pytest.mark.timeout(120)
def test_a_hub_that_lost_its_disk_is_refilled_by_its_edges(hub, tmp_path):
    async def amnesia(_network):
        await asyncio.sleep(4)
        await asyncio.to_thread(hub.program.kill)
        hub.forget()
        await asyncio.to_thread(hub.start)

    rehearse(hub, tmp_path, 8, amnesia)


@pytest.mark.timeout(120)
def test_bytes_are_spoilt_and_sliced_on_the_way(hub, tmp_path):
    async def weather(network):
        network.change(slice_bytes=7)
        await asyncio.sleep(2)
        network.change(slice_bytes=0, corrupt=0.0003)
        await asyncio.sleep(4)
        network.change(corrupt=0.0)

    rehearse(hub, tmp_path, 8, weather)


@pytest.mark.timeout(120)
def test_edges_are_killed_and_started_again(hub, tmp_path, measured):
    command = ["simulate", "--hub", f"ws://127.0.0.1:{hub.port}/ws/laptop", "--edges", "2", "--cameras", "2"]
    command += ["--rate", "60", "--fps", "2", "--state", "fleet", "--ledger", "ledger.jsonl"]
    draw = random.Random(3)
    for number in range(4):
        log = tmp_path / "fleet.log"
        with Program.aimonitor(*command, "--seed", str(number), log=log, cwd=tmp_path) as fleet:
            fleet.await_line("connected to the hub", 30)
            time.sleep(draw.uniform(0.3, 1.5))
            fleet.kill()
    last = Program.aimonitor(*command, "--seconds", "1", "--seed", "9", log=tmp_path / "last.log", cwd=tmp_path)
    with last:
        assert last.process.wait(60) == 0
    report = json.loads(last.output().strip().splitlines()[-1])
    assert report["accepted"] == report["acknowledged"] > 0
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    assert len(ledger) > 50
    check_whole(read_history(hub.url), ledger)
    measured("F2", "edges killed 4 times at 60 events/s", "0 lost, order kept", f"0 of {len(ledger)}, in order")


@pytest.mark.timeout(90)
def test_a_black_hole_is_noticed_within_5_s_and_left_within_3_s_of_its_end(hub, tmp_path, measured):
    async def story():
        async with bad_network(hub.port) as network:
            with (tmp_path / "ledger.jsonl").open("a") as ledger:
                fleet = a_fleet(tmp_path, network.port, ledger, edges=1, rate=5.0)
                uplink = fleet.edges[0].uplink
                times = {}

                async def hole():
                    while not uplink.connected:
                        await asyncio.sleep(0.01)
                    await asyncio.sleep(1)
                    network.change(blackhole=True)
                    swallowed_at = time.monotonic()
                    while uplink.connected:
                        await asyncio.sleep(0.01)
                    times["noticed"] = time.monotonic() - swallowed_at
                    await asyncio.sleep(3)
                    network.change(blackhole=False)
                    network.cut()
                    healed_at = time.monotonic()
                    while not uplink.connected:
                        await asyncio.sleep(0.01)
                    times["back"] = time.monotonic() - healed_at

                await play(fleet, 13, hole)
                return times

    times = asyncio.run(story())
    measured("F3", "black hole noticed by the edge", "<= 5 s", f"{times['noticed']:.1f} s")
    measured("F3", "connection back after it healed", "<= 3 s", f"{times['back']:.1f} s")
    assert times["noticed"] < 5.5
    assert times["back"] < 3.5
    check_whole(read_history(hub.url), read_ledger(tmp_path / "ledger.jsonl"))


def _drain(viewer):
    while True:
        viewer.recv(timeout=5)


def test_a_hub_that_stops_says_so_with_1012(hub):
    with connect(f"ws://127.0.0.1:{hub.port}/ws", close_timeout=2) as viewer:
        assert hub.program.stop() < 5
        with pytest.raises(ConnectionClosed):
            _drain(viewer)
    assert viewer.close_code == 1012


def test_health_is_answered_while_events_come_in(hub, tmp_path):
    async def ask(_network):
        while True:
            await asyncio.sleep(0.2)
            body = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{hub.url}/health", timeout=2).read())
            assert json.loads(body)["status"] == "ok"

    rehearse(hub, tmp_path, 3, ask)
