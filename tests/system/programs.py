"""Programs under test as a user starts them: processes with a log, that can be killed and waited for."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_MODEL = ROOT.parent / "shared" / "data" / "models" / "yolox_nano.onnx"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One process; its output goes to `log`. Use as a context manager, which ends it."""

    def __init__(self, *command: str, log: Path, cwd: Path, environ: dict[str, str] | None = None) -> None:
        self.command = command
        self.log = log
        self._cwd = cwd
        self._environ = {key: value for key, value in os.environ.items() if not key.startswith("AIMONITOR_")}
        self._environ |= {"PYTHONUNBUFFERED": "1", **(environ or {})}
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def aimonitor(cls, *arguments: str, log: Path, cwd: Path, environ: dict[str, str] | None = None) -> "Program":
        return cls(sys.executable, "-m", "aimonitor", *arguments, log=log, cwd=cwd, environ=environ)

    def __enter__(self) -> "Program":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self._cwd, env=self._environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def kill(self) -> None:
        """Pull the plug."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, within: float = 10.0, number: int = signal.SIGTERM) -> float:
        """Ask it to end; returns the seconds that it took. Kills it when it does not."""
        started = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
        return time.monotonic() - started

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def await_line(self, text: str, within: float = 30.0) -> None:
        wait_until(lambda: text in self.output(), within, lambda: f"{text!r} in:\n{self.output()}", self)


def wait_until(condition, within: float, what=lambda: "the condition", program: Program | None = None) -> None:
    """Poll until `condition()`; AssertionError when it does not become true, or the program ends before."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return
        if program is not None and program.process.poll() is not None:
            raise AssertionError(f"the program ended with {program.process.returncode} before {what()}")
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s: {what()}")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
