"""F8: a disk that is full, at the edge and at the hub: what is there stays, what is new is refused in words."""

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from history import check_whole, read_history, read_ledger
from rehearsal import HubProcess, a_fleet, play

from aimonitor.common.clock import SystemClock
from aimonitor.contract import messages
from aimonitor.edge.journal import Journal, JournalError, Limits

pytestmark = pytest.mark.timeout(120)


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """A file system of a few megabytes; needs root."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path, leaving):
    """Fill the disk of `path` but for so many bytes."""
    free = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_frsize
    path.write_bytes(bytes(max(0, free - leaving)))


def asked(hub, path, method="GET", body=None, **headers):
    """Status and body of an answer."""
    request = urllib.request.Request(hub.url + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.slow
def test_the_edge_refuses_loudly_on_a_full_disk_and_keeps_what_it_has(tmp_path, measured):
    def event(seq):
        return messages.Event("e/c", seq, "i", "person", "opened", 1.0, 1.0, words="x" * 500)

    with small_disk(tmp_path / "disk", 5) as disk:
        journal = Journal(disk / "edge.sqlite3", SystemClock(), Limits(min_free_bytes=0))
        stored = []
        with pytest.raises(JournalError, match="free some disk"):
            stored.extend(journal.append(event).seq for _ in range(1_000_000))
        journal.close()
        again = Journal(disk / "edge.sqlite3", SystemClock(), Limits(min_free_bytes=0))
        kept = []
        while batch := again.after(kept[-1] if kept else 0):
            kept += [each.seq for each in batch]
        again.close()
    measured("F8", "edge's disk full", "refuses, keeps what it has", f"refused after {len(stored)}, kept {len(kept)}")
    assert kept == stored


@pytest.fixture
def hub_on_a_small_disk(tmp_path):
    with small_disk(tmp_path / "disk", 5) as disk:
        environ = {"AIMONITOR_HUB_HISTORY_PATH": str(disk / "hub.sqlite3")}
        hub = HubProcess(tmp_path, **environ, AIMONITOR_HUB_MEDIA_PATH=str(disk / "media"))
        hub.history = disk / "hub.sqlite3"
        hub.start()
        fill(disk / "something else", leaving=600_000)
        yield hub
        hub.program.stop()


def whole(path):
    """What SQLite finds in a file that nobody has open."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchone()[0]


def test_a_hub_whose_disk_is_full_says_so_keeps_what_it_has_and_takes_the_rest_later(
    hub_on_a_small_disk, tmp_path, measured
):
    hub, seen = hub_on_a_small_disk, {}

    def look():
        """While the disk is full."""
        seen["health"] = json.loads(asked(hub, "/health")[1])
        seen["metric"] = "aimonitor_hub_store_ready 0.0" in asked(hub, "/metrics")[1]
        seen["kept"] = read_history(hub.url)
        mark = json.dumps({"mark": "acknowledged"}).encode()
        path = "/api/incidents/sim-001/cam1/cam1-1/mark"
        seen["mark"] = asked(hub, path, "POST", mark, **{"Content-Type": "application/json"})
        seen["clip"] = asked(hub, "/api/media/sim-001/cam1/cam1-1/clip.avi", "PUT", b"x" * 1000)
        (hub.history.parent / "something else").unlink()

    async def story():
        with (tmp_path / "ledger.jsonl").open("a") as ledger:
            fleet = a_fleet(tmp_path, hub.port, ledger, edges=2, rate=250.0, fps=1.0)

            async def fullness():
                while json.loads((await asyncio.to_thread(asked, hub, "/health"))[1])["status"] == "ok":
                    await asyncio.sleep(0.1)
                await asyncio.sleep(3)
                seen["waiting"] = sum(edge.waiting for edge in fleet.edges)
                await asyncio.to_thread(look)
                freed_at = time.monotonic()
                while any(edge.waiting > 100 for edge in fleet.edges):
                    await asyncio.sleep(0.05)
                seen["recovered"] = time.monotonic() - freed_at

            await play(fleet, 11, fullness)

    asyncio.run(story())
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    events = read_history(hub.url)
    check_whole(events, ledger)
    assert json.loads(asked(hub, "/health")[1])["status"] == "ok"
    assert hub.program.stop() < 8
    assert seen["health"]["status"] == "degraded"
    assert "disk is full" in seen["health"]["detail"]
    assert seen["metric"]
    assert (seen["mark"][0], seen["clip"][0]) == (507, 507), (seen["mark"], seen["clip"])
    assert events[: len(seen["kept"])] == seen["kept"]
    assert seen["waiting"] > 200, "the edges' journals did not keep what the hub refused"
    assert whole(hub.history) == "ok"
    refused = f"/health degraded, metric 0, marks and clips 507, {seen['waiting']} events wait at the edges"
    measured("F8", "hub's disk full", "refuses with 507 and a refusal to the edge, says so", refused)
    after = f"0 of {len(ledger)} lost, file whole, caught up in {seen['recovered']:.1f} s"
    measured("F8", "hub's disk free again", "0 lost, no corruption", after)


@pytest.mark.slow
def test_a_hub_that_starts_on_a_full_disk_says_so_in_one_line(hub_on_a_small_disk):
    hub = hub_on_a_small_disk
    hub.program.kill()
    fill(hub.history.parent / "the rest", leaving=0)
    hub.program.log.write_text("")
    hub.program.start()
    code = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = hub.program.process.wait(10)
    words = hub.program.output()
    assert "Traceback" not in words
    if code is None:
        assert asked(hub, "/health")[0] == 200
    else:
        assert "disk" in words
