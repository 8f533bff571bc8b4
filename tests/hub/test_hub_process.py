"""The hub as a process: how it starts, refuses to start, and stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ROOT = Path(__file__).parent.parent.parent
DOOR = str(ROOT / "cloud_api.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {**os.environ, "AIMONITOR_HUB_HISTORY_PATH": str(tmp_path / "hub.sqlite3"), **variables}


@pytest.fixture
def run_door(tmp_path):
    """Start the founding door as a process; it is stopped at the end."""
    started = []

    def run(*arguments: str, **variables: str) -> subprocess.Popen:
        command = [sys.executable, *(arguments or (DOOR,))]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment(tmp_path, **variables), stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < deadline, "the hub did not answer within 30 s"
        try:
            urlopen(url, timeout=5).close()
        except URLError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the hub ended: {process.communicate()[1]}")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_founding_door_serves_and_stops_cleanly(run_door, stop):
    port = free_port()
    process = run_door(PORT=str(port), AIMONITOR_HUB_HOST="127.0.0.1")
    wait_for(f"http://127.0.0.1:{port}/health", process)
    with connect(f"ws://127.0.0.1:{port}/ws", ping_interval=None) as viewer:
        process.send_signal(stop)
        with pytest.raises(ConnectionClosed):
            viewer.recv(timeout=10)
        assert viewer.close_code == 1012
    errors = process.communicate(timeout=10)[1]
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert f"http://127.0.0.1:{port}" in errors


def test_who_asks_a_hundred_things_and_hangs_up_leaves_no_fault_behind(run_door):
    port = free_port()
    process = run_door(PORT=str(port), AIMONITOR_HUB_HOST="127.0.0.1")
    wait_for(f"http://127.0.0.1:{port}/health", process)
    with socket.create_connection(("127.0.0.1", port)) as rude:
        rude.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 100)
        rude.recv(1)
        time.sleep(1)  # until what nobody takes is more than the socket holds
    wait_for(f"http://127.0.0.1:{port}/health", process)
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=10)[1]
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_uvicorn_can_serve_the_founding_door_too(run_door):
    port = free_port()
    process = run_door("-m", "uvicorn", "cloud_api:app", "--app-dir", str(ROOT), "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/health", process)


def end_of(process: subprocess.Popen) -> tuple[int, str]:
    errors = process.communicate(timeout=30)[1]
    return process.returncode, errors.strip().splitlines()[-1]


def test_a_port_in_use_is_one_line_that_says_what_to_do(run_door):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, last = end_of(run_door(DOOR, "--port", str(port)))
    assert code == 1
    assert last.endswith(f"port {port} is in use: stop the program that has it, or choose another with --port or PORT")


def test_a_history_that_cannot_be_written_is_one_line(run_door, tmp_path):
    (tmp_path / "file").write_text("in the way")
    process = run_door(DOOR, "--port", "0", AIMONITOR_HUB_HISTORY_PATH=str(tmp_path / "file" / "hub.sqlite3"))
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert "expected a writable SQLite file" in errors.strip().splitlines()[-1]


def test_a_wrong_setting_is_one_line_that_names_it(run_door):
    code, last = end_of(run_door(WEBSOCKET_MAX_CONNECTIONS="many"))
    assert code == 1
    assert "WEBSOCKET_MAX_CONNECTIONS" in last
    assert "'many'" in last


def test_a_wrong_token_setting_does_not_show_the_token(run_door):
    code, last = end_of(run_door(AIMONITOR_TOKENS="bad edge name:very-secret-token"))
    assert code == 1
    assert "AIMONITOR_TOKENS" in last
    assert "very-secret-token" not in last


def test_the_hub_never_imports_what_only_an_edge_needs():
    code = (
        "import sys, aimonitor.hub.serve, aimonitor.hub.stores.sqlite, aimonitor.hub.stores.memory, aimonitor.cli;"
        "print([name for name in ('numpy', 'cv2', 'onnxruntime', 'aimonitor.edge') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]", answer


AT_REST = """
import asyncio, os, signal, sys
from aimonitor.cli import main  # as `aimonitor hub` comes to it
from aimonitor.hub import serve
from aimonitor.hub.settings import HubSettings

def announce(text):
    global port
    port = int(text.rpartition(":")[2])

async def look():
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.05)
    writer.write(b"GET /health HTTP/1.1\\r\\nHost: hub\\r\\nConnection: close\\r\\n\\r\\n")
    assert b" 200 " in await reader.readline()
    writer.close()
    print(*(name for name in sys.argv[1:] if sys.modules.get(name) is not None))
    os.kill(os.getpid(), signal.SIGTERM)

serve.run(HubSettings(port=0, history_path=sys.argv[1]), announce, beside=[look])
"""
NOT_AT_REST = [
    *(
        "aimonitor.common.websocket_client",
        "websockets.client",
        "urllib.request",
        "webbrowser",
        "getpass",
    ),  # other commands
    *("aimonitor.hub.exposition", "prometheus_client", "wsgiref"),  # being asked for metrics
    *("argon2", "_cffi_backend", "cryptography"),  # signing in, web push
    *("aimonitor.hub.neighbors", "aimonitor.hub.buses.redis", "aimonitor.hub.stores.redis", "opentelemetry.sdk"),
    *("difflib", "tomllib"),  # settings that are wrong or in a file
    *("pydantic.v1", "jinja2", "httpx"),  # nothing
]
"""What a hub needs for something that many never do."""


def test_a_hub_at_rest_has_not_loaded_what_it_may_never_need(tmp_path):
    """60 MB are promised (benchmarks/fanout.py measures them); what is named here was 4 MB of them."""
    command = [sys.executable, "-c", AT_REST, str(tmp_path / "hub.sqlite3"), *NOT_AT_REST]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert (answer.returncode, answer.stdout.split()) == (0, []), answer.stderr
