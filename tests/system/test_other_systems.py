"""What differs on Windows and on consoles of another alphabet, shown here by taking away what is not there."""

import asyncio
import io
import mimetypes
import re
import signal
import sys

import httpx
import pytest
from programs import ROOT

from aimonitor import cli
from aimonitor.edge import node


def test_scripts_are_scripts_whatever_the_registry_of_windows_says(start_hub, tmp_path, monkeypatch):
    (tmp_path / "web" / "assets").mkdir(parents=True)
    for name in ("index.html", "sw.js", "app.webmanifest", "assets/app-1a2b.js", "assets/app-1a2b.css", "icon.png"):
        (tmp_path / "web" / name).write_text("x")
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("text/plain", None))
    hub = start_hub(static=tmp_path / "web")
    kinds = {
        path: httpx.get(hub.url + path, trust_env=False).headers["content-type"]
        for path in ("/sw.js", "/app.webmanifest", "/assets/app-1a2b.js", "/assets/app-1a2b.css")
    }
    assert kinds == {
        "/sw.js": "text/javascript; charset=utf-8",
        "/app.webmanifest": "application/manifest+json",
        "/assets/app-1a2b.js": "text/javascript; charset=utf-8",
        "/assets/app-1a2b.css": "text/css; charset=utf-8",
    }


@pytest.fixture
def _same_handlers():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_same_handlers")
def test_an_edge_is_stopped_where_the_loop_knows_no_signals(monkeypatch):
    def not_here(*_):
        raise NotImplementedError

    async def stopped() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", not_here)
        stop = node._stop_on_signals()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 10)

    asyncio.run(stopped())


def test_a_name_that_the_console_cannot_write_ends_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "Мои камеры"
    folder.mkdir()
    (folder / "aimonitor.toml").write_text('[edge]\njournal = "Мои камеры.sqlite3"\n', encoding="utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp437"))
    assert cli.main(["config", "show", "--config", str(folder / "aimonitor.toml")]) == 0
    sys.stdout.flush()
    assert rb"\u041c\u043e\u0438" in written.getvalue()


def test_the_menu_of_windows_goes_only_where_something_is():
    """cmd.exe finds labels only behind its own line ends, and reads the file in the code page of the machine."""
    text = (ROOT / "start_cloud.bat").read_bytes()
    assert text.isascii()
    assert text.count(b"\n") == text.count(b"\r\n") > 50
    labels = set(re.findall(rb"^:(\w+)", text, re.MULTILINE))
    wanted = set(re.findall(rb"\bgoto (\w+)|\bcall :(\w+)", text))
    assert {goto or call for goto, call in wanted} == labels
    for name in re.findall(rb"[\w\\.]+\.(?:txt|md|py|yaml)", text.replace(b".venv", b"")):
        path = name.decode().replace("\\", "/").lstrip("/")
        assert path == "installed.txt" or (ROOT / path).is_file(), path
