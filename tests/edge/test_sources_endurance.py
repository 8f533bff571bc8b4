"""A hundred times every fault: no thread, no socket and no memory is left behind. Slow."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cameras import Running, opened

from aimonitor.edge.sources import Timeouts
from aimonitor.simulator.esp32cam import Esp32Cam, Setup

pytestmark = pytest.mark.slow

HASTY = Timeouts(connect_s=1.0, first_byte_s=0.2, frame_gap_s=0.2, rest_s=0.0)
CYCLES = 100
MEMORY_MB = 8.0


def open_files() -> int:
    files = Path("/proc/self/fd")
    return len(list(files.iterdir())) if files.is_dir() else 0


def memory_mb() -> float:
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages.exists() else 0.0


def broken(running: Running, reconnects: int) -> bool:
    """The connection was lost, or the source lives on single pictures, which come at a tenth of the pace."""
    status = running.capture.status()
    return status.reconnects > reconnects or 0 < status.fps < 30


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["stall", "drip", "cut", "reboot", "nocam", "hang", "off"])
@pytest.mark.parametrize("scheme", ["http", "esp32cam"])
def test_a_hundred_times_the_same_fault(fault, scheme, monkeypatch, measured):
    monkeypatch.setattr("aimonitor.edge.sources.esp32cam.STREAM_RETRY_S", 0.2)
    monkeypatch.setattr("aimonitor.edge.sources.mjpeg.POLL_INTERVAL_S", 0.1)
    setup = Setup(size="QQVGA", fps=100.0, boot_s=0.05, sensor_wait_s=0.05)
    with Esp32Cam(setup) as camera:
        address = camera.stream_url if scheme == "http" else f"esp32cam://127.0.0.1:{camera.control_port}"
        with Running(opened(address, timeouts=HASTY)) as running:
            running.frames_follow()
            for cycle in range(CYCLES):
                before = running.capture.status().reconnects
                camera.fault = fault
                running.until(lambda before=before: broken(running, before))
                camera.fault = "none"
                running.frames_follow()
                if cycle == CYCLES // 5:  # allocators and caches are warm
                    threads, files, memory = threading.active_count(), open_files(), memory_mb()
            left = f"{threading.active_count() - threads:+d} threads, {open_files() - files:+d} files"
            measured("F10", f"{fault} 100 times over {scheme}: left behind", "no thread, <= 3 files", left)
            assert threading.active_count() <= threads
            assert open_files() <= files + 3  # a connection may be under way on either side
            assert memory_mb() <= memory + MEMORY_MB
            assert len(running.capture._abandoned) == 0


@pytest.mark.timeout(600)
def test_every_fault_of_every_firmware_is_named_and_over_in_time_with_the_default_settings(measured, tmp_path):
    script = Path(__file__).parents[2] / "benchmarks" / "camera_faults.py"
    command = [sys.executable, str(script), "--check", "--json", str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = json.loads((tmp_path / "rows.json").read_text())
    named = [row for row in rows if row["named_s"] is not None]
    slow, late = (max(named, key=lambda row: row[key] or 99) for key in ("named_s", "back_s"))
    what = f"{len({row['fault'] for row in rows})} camera faults x {len({row['profile'] for row in rows})} firmwares"
    worst = f"{slow['named_s']:.1f} s ({slow['fault']}, {slow['profile']})"
    measured("F10", f"{what}: the slowest to be named", "<= 10 s", worst)
    worst = f"{late['back_s']:.1f} s ({late['fault']}, {late['profile']})"
    measured("F10", f"{what}: the slowest to be back", "<= 15 s", worst)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
