"""`aimonitor demo`: the main job on sample footage, hub and edge as two processes over a real WebSocket."""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from types import FrameType

from aimonitor.cli.options import BESIDE_TOKEN, Commands, add_common
from aimonitor.common.stop_signals import STOP_SIGNALS

_STOP_WITHIN_S = 4.0
_HUB_STARTS_WITHIN_S = 120.0
_DEATHS, _DEATHS_WITHIN_S = 5, 60.0
if sys.platform == "win32":
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP  # to which Ctrl-Break is sent
else:
    _OWN_GROUP = 0
_EPILOG = """\
examples:
  aimonitor demo                                   sample footage, dashboard on http://127.0.0.1:8000
  aimonitor demo --camera my.mp4 --port 8080       your own footage
  aimonitor demo --camera http://192.168.1.50:81/stream

The detector's weights and the footage are fetched once, verified and kept; after that it works offline."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "demo",
        help="hub and edge at once, on sample footage or your camera",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--camera", metavar="ADDRESS", help="what to look at (default: the sample footage)")
    command.add_argument("--detector", default="yolox-nano", help="see `aimonitor models list` (default: %(default)s)")
    command.add_argument("--host", default="127.0.0.1", help="address of the hub (default: %(default)s)")
    command.add_argument("--port", type=int, default=8000, help="port of the hub (default: %(default)s)")
    command.add_argument("--open", action="store_true", help="open the page in the browser once it is there")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Fetch what is missing, start both processes, keep them running until interrupted."""
    from aimonitor.common import log

    log.configure(verbose=chosen.verbose)
    _check_port(chosen.host, chosen.port)
    detector, camera = _provide(chosen.detector, chosen.camera)
    shown = "127.0.0.1" if chosen.host in ("", "0.0.0.0") else chosen.host
    common = [*(["--config", str(chosen.config)] if chosen.config else []), *(["--verbose"] if chosen.verbose else [])]
    token = secrets.token_urlsafe(32)  # so that the edge is let in once people sign in
    hub_arguments = ["hub", "--host", chosen.host, "--port", str(chosen.port), *common]
    hub = _Child("hub", hub_arguments, {BESIDE_TOKEN: token})
    name = "Sample footage" if chosen.camera is None else "Camera"
    edge_arguments = ["edge", "--camera", camera, "--name", name, "--loop", "--detector", detector]
    edge_arguments += ["--hub", f"ws://{shown}:{chosen.port}/ws/laptop", *common]
    edge = _Child("edge", edge_arguments, {"AIMONITOR_EDGE_TOKEN": token})
    stopping = _StopFlag()
    try:
        hub.start()
        edge.start()
        _wait_for_hub(f"http://{shown}:{chosen.port}/health", hub, stopping)
        page = f"http://{shown}:{chosen.port}/"
        print(f"\n  AI Monitor is running: {page}   (Ctrl-C stops it)\n", flush=True)
        if chosen.open and not stopping.raised:
            import webbrowser

            webbrowser.open(page)
        while not stopping.raised:
            hub.keep_alive()
            edge.keep_alive()
            time.sleep(0.1)
    finally:
        _stop([edge, hub])
    return 0


class _StopFlag:
    """Raised by whoever asks the program to end, so that a second signal does not interrupt the stopping."""

    def __init__(self) -> None:
        self.raised = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._raise)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.raised = True


class _Child:
    """One of the two processes; started again when it dies, unless it keeps dying."""

    def __init__(self, name: str, arguments: list[str], environ: dict[str, str]) -> None:
        self.name = name
        self._arguments = arguments
        self._environ = environ
        self._deaths: deque[float] = deque(maxlen=_DEATHS)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aimonitor", *self._arguments],
            env={**os.environ, **self._environ},
            creationflags=_OWN_GROUP,
        )

    def keep_alive(self) -> None:
        """Start it again if it has ended; raises RuntimeError when that does not help."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        self._deaths.append(now)
        code = self.process.returncode
        if len(self._deaths) == _DEATHS and now - self._deaths[0] < _DEATHS_WITHIN_S:
            raise RuntimeError(f"the {self.name} ended {_DEATHS} times within a minute (exit code {code}); see above")
        print(f"the {self.name} ended (exit code {code}); starting it again", file=sys.stderr, flush=True)
        time.sleep(0.2 * len(self._deaths))
        self.start()


def _stop(children: list[_Child]) -> None:
    """Ask all to end, wait, and kill what is still there."""
    alive = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in alive:
        _ask_to_end(process)
    deadline = time.monotonic() + _STOP_WITHIN_S
    for process in alive:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        try:
            process.send_signal(signal.CTRL_BREAK_EVENT)  # terminate() would be the end in the middle of a write
        except OSError:  # no console
            process.terminate()
    else:
        process.terminate()


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if sys.platform != "win32":  # there it would share the port with whoever has it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RuntimeError(
                f"port {port} on {host} cannot be used ({error.strerror}); "
                f"end the program that has it, or choose another: aimonitor demo --port {port + 1}"
            ) from None


def _provide(detector: str, camera: str | None) -> tuple[str, str]:
    """Fetch weights and footage where they are missing; returns the detector and camera that the edge is given."""
    from aimonitor.cli.progress import Bar
    from aimonitor.models import footage, store

    print("Detector weights and footage (fetched once, verified, then offline):", file=sys.stderr)
    model = store.resolve(detector, Bar)
    print(f"  detector: {model.name} ({model.path})", file=sys.stderr)
    if camera is None:
        camera = str(footage.resolve(Bar))
    print(f"  camera:   {camera}", file=sys.stderr)
    return (model.name if model.architecture else detector), camera


def _wait_for_hub(health: str, hub: _Child, stopping: _StopFlag) -> None:
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + _HUB_STARTS_WITHIN_S
    while time.monotonic() < deadline and not stopping.raised:
        hub.keep_alive()
        try:
            with urllib.request.urlopen(health, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    if not stopping.raised:
        raise RuntimeError(f"the hub did not answer at {health} within {_HUB_STARTS_WITHIN_S:.0f} s; see above")
