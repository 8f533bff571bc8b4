"""Fixtures that every part may use."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from reliability_report import measured, pytest_sessionfinish  # noqa: F401 - hooks
from reliability_report import pytest_configure as configure_report

settings.register_profile("patient", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """What is compiled from a source that has changed since, or is gone, would be tested in its place."""
    configure_report(config)
    for compiled in Path(__file__).parent.parent.glob(f"src/aimonitor/**/*{EXTENSION_SUFFIXES[0]}"):
        stem = compiled.with_name(compiled.name.partition(".")[0])
        ages = [path.stat().st_mtime for path in map(stem.with_suffix, (".py", ".c")) if path.is_file()]
        if not ages or max(ages) > compiled.stat().st_mtime:
            words = "is not of its source as it is now: `make native`, or `make interpreted`"
            raise pytest.UsageError(f"{compiled.name} {words}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Why a test was tried again is said as well when it then passed."""
    for report in terminalreporter.stats.get("rerun", ()):
        crash = getattr(report.longrepr, "reprcrash", None)
        terminalreporter.write_line(f"RERUN {report.nodeid} - {crash or report.longrepr}")


@dataclass
class RunningHub:
    """A real hub on a real port of this machine, in a thread of its own."""

    settings: Any
    app: Any
    server: Any
    listener: Any
    thread: threading.Thread = field(init=False)

    def start(self) -> None:
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), name="running hub")
        self.thread.start()
        assert ready.wait(20), "the hub did not start within 20 s"

    def _run(self, ready: threading.Event) -> None:
        import asyncio

        async def serve() -> None:
            async def tell() -> None:
                while not self.server.started:
                    await asyncio.sleep(0.01)
                ready.set()

            telling = asyncio.create_task(tell())
            await self.server.serve(sockets=[self.listener])
            telling.cancel()

        with asyncio.Runner(loop_factory=self.server.config.get_loop_factory()) as runner:
            runner.run(serve())

    @property
    def port(self) -> int:
        return self.settings.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ws(self, path: str = "/ws") -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    @property
    def counters(self) -> Any:
        return self.app.state.switchboard.counters

    def stop(self) -> None:
        """Stop as SIGTERM does; returns when everything is closed."""
        self.server.stop()
        self.thread.join(20)
        self.listener.close()
        assert not self.thread.is_alive(), "the hub did not stop within 20 s"


StartHub = Callable[..., RunningHub]


@pytest.fixture
def start_hub(tmp_path: Path) -> Iterator[StartHub]:
    """Start hubs with HubSettings given by keyword; all are stopped at the end. The history is a file of the test."""
    from aimonitor.hub import serve
    from aimonitor.hub.app import create_app
    from aimonitor.hub.settings import HubSettings

    hubs: list[RunningHub] = []

    def start(
        *, store: Any = None, bus: Any = None, clock: Any = None, static: Path | None = None, **values: Any
    ) -> RunningHub:
        values = {"port": 0, "history_path": str(tmp_path / "hub.sqlite3"), **values}
        values.setdefault("media_path", str(tmp_path / "media"))
        listener = serve.bind(HubSettings(**values))
        settings = HubSettings(**{**values, "port": listener.getsockname()[1]})
        app = create_app(settings, store=store, bus=bus, clock=clock, static=static or tmp_path / "static")
        hub = RunningHub(settings, app, serve.make_server(settings, app), listener)
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.stop()


@pytest.fixture
def running_hub(start_hub: StartHub) -> RunningHub:
    """One hub with default settings and no tokens."""
    return start_hub()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real Redis on a free port, with the append-only file on; its port."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server on this machine; `make system` installs it where it can")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            pytest.fail("redis-server did not start within 20 s")
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def redis_url(redis_server: int) -> str:
    """The address of an empty Redis."""
    with socket.create_connection(("127.0.0.1", redis_server), 5) as connection:
        connection.sendall(b"*1\r\n$8\r\nFLUSHALL\r\n")
        assert connection.recv(64).startswith(b"+OK")
    return f"redis://127.0.0.1:{redis_server}/0"
