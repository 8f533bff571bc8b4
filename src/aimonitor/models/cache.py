"""Where fetched files live: the user's cache directory, as each system has it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_dir() -> Path:
    """Return the directory of our cache; made by whoever writes into it. `AIMONITOR_CACHE` overrides the place."""
    chosen = os.environ.get("AIMONITOR_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
        return Path(base).expanduser() / "aimonitor" / "Cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/aimonitor").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "aimonitor"


@contextmanager
def sole_writer(target: Path) -> Iterator[None]:
    """Hold the right to write `target`; waits while another process holds it. The lock dies with its process."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(target.name + ".lock").open("ab") as lock:
        _lock(lock.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                return msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds; a download may take longer
                continue

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
