"""A control group with little memory and a share of a core, as free tiers give: for programs that tests start."""

import contextlib
import os
import time
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000


class SmallMachine:
    """Where to write what, in the first and the second version of control groups."""

    def __init__(self, name, memory_mb, cores):
        self._second = (_ROOT / "cgroup.controllers").exists()
        quota = str(int(cores * _PERIOD_US))
        if self._second:
            self.folders = [_ROOT / name]
            self._limits = {"memory.max": str(memory_mb << 20), "cpu.max": f"{quota} {_PERIOD_US}"}
        else:
            self.folders = [_ROOT / part / name for part in ("memory", "cpu")]
            self._limits = {"memory.limit_in_bytes": str(memory_mb << 20), "cpu.cfs_quota_us": quota}

    def make(self):
        """Raises OSError where control groups cannot be written."""
        for folder in self.folders:
            folder.mkdir()
        for name, value in self._limits.items():
            next(folder / name for folder in self.folders if (folder / name).exists()).write_text(value)

    def inside(self, command):
        """The command that runs `command` there."""
        files = " ".join(f"'{folder / 'cgroup.procs'}'" for folder in self.folders)
        return ("sh", "-c", f'for each in {files}; do echo $$ > "$each"; done; exec "$@"', "sh", *command)

    @property
    def killed(self):
        """How many processes were ended for want of memory."""
        name = "memory.events" if self._second else "memory.oom_control"
        words = (self.folders[0] / name).read_text().split()
        return int(words[words.index("oom_kill") + 1])

    @property
    def peak_mib(self):
        name = "memory.peak" if self._second else "memory.max_usage_in_bytes"
        return int((self.folders[0] / name).read_text()) / 2**20

    def remove(self):
        for folder in self.folders:
            for _ in range(50):  # the last process may still be on its way out
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.1)


@contextlib.contextmanager
def small_machine(memory_mb, cores):
    """512 MB and a tenth of a core, say; needs root and control groups."""
    machine = SmallMachine(f"aimonitor-{os.getpid()}", memory_mb, cores)
    try:
        machine.make()
    except OSError as error:
        machine.remove()
        pytest.skip(f"no control groups here: {error}")
    try:
        yield machine
    finally:
        machine.remove()
