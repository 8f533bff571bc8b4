"""Two hubs over Sentinel and over a cluster whose primary dies: another node takes over, and no event is missing."""

import asyncio
import contextlib
import json
import time
import urllib.request

import pytest
from history import check_whole, read_history, read_ledger
from redis_farm import Clustered, Watched, cut_off, let_back
from rehearsal import HubProcess, a_fleet, play
from test_redis_faults import watch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KINDS = {"Sentinel": Watched, "Cluster": Clustered}


@pytest.fixture(params=KINDS)
def farm(request, tmp_path):
    """Redis servers of which one may die."""
    servers = KINDS[request.param](tmp_path)
    servers.name = request.param
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@contextlib.contextmanager
def two_hubs(folder, url):
    hubs = []
    try:
        for name in ("one", "two"):
            (folder / name).mkdir()
            hubs.append(HubProcess(folder / name, REDIS_URL=url))
            hubs[-1].start()
        yield hubs
    finally:
        for hub in hubs:
            hub.program.stop()


def counters(hub):
    with urllib.request.urlopen(f"{hub.url}/api/status", timeout=5) as answer:
        return json.load(answer)["counters"]


def rehearse_failover(farm, folder, hubs, *, lag_s):
    """An edge at each hub; the replicas lag behind by `lag_s`, and the primary dies. Returns seconds and pictures."""

    async def story():
        times, pictures = {}, []
        with (folder / "ledger.jsonl").open("a") as ledger:
            fleets = [
                a_fleet(folder, hub.port, ledger, edges=1, cameras=2, rate=20.0, fps=5.0, prefix=prefix)
                for hub, prefix in zip(hubs, "ab", strict=True)
            ]
            edges = [edge for fleet in fleets for edge in fleet.edges]
            watching = asyncio.ensure_future(watch(hubs[1].port, pictures))

            async def pull():
                await asyncio.sleep(3)
                primary, replicas = farm.primary(), farm.replicas()
                await asyncio.to_thread(cut_off, primary, replicas)
                await asyncio.sleep(lag_s)
                await asyncio.to_thread(primary.kill)
                times["gone"] = time.monotonic()
                await asyncio.to_thread(let_back, replicas)
                await asyncio.to_thread(farm.await_failover, primary)
                times["over"] = time.monotonic()
                await asyncio.to_thread(primary.start)  # as whatever minds it would: a replica from now on
                goals = [edge.journal.last for edge in edges]
                while any(edge.journal.acked < goal for edge, goal in zip(edges, goals, strict=True)):
                    await asyncio.sleep(0.02)
                times["whole"] = time.monotonic()

            await asyncio.gather(play(fleets[0], 25, pull), play(fleets[1], 25, lambda: asyncio.sleep(0)))
            times["watched"] = [each for each in pictures if each > times["whole"]]
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return times

    return asyncio.run(story())


@pytest.mark.parametrize("replicas", [0, 1])
def test_the_primary_dies_while_its_replicas_lag_behind(farm, tmp_path, measured, replicas):
    """Without `replicas` events are acknowledged that die with the primary: their edges still have them."""
    with two_hubs(tmp_path, f"{farm.url}?replicas={replicas}") as hubs:
        times = rehearse_failover(farm, tmp_path, hubs, lag_s=0.9)
        ledger = read_ledger(tmp_path / "ledger.jsonl")
        lost = sum(counters(hub)["events_lost_by_store"] for hub in hubs)
        for hub in hubs:
            check_whole(read_history(hub.url), ledger)
    took, recovered = times["over"] - times["gone"], times["whole"] - times["over"]
    how = f"{farm.name} failover, replicas={replicas}"
    measured("F7", f"{how}: events acknowledged again after it", "<= 5 s", f"{recovered:.1f} s (it took {took:.1f} s)")
    again = f", {lost} of them asked of their edges again" if lost else ""
    measured("F7", f"{how}: events lost in the end", "0", f"0 of {len(ledger)}{again}")
    assert recovered <= 5
    assert times["watched"], "the hubs do not hear each other after the failover"
    assert bool(lost) is not bool(replicas), "WAIT keeps what the edges are asked for without it"
