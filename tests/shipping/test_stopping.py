"""SIGTERM, with which Docker and systemd stop programs, ends each of them cleanly and soon."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aimonitor import cli

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("AIMONITOR_", "TELEGRAM"))}
    return subprocess.Popen(
        [sys.executable, "-m", "aimonitor", *arguments],
        cwd=folder,
        env={**environ, "PYTHONUNBUFFERED": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ends_at_sigterm(process: subprocess.Popen[str], once_it_says: str) -> str:
    """Wait until the program is at work, end it; what it said. It has to end by itself, with exit code 0."""
    said = ""
    try:
        for line in process.stdout:
            said += line
            if once_it_says in line:
                break
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=10)[0]
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    return said


def test_the_simulator_ends_with_its_report(running_hub, tmp_path):
    process = start(tmp_path, "simulate", "--hub", running_hub.ws("/ws/laptop"), "--fps", "2")
    report = ends_at_sigterm(process, "connected to the hub").strip().splitlines()[-1]
    assert json.loads(report)["edges"] == 1


def test_the_bot_ends(running_hub, tmp_path):
    class Telegram(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path.endswith("/getUpdates"):
                time.sleep(0.2)
            result = {"id": 1, "is_bot": True, "username": "yardbot"} if self.path.endswith("/getMe") else []
            content = json.dumps({"ok": True, "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telegram)
    server.handle_error = lambda *_: None  # the bot hangs up in the middle of an answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        api = f"http://127.0.0.1:{server.server_address[1]}"
        process = start(tmp_path, "bot", "--hub", running_hub.url, TELEGRAM_TOKEN="1:a", AIMONITOR_BOT_API_BASE=api)
        said = ends_at_sigterm(process, "the Telegram bot is @yardbot")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "Traceback" not in said


def test_process_1_of_a_container_hears_of_its_end_while_it_still_starts(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    try:
        with pytest.raises(SystemExit):
            cli.main(["--version"])
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
