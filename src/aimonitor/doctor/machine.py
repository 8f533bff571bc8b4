"""The machine itself: processor, disk, clock."""

import os
import platform
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path

from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped, warning

_USEFUL = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "amx_int8", "neon", "asimd", "asimddp")
_NEEDED_MB, _COMFORTABLE_MB = 200, 1_000
_LEAST_MEMORY_GB = 0.9
_CLOCK_OFF_S, _CLOCK_WRONG_S = 2.0, 30.0
_BUSY = 1.5


def cpu(_: Case) -> Iterator[Finding]:
    """What it can compute with, and whether it has anything left to do so."""
    features = _cpu_features()
    shown = f"{platform.machine() or 'unknown'}, {os.cpu_count()} cores"
    if features:
        shown += f", {' '.join(features)}"
    memory_gb = _memory_gb()
    if memory_gb:
        shown += f"; {memory_gb:.1f} GB of memory"
    if platform.machine().lower() in ("x86_64", "amd64") and features and "avx2" not in features:
        yield warning(f"{shown}: no AVX2", "expect a few pictures a second; --detector motion: needs far less")
    elif memory_gb and memory_gb < _LEAST_MEMORY_GB:
        yield warning(f"{shown}: little", "run one camera, with --detector motion: if the detector is killed")
    else:
        yield ok(shown)
    yield ok(f"what runs for every picture is {_how_it_runs()}")
    busy = _load_per_core()
    if busy > _BUSY:
        yield warning(f"busy: {busy:.1f} programs wait for each core", "end what is not needed, or use fewer cameras")


def _how_it_runs() -> str:
    if find_spec("aimonitor.hub._writing") is not None:
        return "compiled"
    return "interpreted; compiled (`make native`, with a C compiler), objects are followed in a third of the time"


def _cpu_features() -> list[str]:
    """What the kernel says, where it does; empty on Windows and macOS."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = (line.partition(":")[2].split() for line in text.splitlines() if line.lower().startswith(("flags", "feat")))
    known = set(next(lines, []))
    return [feature for feature in _USEFUL if feature in known]


def _memory_gb() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return 0.0


def _load_per_core() -> float:
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):
        return 0.0


def disk(case: Case) -> Iterator[Finding]:
    """Whether events can be written where the edge keeps them, durably, and for how long there is room."""
    folder = case.folder.absolute()
    there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        free_mb = shutil.disk_usage(there).free / 1e6
    except OSError as error:
        who = f"make it writable for the user {_user()}, or set `journal` in [edge] to another place"
        yield failed(f"{folder} cannot be written: {error.strerror or error}", who)
        return
    said = f"{folder} can be written, {free_mb / 1000:.1f} GB free"
    if free_mb < _NEEDED_MB:
        yield failed(said, f"free at least {_NEEDED_MB} MB: events are refused when the disk is full")
    elif free_mb < _COMFORTABLE_MB:
        yield warning(said, "free a gigabyte: clips and events fill it up")
    else:
        yield ok(said)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "that runs this")


def clock(case: Case) -> Iterator[Finding]:
    """This machine's clock beside the hub's, from the Date of an answer; half the round trip is taken off."""
    started = time.monotonic()
    try:
        with urllib.request.urlopen(f"{case.hub}/health", timeout=8) as answer:
            date = answer.headers.get("date", "")
    except ssl.SSLError:
        date = ""
    except (urllib.error.URLError, OSError, ValueError):
        date = ""
    trip_s = time.monotonic() - started
    try:
        theirs = parsedate_to_datetime(date).timestamp() + 0.5  # whole seconds: half of one late on the average
    except ValueError:
        yield skipped("not compared: the hub told no time")
        return
    off_s = time.time() - trip_s / 2 - theirs
    said = f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the hub"
    advice = "switch network time on: `timedatectl set-ntp true`, or Windows: Settings > Time > Sync now"
    if abs(off_s) > _CLOCK_WRONG_S:
        yield failed(said, advice)
    elif abs(off_s) > _CLOCK_OFF_S:
        yield warning(said, advice)
    else:
        yield ok("agrees with the hub's to the second")
