"""Load that lasts: idle dashboards, a viewer that never reads, a slow line, many questions."""

import asyncio
import socket
import statistics
import threading
import time
import urllib.request

import pytest
from bad_network import bad_network
from history import check_whole, read_history, read_ledger
from rehearsal import JPEG_HEAD, HubProcess, a_fleet, play
from test_slow_faults import _rss_mib
from websockets.asyncio.client import connect

from aimonitor.common.clock import SystemClock
from aimonitor.contract import codec, frames, messages
from aimonitor.simulator.fleet import Fleet, FleetPlan, Tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.program.stop()


def test_five_hundred_idle_dashboards(hub, measured):
    async def story():
        before = _rss_mib(hub.program.process.pid)
        options = {"subprotocols": [messages.SUBPROTOCOL], "compression": None, "ping_interval": None}
        viewers = [await connect(f"ws://127.0.0.1:{hub.port}/ws", **options) for _ in range(500)]
        await asyncio.sleep(2)
        each_kib = (_rss_mib(hub.program.process.pid) - before) * 1024 / len(viewers)
        rounds = []
        for viewer in viewers[::25]:
            began = time.monotonic()
            await viewer.send(codec.encode(messages.Ping(1.0)))
            while not isinstance(codec.decode(await viewer.recv()), messages.Pong):
                pass
            rounds.append(time.monotonic() - began)
        for viewer in viewers:
            await viewer.close()
        return each_kib, max(rounds)

    each_kib, slowest = asyncio.run(story())
    measured(
        "L2",
        "500 idle dashboards: memory of each, slowest ping",
        "<= 40 KiB, <= 2 s",
        f"{each_kib:.0f} KiB, {slowest:.2f} s",
    )
    assert each_kib <= 40
    assert slowest <= 2


async def latencies(port, seconds):
    """How old pictures are when a viewer has them."""
    found = []
    async with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[messages.SUBPROTOCOL], max_size=None) as viewer:
        await viewer.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=300)))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            data = await asyncio.wait_for(viewer.recv(), 10)
            if isinstance(data, bytes):
                header, _ = frames.decode_header(data)
                found.append(time.time() - header.captured_at)
    return found


def test_a_viewer_that_never_reads(hub, tmp_path, measured):
    tape = Tape(640, 480, (JPEG_HEAD + bytes(60_000),), ((),))

    async def story():
        plan = FleetPlan(hub=f"ws://127.0.0.1:{hub.port}/ws/laptop", rate=0, fps=15, state=tmp_path / "fleet")
        fleet, result = Fleet(plan, tape, SystemClock()), {}

        async def viewers():
            await asyncio.sleep(2)
            result["alone"] = await latencies(hub.port, 10)
            dead = await connect(
                f"ws://127.0.0.1:{hub.port}/ws", subprotocols=[messages.SUBPROTOCOL], max_queue=1, ping_interval=None
            )
            await dead.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=300)))
            dead.transport.pause_reading()
            before, began = _rss_mib(hub.program.process.pid), time.monotonic()
            result["beside"] = await latencies(hub.port, 15)
            result["grown"] = _rss_mib(hub.program.process.pid) - before
            dead.transport.resume_reading()
            while dead.state.name == "OPEN" and time.monotonic() - began < 40:
                await asyncio.sleep(0.1)
                dead.transport.resume_reading()
            result["open"] = dead.state.name == "OPEN"
            dead.transport.abort()

        await play(fleet, 45, viewers)
        return result

    result = asyncio.run(story())
    alone, beside = (statistics.quantiles(result[name], n=20)[-1] * 1e3 for name in ("alone", "beside"))
    measured(
        "L4",
        "p95 of the others without and with a viewer that never reads",
        "+- 20 %",
        f"{alone:.0f} and {beside:.0f} ms",
    )
    measured("L4", "hub memory grown meanwhile", "<= 5 MiB", f"{result['grown']:.1f} MiB")
    assert result["grown"] <= 8
    assert not result["open"], "the viewer that reads nothing was not let go"


def test_a_slow_line_is_no_offline(hub, tmp_path, measured):
    async def story():
        async with bad_network(hub.port) as network:
            with (tmp_path / "ledger.jsonl").open("a") as ledger:
                fleet = a_fleet(tmp_path, network.port, ledger, edges=2, rate=10.0)

                async def weather():
                    network.change(delay_s=0.3, jitter_s=0.1)
                    await asyncio.Event().wait()

                await play(fleet, 40, weather)
                return sum(edge.uplink.reconnects for edge in fleet.edges)

    reconnects = asyncio.run(story())
    check_whole(read_history(hub.url), read_ledger(tmp_path / "ledger.jsonl"))
    measured("F5", "latency 300 ms +- 100 for 40 s: connections lost", "0", str(reconnects))
    assert reconnects == 0


def test_two_hundred_questions_a_second(hub, tmp_path, measured):
    """L6, with keep-alive clients in threads; a fleet speaks meanwhile."""
    paths = ("/health", "/api/status", "/api/history?limit=20&samples=10")
    times, failed = [], []
    stop_at = time.monotonic() + 20

    def ask(number):
        due = time.monotonic()
        while due < stop_at:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 0.04
            began = time.monotonic()
            try:
                with urllib.request.urlopen(hub.url + paths[number % len(paths)], timeout=5) as answer:
                    answer.read()
                times.append(time.monotonic() - began)
            except OSError as error:
                failed.append(error)

    async def story():
        fleet = a_fleet(tmp_path, hub.port, None, edges=2, rate=20.0, fps=5.0)
        await play(fleet, 21, lambda: asyncio.sleep(0))

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for asker in askers:
        asker.start()
    asyncio.run(story())
    for asker in askers:
        asker.join()
    p95 = statistics.quantiles(times, n=20)[-1] * 1e3
    rate = len(times) / 20
    measured(
        "L6",
        f"REST at {rate:.0f} a second: p95, failed",
        "< 200 ms, < 0.1 %",
        f"{p95:.0f} ms, {len(failed)} of {len(times)}",
    )
    assert len(failed) <= len(times) / 1000
    assert p95 < 200


def test_half_open_handshakes_do_not_shut_the_door(hub, measured):
    """Part of B9: two hundred half-open handshakes do not keep the door shut for others."""
    idle = [socket.create_connection(("127.0.0.1", hub.port), 5) for _ in range(200)]
    for each in idle:
        each.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
    began = time.monotonic()
    with urllib.request.urlopen(f"{hub.url}/health", timeout=5) as answer:
        answer.read()
    took = time.monotonic() - began
    for each in idle:
        each.close()
    measured("B9", "/health while 200 handshakes are half open", "<= 1 s", f"{took * 1e3:.0f} ms")
    assert took <= 1
