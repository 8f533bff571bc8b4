"""The real hub in its own process, a scripted edge, and Debian's Chromium driven by Playwright."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

STATIC = Path(__file__).parents[2] / "src" / "aimonitor" / "hub" / "static"
_PATIENCE_MS = 15_000
"""How long an action or an expectation may take on a machine that has other things to do."""
_SERVE = """
import sys
from aimonitor.hub import serve
from aimonitor.hub.settings import HubSettings
settings = HubSettings(port=int(sys.argv[1]), history_path=sys.argv[2], media_path=sys.argv[3], push_local=True)
serve.run(settings)
"""


class HubProcess:
    """A hub on a port of its own, which it keeps when it is killed and started again."""

    def __init__(self, history: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = history.parent / "hub.log"
        self.history = history
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE, str(self.port), str(self.history), str(self.history.parent / "media")],
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=subprocess.DEVNULL,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(self.url + "health", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("the hub did not answer within 30 s")

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def spawned_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that comes up while the browser does."""
    process = HubProcess(tmp_path_factory.mktemp("hub") / "history.sqlite3")
    process.spawn()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def chromium(spawned_hub: HubProcess) -> Iterator[Browser]:
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not path:
        pytest.skip("no Chromium found: install Debian's chromium")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the dashboard is not built: run `npm ci && npm run build` in web/")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def hub(spawned_hub: HubProcess, chromium: Browser) -> HubProcess:
    """The hub of this module, ready."""
    spawned_hub.wait()
    return spawned_hub


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, hub: HubProcess) -> Iterator[OpenPage]:
    """Opens a page of the dashboard; at the end, whatever the page complained of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_one(view: str = "", *, init: str = "", width: int = 1280, height: int = 800, **options: Any) -> Page:
        options.setdefault("locale", "en-US")
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said.text, said.type) else None)
        if init:
            page.add_init_script(init)
        page.goto(hub.url + view)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def wait_until(page: Page, expression: str) -> None:
    """Wait until the JavaScript `expression` is true.

    Playwright's `wait_for_function` needs eval, which the page's policy forbids.
    """
    for _ in range(150):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"expected within 15 s: {expression}")


def is_complaint(text: str, kind: str) -> bool:
    """Chromium itself reports a hub that is away, and that these tests read canvases back; no fault of the page."""
    away = ("net::ERR_", "WebSocket connection to", "error occurred when fetching the script")
    expected = (*away, "the server responded with a status of 4", "Canvas2D: Multiple")
    return kind in ("error", "warning") and not any(part in text for part in expected)
