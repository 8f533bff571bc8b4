"""A hub that sleeps, as free plans let it: the edge waits, speaks up itself when it must, and refills who wakes."""

import http.server
import json
import threading
import urllib.request
from contextlib import contextmanager

import pytest
from films import film
from programs import Program, answers, free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

TOKEN = "123456:secret-of-the-bot"
STANDING = [{"label": "person", "score": 0.9, "box": [0.45, 0.3, 0.55, 0.8]}]
CONFIG = """\
[edge]
edge_id = "yard"
hub = "ws://127.0.0.1:{port}"
token = "a-long-secret-of-ours"
detector = "scripted:standing.jsonl"
hub_away_s = 10
telegram_api = "{api}"

[[edge.camera]]
id = "gate"
source = "moving.avi"
policy = "policy.toml"
loop = true
"""
POLICY = """\
[levels]
watch = 0.01
alert = 0.02
critical = 0.03

[zones.yard]
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
restricted = true
"""


@contextmanager
def server(port, take):
    """`take(path, body)` answers every request with a status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(take(self.path, body))
            self.end_headers()

        do_GET = do_POST  # noqa: N815  # as http.server names it

        def log_message(self, *_):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def test_an_edge_waits_for_a_hub_that_wakes_and_tells_telegram_meanwhile(tmp_path):
    port, told, knocks = free_port(), [], []

    def telegram(path, body):
        told.append((path, json.loads(body)))
        return 200

    def asleep(path, _body):
        knocks.append(path)
        return 503

    film(tmp_path / "moving.avi")
    (tmp_path / "standing.jsonl").write_text(json.dumps(STANDING) + "\n")
    (tmp_path / "policy.toml").write_text(POLICY)
    environ = {"TELEGRAM_TOKEN": TOKEN, "CHAT_ID": "42"}
    with server(0, telegram) as api:
        (tmp_path / "aimonitor.toml").write_text(CONFIG.format(port=port, api=api))
        with Program.aimonitor("edge", log=tmp_path / "edge.log", cwd=tmp_path, environ=environ) as edge:
            with server(port, asleep):  # as the platform answers until the hub is up
                wait_until(lambda: told, 60, edge.output, edge)
            path, message = told[0]
            assert path == f"/bot{TOKEN}/sendMessage"
            assert message["chat_id"] == 42
            assert "CRITICAL" in message["text"]
            assert "gate" in message["text"]
            assert 1 < len(knocks) < 30, "it keeps knocking, with patience"
            hub_environ = {"PORT": str(port), "AIMONITOR_TOKENS": "yard:a-long-secret-of-ours,@viewer:a-secret-to-look"}
            hub_environ |= {"AIMONITOR_HUB_HISTORY_PATH": ":memory:", "AIMONITOR_HUB_HOST": "127.0.0.1"}
            hub = Program.aimonitor("hub", log=tmp_path / "hub.log", cwd=tmp_path, environ=hub_environ)
            with hub:
                wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, hub.output, hub)
                wait_until(lambda: kept(port), 60, edge.output, edge)
                assert any(event["level"] == "CRITICAL" for event in kept(port)), "the hub was refilled"
            assert TOKEN not in edge.output()
    assert len(told) == 1


def kept(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/history?limit=100")
    request.add_header("Authorization", "Bearer a-secret-to-look")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["events"]
