"""What visitors meet in production, Nginx with TLS before the hub: refusals, dawdlers, malformed frames, the doctor."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.extend(str(Path(__file__).parents[1] / name) for name in ("system", "faults"))

import autobahn
import httpx
from behind_nginx import nginx
from programs import Program, answers, free_port, wait_until
from rehearsal import HubProcess
from test_autobahn import COMPRESSION, OVER_2_MIB, echo
from test_openapi import CLOSED, WITH_TOKEN, ask_everything, operations
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from aimonitor.contract.messages import SUBPROTOCOL
from aimonitor.hub import serve
from aimonitor.hub.answers import Refused
from aimonitor.hub.settings import HubSettings

TOKEN = "for-the-wall-display"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def front(tmp_path):
    port = free_port()
    tokens = {"AIMONITOR_TOKENS": f"@viewer:{TOKEN}"}
    with Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path, environ=tokens) as hub:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, hub.output, hub)
        with nginx(tmp_path, port) as front:
            yield front


def test_a_viewer_and_the_doctor_come_through(front, tmp_path):
    trusting = {"SSL_CERT_FILE": str(front.certificate)}
    command = ("doctor", "--hub", front.url, "hub", "tls", "websocket")
    with Program.aimonitor(*command, log=tmp_path / "doctor.log", cwd=tmp_path, environ=trusting) as doctor:
        doctor.process.wait(30)
    assert "0 failed" in doctor.output(), doctor.output()
    assert "TLSv1.3" in doctor.output()
    assert front.status("/metrics") == 404
    options = {"ssl": front.trust, "subprotocols": [SUBPROTOCOL], "additional_headers": SHOWN}
    with connect(f"wss://localhost:{front.port}/ws", **options) as viewer:
        assert json.loads(viewer.recv(10))["type"] == "welcome"


@pytest.mark.parametrize("path", ["/ws", "/ws/laptop"])
def test_a_socket_comes_through_under_the_name_and_address_of_its_visitor(front, tmp_path, path):
    """Without the name no page would be live, without the address all visitors would be one to every limit."""
    options = {"ssl": front.trust, "additional_headers": SHOWN, "source_address": ("127.0.0.2", 0)}
    with connect(f"wss://localhost:{front.port}{path}", origin=front.url, **options):
        pass
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"wss://localhost:{front.port}{path}", origin="https://elsewhere.example", **options)
    heard = (tmp_path / "hub.log").read_text()
    assert re.findall(r'(\S+):\d+ - "WebSocket \S+" \[?(\w+)', heard) == [
        ("127.0.0.2", "accepted"),
        ("127.0.0.2", "403"),
    ]


SLOW = {
    "headers": ["-H", "-i", "3"],
    "bodies": ["-B", "-i", "3", "-s", "8192"],
    "readers": ["-X", "-w", "1", "-y", "2", "-n", "3", "-z", "1"],
}


HEAD = b"Host: localhost\r\nConnection: close\r\n"
OF_NGINX = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "invalid"),
    "no HTTP": (b"\x16\x03\x01 nonsense\r\n\r\n", 400, "invalid"),
    "a length and chunks": (
        b"POST /api/data HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" % HEAD, 400, "invalid"
    ),
    "metrics": (b"GET /metrics HTTP/1.1\r\n%s\r\n" % HEAD, 404, "missing"),
    "TRACE": (b"TRACE / HTTP/1.1\r\n%s\r\n" % HEAD, 405, "wrong_method"),
    "4 MB": (b"POST /api/data HTTP/1.1\r\n%sContent-Length: 4000000\r\n\r\n" % HEAD, 413, "too_large"),
    "a long path": (b"GET /%s HTTP/1.1\r\n%s\r\n" % (b"a" * 9000, HEAD), 414, "too_large"),
    "a long header": (b"GET / HTTP/1.1\r\nX: %s\r\n%s\r\n" % (b"a" * 9000, HEAD), 431, "too_large"),
    "an unknown encoding": (b"POST /api/data HTTP/1.1\r\n%sTransfer-Encoding: gzip\r\n\r\n" % HEAD, 501, "invalid"),
    "HTTP/3.0": (b"GET / HTTP/3.0\r\n%s\r\n" % HEAD, 505, "invalid"),
}  # fmt: skip


def dial(front):
    """A connection with TLS, to say anything over."""
    return front.trust.wrap_socket(socket.create_connection(("127.0.0.1", front.port), 5), server_hostname="localhost")


def said(front, request):
    """Status, headers and text of the answer to these bytes."""
    with dial(front) as wire:
        wire.sendall(request)
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        return answer.status, answer.headers, answer.read().decode()


def test_what_nginx_itself_refuses_is_said_as_the_hub_says_it(front):
    for what, (request, status, code) in OF_NGINX.items():
        got, headers, text = said(front, request)
        assert (got, headers["content-type"]) == (status, "application/json"), what
        refused = Refused.model_validate_json(text)
        assert json.loads(text)["error"]["code"] == code, what
        assert refused.error.expected, what
    assert "PATCH" in said(front, OF_NGINX["TRACE"][0])[1]["allow"]
    assert said(front, b"GET /refused HTTP/1.1\r\n%s\r\n" % HEAD)[0] == 404


def test_too_many_requests_are_told_when_to_come_again(front):
    with dial(front) as wire:
        wire.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 399 + b"GET / HTTP/1.1\r\n%s\r\n" % HEAD)
        said = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert said.count(b"HTTP/1.1 200") >= 200
    refused = said[said.index(b"HTTP/1.1 429") :]
    assert b"Retry-After: 1\r\n" in refused
    assert b'"code":"busy"' in refused


def test_a_hub_that_is_away_is_said_to_programs_and_to_people(tmp_path):
    with nginx(tmp_path, free_port()) as front:
        status, headers, text = said(front, b"GET /health HTTP/1.1\r\n%s\r\n" % HEAD)
        assert (status, headers["retry-after"], json.loads(text)["error"]["code"]) == (502, "2", "unavailable")
        status, headers, text = said(front, b"GET / HTTP/1.1\r\nAccept: text/html, */*\r\n%s\r\n" % HEAD)
        assert (status, headers["content-type"], headers["refresh"]) == (502, "text/html", "3")
        assert "tries again" in text


def status_for_somebody_else(front):
    """The status of /health for a visitor with another address than the dawdlers', whom limits are meant for."""
    visitor = http.client.HTTPSConnection(
        "localhost", front.port, timeout=10, context=front.trust, source_address=("127.0.0.2", 0)
    )
    try:
        visitor.request("GET", "/health")
        return visitor.getresponse().status
    except OSError as error:
        return str(error)
    finally:
        visitor.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", SLOW)
def test_three_hundred_dawdlers_keep_nobody_out(front, tmp_path, way):
    program = shutil.which("slowhttptest")
    if program is None:
        pytest.skip("slowhttptest is not installed")
    path = "/api/data" if way == "bodies" else "/openapi.json"
    command = [program, *SLOW[way], "-c", "300", "-r", "100", "-l", "20", "-p", "3", "-u", front.url + path]
    answered, took, stop = [], [], threading.Event()

    def knock():
        while not stop.wait(0.25):
            began = time.monotonic()
            answered.append(status_for_somebody_else(front))
            took.append(time.monotonic() - began)

    knocking = threading.Thread(target=knock)
    knocking.start()
    try:
        subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    finally:
        stop.set()
        knocking.join(20)
    print(f"slow {way}: {len(took)} others were answered, the slowest after {max(took):.2f} s")
    assert set(answered) == {200}, "somebody was turned away"
    assert len(took) > 20
    assert max(took) < 5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_autobahn_finds_nothing_through_nginx(tmp_path, measured):
    settings = HubSettings(port=0)
    listener = serve.bind(settings)
    server = serve.make_server(settings, echo)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        with nginx(tmp_path, listener.getsockname()[1]) as front:
            url, trusting = f"wss://localhost:{front.port}/ws", {"SSL_CERT_FILE": str(front.certificate)}
            found = autobahn.ask(url, tmp_path, [*COMPRESSION, *OVER_2_MIB], **trusting)
    finally:
        server.stop()
        thread.join(20)
        listener.close()
    autobahn.judge(found, 270, "the hub as server, behind Nginx with TLS", measured)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_answer_through_nginx_is_documented(tmp_path, measured):
    """As fast as Nginx lets one address ask; `/metrics` is not for the public there."""
    hub = HubProcess(tmp_path, **CLOSED, AIMONITOR_HUB_OPEN_LOCALLY="false", AIMONITOR_HUB_TRUSTED_PROXIES="*")
    hub.start()
    try:
        with nginx(tmp_path, hub.port) as front:
            document = httpx.get(f"{front.url}/openapi.json", verify=front.trust).json()
            del document["paths"]["/metrics"]
            trusting = ("--tls-verify", str(front.certificate))
            cases = ask_everything(document, front.url, tmp_path, *trusting, *WITH_TOKEN, "--rate-limit", "50/s")
            assert front.status() == 200
    finally:
        hub.program.stop()
    assert "Traceback" not in hub.program.output()
    what = f"schemathesis, {operations(document)} operations, closed, behind Nginx with TLS"
    measured("B10", f"{what}: server errors, undocumented answers", "0, 0", f"0, 0 in {cases} cases")


@pytest.mark.parametrize(("version", "taken"), [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_only_tls_of_today_is_taken(front, version, taken):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{front.port}", version, "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert (done.returncode == 0) is taken
