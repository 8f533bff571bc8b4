"""Pictures and clips on their way to the hub: what is sent, in which order, how fast, and when it gives up."""

import contextlib
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aimonitor.common.clock import SystemClock
from aimonitor.edge import media as media_module
from aimonitor.edge.delivery import CHUNK, HubAddress, Pace
from aimonitor.edge.media import MediaError, MediaSender

BIG = bytes(range(256)) * 3000  # three chunks


class ScriptedHub(ThreadingHTTPServer):
    """Takes files as the hub does, but first gives the answers of a script: a status, or `cut` in the body's middle."""

    daemon_threads = True

    def __init__(self, *script):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = deque(script)
        self.files = {}
        self.said = []
        self.tokens = set()

    @property
    def address(self):
        return HubAddress.of(f"ws://127.0.0.1:{self.server_port}/ws/laptop")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.server.said.append("HEAD")
        self.server.tokens.add(self.headers["authorization"])
        data, length = self.server.files.get(self.path, (b"", 0))
        if data and len(data) == length:
            self.answer(200)
        else:
            self.answer(404, len(data), length)

    def do_PUT(self):
        said = self.headers["content-range"]
        self.server.said.append(said)
        step = self.server.script.popleft() if self.server.script else None
        if step == "cut":
            self.rfile.read(1000)
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers["content-length"]))
        data, _ = self.server.files.get(self.path, (b"", 0))
        if step is not None:
            self.answer(step, len(data))
            return
        start, length = int(said.split()[1].split("-")[0]), int(said.rpartition("/")[2])
        if start == len(data):
            data += body
            self.server.files[self.path] = data, length
            self.answer(201 if len(data) == length else 202, len(data), length)
        else:
            self.answer(409, len(data), length)

    def answer(self, status, offset=None, length=0):
        self.send_response(status)
        if offset is not None:
            self.send_header("Upload-Offset", str(offset))
            self.send_header("Upload-Length", str(length))
        if status in (301, 307):
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextlib.contextmanager
def at_work(hub, root, token="secret", start=True, spend=lambda _size: None):
    serving = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    sender = MediaSender(root, hub.address, "yard", token, SystemClock(), bytes_per_s=1e9, spend=spend)
    if start:
        sender.start()
    try:
        yield sender
    finally:
        if start:
            sender.close()
        hub.shutdown()
        serving.join()
        hub.server_close()


def until(condition):
    waiting = threading.Event()
    for _ in range(2000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come to that within 20 s")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "clips" / "gate" / "i-1"
    folder.mkdir(parents=True)
    (folder / "snapshot.jpg").write_bytes(b"jpeg")
    (folder / "clip.avi").write_bytes(BIG)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def path(file, incident="i-1"):
    return f"/api/media/yard/gate/{incident}/{file}"


def test_a_file_goes_in_chunks_with_the_edges_token(root):
    hub = ScriptedHub()
    with at_work(hub, root) as sender:
        assert sender.ask("gate", "i-1", "clip.avi") == "768000 bytes follow"
        until(lambda: sender.sent == 1)
    assert hub.files[path("clip.avi")] == (BIG, len(BIG))
    assert hub.said == ["HEAD", "bytes 0-262143/768000", "bytes 262144-524287/768000", "bytes 524288-767999/768000"]
    assert hub.tokens == {"Bearer secret"}


def test_every_byte_of_a_file_is_spent_also_what_has_to_be_said_twice(root):
    spent = []
    with at_work(ScriptedHub(None, "cut"), root, spend=spent.append) as sender:
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: sender.sent == 1)
    assert len(BIG) < sum(spent) <= len(BIG) + 262_144


def test_a_cut_in_the_middle_costs_one_chunk(root):
    hub = ScriptedHub(None, "cut", None, "cut")
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: sender.sent == 1)
    assert hub.files[path("clip.avi")] == (BIG, len(BIG))
    starts = [said.split()[1].split("-")[0] for said in hub.said if said != "HEAD"]
    assert starts == ["0", "262144", "262144", "524288", "524288"]
    assert hub.said.count("HEAD") == 3


def test_what_the_hub_has_is_not_sent_again(root):
    hub = ScriptedHub()
    hub.files[path("snapshot.jpg")] = b"jpeg", 4
    hub.files[path("clip.avi")] = BIG[:CHUNK], len(BIG)
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "snapshot.jpg")
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: sender.sent == 2)
    assert hub.said[:3] == ["HEAD", "HEAD", f"bytes {CHUNK}-{2 * CHUNK - 1}/{len(BIG)}"]


def test_the_remains_of_another_file_are_not_continued(root):
    hub = ScriptedHub()
    hub.files[path("snapshot.jpg")] = b"ab", 3
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "snapshot.jpg")
        until(lambda: len(hub.said) >= 2)
        assert hub.said[1] == "bytes 0-3/4"


def test_a_busy_hub_is_asked_again(root):
    hub = ScriptedHub(503, 500, 429)
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "snapshot.jpg")
        until(lambda: sender.sent == 1)
    assert hub.files[path("snapshot.jpg")] == (b"jpeg", 4)


@pytest.mark.parametrize("status", [301, 307, 401, 403, 413, 422, 507])
def test_a_hub_that_refuses_is_not_asked_again_nor_followed_elsewhere(root, status):
    hub = ScriptedHub(status)
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "snapshot.jpg")
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: sender.sent == 1)
        assert sender.failed == 1
    assert list(hub.files) == [path("clip.avi")]
    assert hub.said[:2] == ["HEAD", "bytes 0-3/4"]


def test_a_hub_that_can_never_be_reached_is_given_up(root, monkeypatch):
    monkeypatch.setattr(media_module, "_GIVE_UP_S", 0.0)
    hub = ScriptedHub("cut")
    with at_work(hub, root) as sender:
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: sender.failed == 1)


def test_a_hub_that_sends_in_circles_is_given_up(root):
    for status in (202, 409):
        hub = ScriptedHub(*[status] * 9)
        hub.files[path("clip.avi")] = BIG[:10], len(BIG)
        with at_work(hub, root) as sender:
            sender.ask("gate", "i-1", "clip.avi")
            until(lambda sender=sender: sender.failed == 1)
        assert hub.said == ["HEAD", *["bytes 10-262153/768000"] * 9]


@pytest.mark.parametrize(
    ("camera", "incident", "file", "words"),
    [
        ("gate", "i-2", "clip.avi", "there is no clip.avi of i-2 here, or not yet"),
        ("gate", "i-1", "boxes.jpg", "there is no boxes.jpg of i-1 here, or not yet"),
        ("gate", "i-1", "../../../secret.txt", "expected one of snapshot.jpg, boxes.jpg, clip.avi, clip.json"),
        ("gate", "../../..", "snapshot.jpg", r"expected a name of letters"),
        ("gate", "../gate/i-1", "snapshot.jpg", r"expected a name of letters"),
        ("..", "i-1", "snapshot.jpg", r"expected a name of letters"),
        ("gate", "i-1\n", "snapshot.jpg", r"expected a name of letters"),
        ("gate", "", "snapshot.jpg", r"expected a name of letters"),
        ("gate", "x" * 5000, "snapshot.jpg", r"expected a name of letters"),
    ],
)
def test_what_cannot_be_sent_is_said(root, camera, incident, file, words):
    sender = MediaSender(root, HubAddress.of("ws://127.0.0.1:9/ws/laptop"), "yard", "", SystemClock())
    with pytest.raises(MediaError, match=words):
        sender.ask(camera, incident, file)


def test_people_go_before_policy_and_the_longest_waiting_falls_out(root):
    for number in range(40):
        folder = root / "clips" / "gate" / f"n-{number}"
        folder.mkdir()
        (folder / "snapshot.jpg").write_bytes(b"x")
    hub = ScriptedHub()
    with at_work(hub, root, start=False) as sender:
        for number in range(40):
            sender.follow("gate", f"n-{number}")
        sender.ask("gate", "n-39", "snapshot.jpg")
        sender.ask("gate", "n-39", "snapshot.jpg")
        sender.ask("gate", "i-1", "snapshot.jpg")
        assert sender.dropped == 9
        sender.start()
        until(lambda: sender.sent == 32)
        sender.close()
    kept = [path("snapshot.jpg", f"n-{number}") for number in range(9, 39)]
    assert list(hub.files) == [path("snapshot.jpg", "n-39"), path("snapshot.jpg"), *kept]


def test_a_file_that_made_room_meanwhile_is_passed_over(root):
    hub = ScriptedHub()
    with at_work(hub, root, start=False) as sender:
        sender.ask("gate", "i-1", "snapshot.jpg")
        sender.ask("gate", "i-1", "clip.avi")
        (root / "clips" / "gate" / "i-1" / "snapshot.jpg").unlink()
        sender.start()
        until(lambda: sender.sent == 1)
        assert sender.failed == 1
        sender.close()


def test_closing_does_not_wait_for_a_slow_file(root):
    hub = ScriptedHub()
    with at_work(hub, root, start=False):
        sender = MediaSender(root, hub.address, "yard", "", SystemClock(), bytes_per_s=10.0)
        sender.start()
        sender.ask("gate", "i-1", "clip.avi")
        until(lambda: len(hub.said) == 2)
        sender.close(timeout_s=30)
        assert not sender._thread.is_alive()
        assert (sender.sent, sender.failed) == (0, 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://192.168.1.5:8000/ws/laptop", HubAddress("192.168.1.5", 8000, "", secure=False)),
        ("wss://hub.example.org/ws/laptop", HubAddress("hub.example.org", 443, "", secure=True)),
        ("wss://example.org/monitor/ws/laptop", HubAddress("example.org", 443, "/monitor", secure=True)),
        ("ws://[::1]/ws/laptop", HubAddress("::1", 80, "", secure=False)),
        ("ws://hub/other", HubAddress("hub", 80, "", secure=False)),
    ],
)
def test_files_go_where_the_uplink_goes(url, expected):
    assert HubAddress.of(url) == expected


def test_a_pace_is_kept_on_average_and_not_caught_up_after_a_rest():
    pace = Pace(1000.0)
    assert pace.pause_s(500, at=0.0) == 0.5
    assert pace.pause_s(500, at=0.6) == pytest.approx(0.5)
    assert pace.pause_s(1000, at=0.6) == pytest.approx(1.5)
    assert pace.pause_s(100, at=100.0) == pytest.approx(0.1)
