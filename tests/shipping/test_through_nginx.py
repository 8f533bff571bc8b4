"""What visitors meet in production, Nginx with TLS before the hub: dawdlers, malformed frames, the doctor."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.extend(str(Path(__file__).parents[1] / name) for name in ("system", "faults"))

from autobahn import failures, find_wstest, verdicts
from behind_nginx import nginx
from programs import Program, answers, free_port, wait_until
from test_autobahn import COMPRESSION, OVER_2_MIB, echo
from websockets.sync.client import connect

from aimonitor.contract.messages import SUBPROTOCOL
from aimonitor.hub import serve
from aimonitor.hub.settings import HubSettings


@pytest.fixture
def front(tmp_path):
    port = free_port()
    with Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path) as hub:
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
    options = {"ssl": front.trust, "subprotocols": [SUBPROTOCOL]}
    with connect(f"wss://localhost:{front.port}/ws", **options) as viewer:
        assert json.loads(viewer.recv(10))["type"] == "welcome"


SLOW = {
    "headers": ["-H", "-i", "3"],
    "bodies": ["-B", "-i", "3", "-s", "8192"],
    "readers": ["-X", "-w", "1", "-y", "2", "-n", "3", "-z", "1"],
}


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
def test_autobahn_finds_nothing_through_nginx(tmp_path):
    wstest = find_wstest()
    settings = HubSettings(port=0)
    listener = serve.bind(settings)
    server = serve.make_server(settings, echo)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        with nginx(tmp_path, listener.getsockname()[1]) as front:
            plan = {
                "outdir": str(tmp_path / "report"),
                "servers": [{"agent": "nginx", "url": f"wss://localhost:{front.port}/ws"}],
                "cases": ["*"],
                "exclude-cases": [*COMPRESSION, *OVER_2_MIB],
                "exclude-agent-cases": {},
            }
            (tmp_path / "plan.json").write_text(json.dumps(plan))
            command = [str(wstest), "-m", "fuzzingclient", "-s", str(tmp_path / "plan.json")]
            environ = {**os.environ, "SSL_CERT_FILE": str(front.certificate)}
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=500, env=environ)
    finally:
        server.stop()
        thread.join(20)
        listener.close()
    found = verdicts(tmp_path / "report")
    print(f"Autobahn through Nginx: {len(found)} cases")
    assert len(found) > 200
    assert failures(found) == {}


@pytest.mark.parametrize(("version", "taken"), [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_only_tls_of_today_is_taken(front, version, taken):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{front.port}", version, "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert (done.returncode == 0) is taken
