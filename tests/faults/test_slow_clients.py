"""Clients that send or read as slowly as they can, to hold places: bare, and with the Nginx that we ship before us."""

import contextlib
import re
import shutil
import ssl
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
from programs import Program, free_port, wait_until
from rehearsal import HubProcess
from rough import TEXT, close_code, connect, knock, send_as_taken, status_of, ws_frame

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 20
MODES = {
    "heads": ["-H", "-i", "2", "-x", "8"],
    "bodies": ["-B", "-i", "2", "-s", "8192", "-x", "8", "-f", "application/json"],
    "readers": ["-X", "-n", "2", "-z", "32", "-w", "64", "-y", "128", "-k", "10"],
}
PATHS = {"heads": "/health", "bodies": "/api/data", "readers": "/api/schema"}


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.program.stop()
    assert "Traceback" not in process.program.output()


@pytest.fixture
def nginx(hub, tmp_path):
    """Our configuration, with other ports and folders; its https address."""
    program, openssl = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("needs nginx and openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
         "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    plain, tls = free_port(), free_port()
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    for before, after in (
        ("listen 8080", f"listen 127.0.0.1:{plain}"), ("listen 8443", f"listen 127.0.0.1:{tls}"),
        ("http://hubs:8000", f"http://127.0.0.1:{hub.port}"), ("/tmp/", f"{tmp_path}/"),
        ("/certificates/", f"{tmp_path}/"), ("/dev/stdout", f"{tmp_path}/access.log"),
        ("include /etc/nginx/mime.types;", ""),
    ):  # fmt: skip
        text = text.replace(before, after)
    (tmp_path / "nginx.conf").write_text(text)
    (tmp_path / "resolver.conf").write_text("resolver 127.0.0.1;\n")
    tmp_path.chmod(0o755)
    command = (program, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path), "-g", "daemon off;")
    with Program(*command, log=tmp_path / "nginx.log", cwd=tmp_path) as running:
        url = f"https://127.0.0.1:{tls}"
        wait_until(lambda: _status(url) == 200, 20, running.output, running)
        yield url


def _status(url):
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health", verify=_trusting(), timeout=2).status_code
    return 0


def _trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Witness:
    """Asks for /health all the time; the longest answer, and how many did not come."""

    def __init__(self, url):
        self.worst_s, self.failed, self.asked = 0.0, 0, 0
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _ask(self):
        elsewhere = httpx.HTTPTransport(verify=_trusting(), local_address="127.0.0.2")  # limits are by address
        with httpx.Client(transport=elsewhere, timeout=5) as client:
            while not self._over.wait(0.2):
                began = time.monotonic()
                try:
                    good = client.get(f"{self._url}/health").status_code == 200
                except httpx.HTTPError:
                    good = False
                self.asked += 1
                self.failed += not good
                self.worst_s = max(self.worst_s, time.monotonic() - began)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("before", ["bare", "behind Nginx"])
def test_slowhttptest(request, mode, before, hub, tmp_path, measured):
    program = shutil.which("slowhttptest")
    if program is None:
        pytest.skip("needs slowhttptest (Debian: slowhttptest)")
    url = hub.url if before == "bare" else request.getfixturevalue("nginx")
    with Witness(url) as witness:
        run = subprocess.run(
            [program, *MODES[mode], "-c", "200", "-r", "100", "-l", str(SECONDS), "-p", "3", "-u", url + PATHS[mode]],
            capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False,
        )  # fmt: skip
    said = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
    available = re.findall(r"service available:\s+(\w+)", said)
    assert available, said[-2000:]
    measured("B9", f"slowhttptest, 200 slow {mode}, {before}: longest /health, unanswered", "<= 3 s, 0",
             f"{witness.worst_s * 1000:.0f} ms, {witness.failed} of {witness.asked}")  # fmt: skip
    assert witness.failed == 0
    assert witness.worst_s < 3
    assert set(available) == {"YES"}


def _seconds_until_end(wire, drip, every_s=1.0):
    """Send `drip` every second; the seconds until the hub has ended the connection, and its answer."""
    began, data = time.monotonic(), b""
    wire.settimeout(every_s)
    while time.monotonic() - began < 120:
        try:
            if drip:
                wire.sendall(drip)
            piece = wire.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            break
        data += piece
        if not piece:
            break
        if data.startswith(b"HTTP/1.1 408"):
            break
    wire.close()
    return time.monotonic() - began, data


def test_what_the_hub_itself_does_to_the_slow(hub, measured):
    """Bare: nothing sent, a head of a byte a second, a body of a byte a second."""
    for what, first, drip in (
        ("nothing at all", b"", b""),
        ("a byte a second of a head", b"GET /health HTTP/1.1\r\nHost: h\r\n", b"X"),
        (
            "a byte a second of a body",
            b"POST /api/data HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n",
            b"{",
        ),
    ):
        wire = connect(hub.port)
        wire.sendall(first)
        seconds, answer = _seconds_until_end(wire, drip)
        measured("B9", f"{what}: closed after", "<= 20 s, 408", f"{seconds:.0f} s, {status_of(answer)}")
        assert status_of(answer) == 408
        assert seconds < 20


def test_a_websocket_of_a_byte_a_second(hub, measured):
    """Nobody who sends a message in drops can answer the server's ping, and so is let go."""
    wire = knock(hub.port, "/ws/laptop")
    message = ws_frame(TEXT, b"{" + b" " * 5000)
    began = time.monotonic()
    wire.settimeout(10)
    for at in range(len(message)):
        send_as_taken(wire, message[at : at + 1])
        if _ended(wire):
            break
    wire.close()
    seconds = time.monotonic() - began
    measured("B9", "a WebSocket message of a byte a second: closed after", "<= 75 s", f"{seconds:.0f} s")
    assert seconds < 75


def _ended(wire):
    wire.settimeout(1.0)
    try:
        return not wire.recv(65_536)
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_reader_that_reads_nothing(hub, measured):
    """Bare: an answer of megabytes to somebody who never takes it."""
    wire = connect(hub.port)
    wire.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 100)
    began = time.monotonic()
    wait_until(lambda: _sockets(hub) == 0, 90, hub.program.output, hub.program)
    seconds = time.monotonic() - began
    wire.close()
    measured("B9", "answers that nobody reads: closed after", "<= 60 s", f"{seconds:.0f} s")
    assert seconds < 60


def _sockets(hub):
    """Connections of the hub's process, its listening socket and its own files aside."""
    lines = Path(f"/proc/{hub.program.process.pid}/net/tcp").read_text().splitlines()[1:]
    here = f":{hub.port:04X}"
    return sum(1 for line in lines if line.split()[1].endswith(here) and line.split()[3] == "01")


def test_half_a_hello_is_no_hello(hub):
    """Bare: a WebSocket that never says who it is."""
    wire = knock(hub.port, "/ws/laptop", "aimonitor.v2")
    wire.settimeout(30)
    assert close_code(wire) == 1008
