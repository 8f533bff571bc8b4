"""L8: the hub on the smallest machine that anybody gives away, 512 MB and a tenth of a core."""

import asyncio
import statistics
import time

import pytest
from history import check_whole, read_history, read_ledger
from programs import answers, wait_until
from rehearsal import JPEG_HEAD, HubProcess, a_fleet, play
from small_machine import small_machine
from test_slow_load import latencies

from aimonitor.simulator.fleet import Tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

A_PICTURE = Tape(160, 120, (JPEG_HEAD + bytes(25_000),), ((),))


@pytest.fixture
def machine():
    with small_machine(512, 0.1) as found:
        yield found


def test_two_edges_on_the_smallest_machine(machine, tmp_path, measured):
    hub = HubProcess(tmp_path, AIMONITOR_HUB_HISTORY_PATH=":memory:")
    hub.program.command = machine.inside(hub.program.command)
    try:
        began = time.monotonic()
        hub.program.start()
        wait_until(lambda: answers(f"{hub.url}/health"), 120, hub.program.output, hub.program)
        start_s = time.monotonic() - began

        async def story():
            with (tmp_path / "ledger.jsonl").open("a") as ledger:
                fleet = a_fleet(tmp_path, hub.port, ledger, edges=2, cameras=1, rate=1.0, fps=1.0, tape=A_PICTURE)
                watching = asyncio.ensure_future(latencies(hub.port, 55))
                await play(fleet, 60, lambda: asyncio.sleep(0))
                return await watching

        ages = asyncio.run(story())
        check_whole(read_history(hub.url), ledger := read_ledger(tmp_path / "ledger.jsonl"))
        p95 = statistics.quantiles(ages, n=20)[-1]
        peak, killed = machine.peak_mib, machine.killed
    finally:
        hub.program.stop()
    measured("L8", "512 MB and a tenth of a core: the hub answers after", "< 60 s", f"{start_s:.0f} s")
    happened = f"{len(ages)} pictures, p95 {p95 * 1e3:.0f} ms, 0 of {len(ledger)} events lost"
    measured("L8", "2 edges x 1 fps, a viewer, 60 s", "all right", happened)
    measured("L8", "memory at most, killed for want of it", "< 512 MB, 0", f"{peak:.0f} MiB, {killed}")
    assert start_s < 60
    assert len(ages) > 80
    assert p95 < 2
    assert killed == 0
