"""L7: edges, viewers that come and go, and cut lines for half an hour (SOAK_MINUTES); nothing may grow."""

import asyncio
import os
import random
import re
import statistics
import time
import urllib.request
from pathlib import Path

import pytest
from bad_network import bad_network
from history import check_whole, read_history, read_ledger
from programs import Program
from rehearsal import HubProcess
from test_slow_faults import _rss_mib
from test_slow_load import latencies

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
LIMIT = max(1.0, 30 / MINUTES)
"""MiB, files, threads or tasks in ten minutes; a short soak sees less of the slope and more of the noise."""
WARM_UP = 0.5
"""Share of the time after which pools, arenas and SQLite's cache have what they want."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 * MINUTES + 300)]


class Sample:
    """A process at one moment."""

    def __init__(self, at_min, pid, url=""):
        self.at_min = at_min
        self.rss_mib = _rss_mib(pid)
        self.files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        self.threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
        self.tasks = _tasks(url) if url else 0


def _tasks(url):
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        return float(re.search(rb"^aimonitor_hub_tasks (\S+)", answer.read(), re.MULTILINE)[1])


def growth(samples, name):
    """Per ten minutes, by the line through the samples after the warm-up (least squares)."""
    kept = samples[int(len(samples) * WARM_UP) :]
    line = statistics.linear_regression([each.at_min for each in kept], [getattr(each, name) for each in kept])
    return line.slope * 10


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.program.stop()


def test_nothing_grows(hub, tmp_path, measured):
    async def story():
        async with bad_network(hub.port) as network:
            command = ["simulate", "--hub", f"ws://127.0.0.1:{network.port}/ws/laptop", "--edges", "4", "--fps", "5"]
            command += ["--cameras", "2", "--rate", "5", "--state", "fleet", "--ledger", "ledger.jsonl"]
            command += ["--seconds", str(60 * MINUTES)]
            with Program.aimonitor(*command, log=tmp_path / "fleet.log", cwd=tmp_path) as fleet:
                await asyncio.to_thread(fleet.await_line, "as sim-004", 60)
                return await live(network, fleet)

    async def live(network, fleet):
        draw, samples, began = random.Random(7), ([], []), time.monotonic()
        steady = asyncio.ensure_future(latencies(hub.port, 60 * MINUTES - 15))
        cut_at = began + 60
        while (at_s := time.monotonic() - began) < 60 * MINUTES - 10:
            await latencies(hub.port, draw.uniform(2, 8))  # a viewer that comes and goes
            if time.monotonic() > cut_at:
                cut_at += 60
                network.cut()
                await asyncio.sleep(5)
            samples[0].append(Sample(at_s / 60, hub.program.process.pid, hub.url))
            samples[1].append(Sample(at_s / 60, fleet.process.pid))
        await steady
        assert await asyncio.to_thread(fleet.process.wait, 60) == 0
        return samples

    of_hub, of_fleet = asyncio.run(story())
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    check_whole(read_history(hub.url), ledger)
    for name, samples in (("hub", of_hub), ("four edges", of_fleet)):
        slope, files, threads = (growth(samples, each) for each in ("rss_mib", "files", "threads"))
        what = f"{MINUTES:.0f} min, {len(ledger):,} events, a cut a minute: memory of the {name}, last half, in 10 min"
        measured("L7", what, "< 1 MiB", f"{slope:+.2f} MiB (at the end {samples[-1].rss_mib:.0f} MiB)")
        figures = f"{files:+.2f} files, {threads:+.2f} threads"
        if name == "hub":
            figures += f", {growth(samples, 'tasks'):+.2f} tasks"
        measured("L7", f"what is open in the {name}, change in 10 min", "flat", figures)
        assert max(abs(files), abs(threads), slope) < LIMIT
    assert abs(growth(of_hub, "tasks")) < LIMIT
