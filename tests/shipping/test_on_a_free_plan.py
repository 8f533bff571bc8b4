"""The founding way onto Render's free plan: its Build Command, its Start Command, a tenth of a core and 512 MB."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import ROOT, Program, answers, free_port, wait_until
from websockets.asyncio.client import connect

from aimonitor.contract import codec, frames, messages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GUIDE = (ROOT / "docs" / "guide" / "deployment.md").read_text()
SECONDS, VIEWERS, FPS = 30, 4, 10
PASSWORD = "a-long-password"


@contextlib.contextmanager
def small_machine():
    """Files of `tasks`, one for each control group; whoever writes its process id there is held to the limits."""
    root = Path("/sys/fs/cgroup")
    unified = (root / "cgroup.controllers").exists()
    limits = (
        {root: {"cpu.max": "10000 100000", "memory.max": str(512 << 20)}}
        if unified
        else {
            root / "cpu": {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "10000"},
            root / "memory": {"memory.limit_in_bytes": str(512 << 20)},
        }
    )
    groups = [parent / f"aimonitor-{os.getpid()}" for parent in limits]
    try:
        for group, settings in zip(groups, limits.values(), strict=True):
            group.mkdir()
            for name, value in settings.items():
                (group / name).write_text(value)
        yield [group / "cgroup.procs" for group in groups]
    except OSError as error:
        pytest.skip(f"no control groups to be had here: {error}")
    finally:
        time.sleep(0.5)
        for group in groups:
            with contextlib.suppress(OSError):
                group.rmdir()


def sign_in(url):
    body = json.dumps({"name": "admin", "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/api/session", body, {"content-type": "application/json", "origin": url})
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    return time.monotonic() - began


async def watch(port):
    """How old each picture is when a viewer has it."""
    ages = []
    options = {"subprotocols": [messages.SUBPROTOCOL], "additional_headers": {"Authorization": "Bearer watching"}}
    async with connect(f"ws://127.0.0.1:{port}/ws", max_size=None, **options) as viewer:
        await viewer.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=120)))
        end = time.monotonic() + SECONDS + 5
        while time.monotonic() < end:
            data = await asyncio.wait_for(viewer.recv(), 10)
            if isinstance(data, bytes):
                header, _ = frames.decode_header(data)
                await viewer.send(codec.encode(messages.Seen(header.source, header.frame_id)))
                if time.monotonic() > end - SECONDS:
                    ages.append(time.time() - header.captured_at)
    return ages


def said(field):
    """What the deployment guide has people type into that field."""
    return re.search(rf"^\| {field} \| `(.+)` \|$", GUIDE, re.MULTILINE)[1]


@pytest.fixture
def build(tmp_path):
    """The environment after the Build Command, and the seconds that this took."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, capture_output=True)
    path = f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        shlex.split(said("Build Command")), env={**os.environ, "PATH": path}, cwd=ROOT, capture_output=True, text=True,
        timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return path, time.monotonic() - began


def test_a_tenth_of_a_core_carries_a_camera_and_four_viewers(build, tmp_path, measured):
    path, build_s = build
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "cloud_api.py").symlink_to(ROOT / "cloud_api.py")
    environ = {
        "PATH": path,
        "PORT": str(port),
        "AIMONITOR_TOKENS": "sending,@viewer:watching",
        "AIMONITOR_HUB_ADMIN_PASSWORD": PASSWORD,
        "AIMONITOR_HUB_HISTORY_PATH": ":memory:",
        "AIMONITOR_HUB_TRUSTED_PROXIES": "*",
    }
    with small_machine() as groups:
        enter = "; ".join(f"echo $$ > {group}" for group in groups)
        started = time.monotonic()
        with Program("sh", "-c", f"{enter}; exec {said('Start Command')}", log=tmp_path / "hub.log", cwd=tmp_path,
                     environ=environ) as hub:  # fmt: skip
            wait_until(lambda: answers(url + said("Health Check Path")), 60, hub.output, hub)
            answers_s = time.monotonic() - started
            sign_in_s = sign_in(url)
            edge = ["--hub", f"ws://127.0.0.1:{port}/ws/laptop", "--token", "sending", "--fps", str(FPS)]
            with Program.aimonitor("simulate", *edge, log=tmp_path / "edge.log", cwd=tmp_path) as fleet:
                fleet.await_line("connected to the hub", 60)
                seen = asyncio.run(_all(port))
            memory = int(Path(f"/proc/{hub.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            ended_s = hub.stop()
    slowest = min(len(ages) for ages in seen) / SECONDS
    p95_ms = max(statistics.quantiles(ages, n=20)[-1] for ages in seen) * 1e3
    what = "Render's commands, 512 MB and a tenth of a core"
    measured("S6", f"{what}: built, answers after, signs in within, ends within", "250, 60, 5, 5 s",
             f"{build_s:.0f}, {answers_s:.1f}, {sign_in_s:.1f}, {ended_s:.1f} s")  # fmt: skip
    measured("S6", f"{what}: {VIEWERS} viewers of a camera at {FPS} pictures/s", f"> {FPS * 0.9:.0f} each, < 150 MiB",
             f"{slowest:.1f} a second at least, 95 % below {p95_ms:.0f} ms, {memory >> 20} MiB")  # fmt: skip
    assert sign_in_s <= 5
    assert slowest > FPS * 0.9
    assert memory < 150 << 20
    assert ended_s <= 5


async def _all(port):
    return await asyncio.gather(*(watch(port) for _ in range(VIEWERS)))
