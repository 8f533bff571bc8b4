"""What comes is not what was agreed: every door refuses it clearly, goes on, and needs no more memory afterwards."""

import base64
import contextlib
import json
import re
import time

import httpx
import pytest
from programs import wait_until
from rehearsal import JPEG_HEAD, HubProcess
from rough import (
    BINARY,
    CONT,
    PING,
    TEXT,
    close_code,
    connect,
    knock,
    memory_mib,
    read_to_end,
    send_as_taken,
    status_of,
    ws_frame,
)
from websockets.sync.client import connect as dial

from aimonitor.contract import codec, frames, messages

OURS = messages.SUBPROTOCOL
MIB = 1024 * 1024
DOORS = [("/ws/laptop", ""), ("/ws/laptop", OURS), ("/ws", ""), ("/ws", OURS)]
FOUNDING = {"frame_id": 1, "timestamp": 1.0, "risk_score": 0.5, "risk_level": "WATCH"}
JPEG = JPEG_HEAD + bytes(64) + b"\xff\xd9"


def founding(**fields):
    return json.dumps({**FOUNDING, **fields}).encode()


NONSENSE = {
    "no JSON": b"nonsense",
    "an array": b"[]",
    "a wrong type": founding(risk_score="high"),
    "NaN": founding(risk_score=float("nan")),
    "Infinity": founding(timestamp=float("inf")),
    "100,000 arrays": b"[" * 100_000,
    "30,000 objects": b'{"a":' * 30_000,
    "a number of 5,000 digits": founding().replace(b'"frame_id": 1', b'"frame_id": ' + b"1" * 5000),
    "a name twice and no value": b'{"type":"hello","type":}',
    "half a surrogate": b'{"frame_id": 1, "video_frame": "\\ud800"}',
    "nothing": b"",
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    process = HubProcess(tmp_path_factory.mktemp("hub"))
    process.start()
    yield process
    process.program.stop()
    log = process.program.output()
    assert "Traceback" not in log, log
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARNING|ERROR) ", line) for line in log.splitlines())


@pytest.fixture
def pid(hub):
    return hub.program.process.pid


@contextlib.contextmanager
def greet(hub, edge_id="yard", name="Gate"):
    """An edge of ours that has said its Hello."""
    address = f"ws://127.0.0.1:{hub.port}/ws/laptop"
    with dial(address, subprotocols=[OURS], compression=None, ping_interval=None) as socket:
        socket.send(codec.encode(messages.Hello("test", edge_id, cameras=(messages.CameraInfo("gate", name),))))
        yield socket


def hear(socket, kind):
    while True:
        data = socket.recv(timeout=10)
        if isinstance(data, str) and isinstance(message := codec.decode(data), kind):
            return message


def test_text_that_is_no_message(hub, measured):
    """B1, by HTTP and at the doors for edges."""
    statuses = {
        name: httpx.post(f"{hub.url}/api/data", content=body, headers={"content-type": "application/json"}).status_code
        for name, body in {**NONSENSE, "not UTF-8": b"\xff\xfe"}.items()
    }
    assert set(statuses.values()) == {422}, statuses
    codes = set()
    for name, body in NONSENSE.items():
        for path, protocol in DOORS[:2]:
            wire = knock(hub.port, path, protocol)
            send_as_taken(wire, ws_frame(TEXT, body) * 6)  # one may be a token
            codes.add((name, path, protocol, close_code(wire)))
    assert {code for *_, code in codes} == {1008}, codes
    for path, protocol in DOORS:
        wire = knock(hub.port, path, protocol)
        send_as_taken(wire, ws_frame(TEXT, b"\xff\xfe"))
        assert close_code(wire) == 1007
    measured("B1", f"{len(statuses)} kinds of nonsense, {len(codes)} connections of five", "422; 1008 or 1007; no 500",
             f"{set(statuses.values())}; 1008 and 1007")  # fmt: skip


def test_extra_fields_and_tomorrows_messages_are_no_errors(hub):
    answer = httpx.post(f"{hub.url}/api/data", json={**FOUNDING, "mood": "sunny", "scene": {"dogs": 3}})
    assert answer.status_code == 200
    with greet(hub, "tomorrow") as edge:
        hear(edge, messages.Welcome)
        for _ in range(20):
            edge.send('{"type":"from_tomorrow","deep":[[[[1]]]]}')
        edge.send(codec.encode(messages.Ping(1.0)))
        hear(edge, messages.Pong)


@pytest.mark.parametrize(
    ("what", "frames_sent", "code"),
    [
        ("2 MiB and a byte", ws_frame(BINARY, bytes(2 * MIB + 1)), 1009),
        ("10,000 fragments", ws_frame(TEXT, b"a", fin=False) + ws_frame(CONT, b"a", fin=False) * 10_000, 1009),
        ("a million empty fragments", ws_frame(TEXT, fin=False) + ws_frame(CONT, fin=False) * 1_000_000, 1009),
        ("a ping of 126 bytes", ws_frame(PING, bytes(126)), 1002),
        ("compressed zeros, not agreed upon", ws_frame(BINARY, bytes(20_000), compressed=True), 1002),
        ("no mask", b"\x81\x01a", 1002),
        ("a length of 2^63", b"\x82\xff\x80" + bytes(7) + bytes(4), 1009),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_frames_that_are_too_much(hub, pid, measured, what, frames_sent, code):
    """B2, at every door, eight times."""
    for path, protocol in DOORS:
        wire = knock(hub.port, path, protocol)
        send_as_taken(wire, frames_sent)
        assert close_code(wire) == code
    before = memory_mib(pid)
    for path, protocol in DOORS * 2:
        wire = knock(hub.port, path, protocol)
        send_as_taken(wire, frames_sent)
        assert close_code(wire) == code
    grown = memory_mib(pid) - before
    measured("B2", f"{what}, 8 times: close code, memory grown", f"{code}, < 10 MiB", f"{code}, {grown:.1f} MiB")
    assert grown < 10


def test_who_asks_and_never_reads_the_answers_is_cut_off(hub, pid, measured):
    """B2: pings are answered, but not kept for one who does not take the answers."""
    wire, pings = knock(hub.port), ws_frame(PING, bytes(125)) * 2000
    before, sent = memory_mib(pid), 0
    cut_off = False
    while not cut_off and sent < 200 * MIB:
        try:
            sent += wire.send(pings)
        except ConnectionError:
            cut_off = True
    wire.close()
    grown = memory_mib(pid) - before
    measured("B2", "pings whose answers are not read: memory grown", "< 10 MiB, cut off",
             f"{grown:.1f} MiB after {sent / MIB:.0f} MiB")  # fmt: skip
    assert cut_off
    assert grown < 10


def sized(width, height, marker=0xC0, rest=b""):
    size = bytes([0xFF, marker, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0])
    return b"\xff\xd8" + size + b"\xff\xda\x00\x08" + rest + b"\xff\xd9"


PICTURES = {
    "144 MP": sized(12_000, 12_000),
    "0x0": sized(0, 0),
    "cut off": sized(160, 120)[:9],
    "10,000 scans": sized(160, 120, 0xC2, b"\xff\xda\x00\x08" * 10_000),
    "garbage": b"\xff\xd8" + bytes(range(1, 250)) * 8,
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "GIF": b"GIF89a" + bytes(64),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "HTML and JPEG": b"<!doctype html><script>alert(1)</script>" + sized(160, 120),
}


def test_pictures_that_nobody_should_open(hub, pid, measured):
    """B3, in both formats."""
    before = memory_mib(pid)
    for content in PICTURES.values():
        answer = httpx.post(f"{hub.url}/api/data", json={**FOUNDING, "video_frame": base64.b64encode(content).decode()})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "$.video_frame")
    for number, (name, content) in enumerate(PICTURES.items()):
        with greet(hub, f"painter{number}") as edge:
            hear(edge, messages.Welcome)
            edge.send(frames.encode(frames.FrameHeader(f"painter{number}/gate", 1, 1.0, 160, 120), content))
            assert hear(edge, messages.Refusal).field in ("jpeg", "frame.jpeg"), name
        snapshot = httpx.get(f"{hub.url}/api/snapshot/painter{number}/gate.jpg")
        assert snapshot.status_code == 404, name
    grown = memory_mib(pid) - before
    measured("B3", f"{len(PICTURES)} kinds of pictures in both formats: memory grown", "422 or refusal, < 20 MiB",
             f"{grown:.1f} MiB")  # fmt: skip
    assert grown < 20


def test_a_script_inside_a_picture_stays_a_picture(hub):
    """B3: the camera's bytes are handed on untouched, so what they are is said in a way that no browser doubts."""
    comment = b"\xff\xfe\x00\x1b<script>alert(1)</script>"
    picture = JPEG[:2] + comment + JPEG[2:]
    answer = httpx.post(f"{hub.url}/api/data", json={**FOUNDING, "video_frame": base64.b64encode(picture).decode()})
    assert answer.status_code == 200
    given = httpx.get(f"{hub.url}/api/snapshot/default/default.jpg")
    assert given.content == picture
    assert given.headers["content-type"] == "image/jpeg"
    assert given.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in given.headers["content-security-policy"]


NAMES = ['"><img src=x onerror=alert(1)>', "../../etc/passwd", "درِ ورودی می‌خانه", "بوابة ٣", "שער 2", "Ворота 🚪👨‍👩‍👧"]
NO_NAMES = ["gate\u202etxt.exe", "a\r\nb", "\x1b[31mred", "x" * 10_240, "\u2028", "\x00"]


NO_PATHS = [
    "/api/snapshot/..%2f..%2fetc/passwd.jpg",
    "/api/snapshot/a%0d%0ab/c.jpg",
    "/api/snapshot/a/%1b[31m.jpg",
    "/api/snapshot/%D8%AF/%D8%B1.jpg",
    "/api/history?source=../../etc/passwd",
]


def test_names_that_people_give(hub, measured):
    """B4: any script and emoji as they are, nothing that acts on the text around it."""
    for number, name in enumerate(NAMES):
        with greet(hub, f"n{number}", name) as edge:
            hear(edge, messages.Welcome)
            shown = {each["source"]: each["name"] for each in _cameras(hub)}
            assert shown[f"n{number}/gate"] == name
    for number, name in enumerate(NO_NAMES):
        wire = knock(hub.port, "/ws/laptop", OURS)
        said = {
            "type": "hello",
            "software": "x",
            "edge_id": f"m{number}",
            "cameras": [{"camera_id": "g", "name": name}],
        }
        send_as_taken(wire, ws_frame(TEXT, json.dumps(said).encode()))
        assert close_code(wire) == 1008
    for path in NO_PATHS:
        assert httpx.get(hub.url + path).status_code in (404, 422), path
    measured(
        "B4", f"{len(NAMES)} names shown as they are, {len(NO_NAMES)} refused", "all", "all; the log stays in lines"
    )


def _cameras(hub):
    return [camera for edge in httpx.get(f"{hub.url}/api/status").json()["edges"] for camera in edge["cameras"]]


def test_what_was_said_before_or_at_another_time(hub, measured):
    """B8: stored once whatever is repeated, in order; the hub's own time stands beside what a wrong clock says."""
    with greet(hub, "again") as edge:
        hear(edge, messages.Welcome)
        day = 86_400.0
        now = time.time()
        for seq, at in ((1, now), (2, now + day), (3, now - day), (2, now), (1, now), (3, now)):
            edge.send(
                codec.encode(messages.Event("again/gate", seq, f"i{seq}", "person", "opened", at=at, opened_at=at))
            )
        wait_until(lambda: _events(hub, "again") == 3, 10)
        edge.send(codec.encode(messages.Ping(1.0)))
        hear(edge, messages.Pong)
    stored = httpx.get(f"{hub.url}/api/history", params={"edge": "again"}).json()["events"]
    assert [(each["seq"], each["incident_id"]) for each in stored] == [(3, "i3"), (2, "i2"), (1, "i1")]
    assert all(abs(each["received_at"] - now) < 60 for each in stored)
    assert round(stored[1]["at"] - stored[1]["received_at"], -2) == day
    duplicates = httpx.get(f"{hub.url}/api/status").json()["counters"]["events_duplicate"]
    measured("B8", "6 events: 3 repeated, 2 a day off", "3 stored once, both times kept",
             f"3 stored, {duplicates} duplicates counted")  # fmt: skip


def _events(hub, edge_id):
    return len(httpx.get(f"{hub.url}/api/history", params={"edge": edge_id}).json()["events"])


POST = b"POST /api/data HTTP/1.1\r\nHost: h\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
REQUESTS = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), {400}),
    "HTTP/9.9": (b"GET / HTTP/9.9\r\n\r\n", {400}),
    "a path of bytes": (b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n", {400}),
    "CONNECT": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    "two lengths": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", {400}),
    "100 kB of one header": (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", {431}),
    "10,000 headers": (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: abcdef\r\n" * 10_000 + b"\r\n", {431}),
    "a header without end": (b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000, {431}),
    "a path of 100 kB": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", {400, 414, 431}),
    "no key": (b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", {400, 426}),
    "an origin of bytes": (UPGRADE + b"Origin: \xff\xfe\r\n\r\n", {403}),
    "an origin that is no address": (UPGRADE + b"Origin: http://[\r\n\r\n", {403}),
    "a way out of the folder": (b"GET /assets/%2e%2e/%2e%2e/settings.py HTTP/1.1\r\nHost: h\r\n\r\n", {404}),
}  # fmt: skip


@pytest.mark.parametrize("what", REQUESTS)
def test_requests_that_are_none(hub, what):
    request, statuses = REQUESTS[what]
    wire = connect(hub.port)
    send_as_taken(wire, request)
    wire.settimeout(10)
    answer = wire.recv(4096)
    wire.close()
    assert status_of(answer) in statuses, answer


def test_more_connections_than_places_are_told(start_hub):
    """The places of connections that are no WebSockets, from an address that is no proxy of ours."""
    small = start_hub(max_http_connections=8, trusted_proxies="192.0.2.1")
    wires = [connect(small.port) for _ in range(3)]
    try:
        assert [status_of(read_to_end(wire)) for wire in wires[2:]] == [503]
        wires[0].sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
        assert status_of(wires[0].recv(4096)) == 200
    finally:
        for wire in wires:
            wire.close()
    wait_until(lambda: httpx.get(small.url + "/health").status_code == 200, 10)
