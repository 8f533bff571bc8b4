"""Pictures and clips of incidents at the hub: asked of the edge, taken in chunks, given with ranges."""

import errno
import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hub_peers import founding_text, wait_until

from aimonitor.common.clock import ManualClock
from aimonitor.contract import messages
from aimonitor.hub.buses.memory import Ether, MemoryBus
from aimonitor.hub.media_store import (
    Held,
    MediaFile,
    MediaKeep,
    MediaName,
    MediaStore,
    NoRoomError,
    OffsetError,
    Span,
    read_span,
)

SNAPSHOT = "/api/media/yard/gate/i-1/snapshot.jpg"
CLIP = "/api/media/yard/gate/i-1/clip.avi"
NAME = MediaName("yard", "gate", "i-1", MediaFile.CLIP)


def put(hub, path, data, start=None, length=None, **headers):
    if start is not None:
        headers["content-range"] = f"bytes {start}-{start + len(data) - 1}/{length}"
    return httpx.put(hub.url + path, content=data, headers=headers)


def head(hub, path, **headers):
    return httpx.head(hub.url + path, headers=headers)


def error_of(answer):
    return answer.status_code, answer.json()["error"]


@pytest.fixture
def asking():
    """Ask for a file while the test plays the edge."""
    with ThreadPoolExecutor(4) as people:
        yield lambda hub, path=SNAPSHOT: people.submit(httpx.get, hub.url + path, timeout=30)


# --- asked of the edge ----------------------------------------------------------------------------------------------


def test_a_file_is_asked_of_its_edge_and_then_kept(running_hub, edge, asking):
    yard = edge(running_hub)
    first, second = asking(running_hub), asking(running_hub)
    command = yard.hear(messages.Command)
    assert (command.name, command.source) == ("media", "yard/gate")
    assert command.arguments == {"incident": "i-1", "file": "snapshot.jpg"}
    yard.say(messages.CommandResult(command.command_id, ok=True, words="4 bytes follow"))
    assert put(running_hub, SNAPSHOT, b"jpeg").status_code == 201
    for answer in (first.result(), second.result(), httpx.get(running_hub.url + SNAPSHOT)):
        assert (answer.status_code, answer.content) == (200, b"jpeg")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert running_hub.counters.media_asked == 1
    assert running_hub.counters.media_stored == 1


def test_files_are_on_the_receipt_of_the_uplink(running_hub, edge):
    edge(running_hub)
    assert put(running_hub, SNAPSHOT, b"j" * 5000).status_code == 201
    put(running_hub, SNAPSHOT.replace("gate", "never-named"), b"j" * 100)
    lines = httpx.get(running_hub.url + "/api/status").json()["traffic"]["lines"]
    media = {line["source"]: line["bytes"] for line in lines if line["kind"] == "media"}
    assert media.keys() == {"yard/gate", "yard"}
    assert 5000 <= media["yard/gate"] < 5020


def test_what_the_edge_does_not_have_is_404_in_its_words(running_hub, edge, asking):
    yard = edge(running_hub)
    answer = asking(running_hub)
    command = yard.hear(messages.Command)
    yard.say(messages.CommandResult(command.command_id, ok=False, words="there is no snapshot.jpg of i-1 here"))
    status, error = error_of(answer.result())
    assert (status, error["got"]) == (404, "there is no snapshot.jpg of i-1 here")


def test_an_edge_that_nobody_knows_and_one_that_speaks_the_founding_way_have_none(running_hub):
    assert error_of(httpx.get(running_hub.url + SNAPSHOT)) == (
        404,
        {"code": "missing", "field": "file", "expected": "an edge that the hub knows", "got": "yard"},
    )
    httpx.post(running_hub.url + "/api/data", content=founding_text())
    status, error = error_of(httpx.get(running_hub.url + "/api/media/default/default/i-1/clip.avi"))
    assert (status, error["expected"]) == (404, "an edge that keeps clips")


def test_an_edge_that_is_away_is_504(running_hub, edge):
    edge(running_hub).socket.close()
    wait_until(lambda: not running_hub.app.state.switchboard.roster.online)
    answer = httpx.get(running_hub.url + SNAPSHOT)
    assert error_of(answer) == (
        504,
        {"code": "edge_silent", "field": "file", "expected": "an edge that answers", "got": "yard is not connected"},
    )
    assert answer.headers["retry-after"] == "5"


def test_a_slow_edge_is_504_with_how_far_it_is(start_hub, edge, asking):
    hub = start_hub(media_wait_s=0.5)
    yard = edge(hub)
    put(hub, CLIP, b"abc", 0, 9)
    answer = asking(hub, CLIP)
    command = yard.hear(messages.Command)
    yard.say(messages.CommandResult(command.command_id, ok=True))
    status, error = error_of(answer.result())
    assert (status, error["got"]) == (504, "3 of 9 bytes yet; ask again")
    assert put(hub, CLIP, b"defghi", 3, 9).status_code == 201
    assert httpx.get(hub.url + CLIP).content == b"abcdefghi"


def test_viewers_do_not_hear_of_what_the_hub_asks(running_hub, edge, viewer, asking):
    yard, watcher = edge(running_hub), viewer(running_hub)
    answer = asking(running_hub)
    command = yard.hear(messages.Command)
    yard.say(messages.CommandResult(command.command_id, ok=False, words="none"))
    assert answer.result().status_code == 404
    watcher.say(messages.Ping(1.0))
    watcher.hear(messages.Pong)
    assert not [heard for heard in watcher.skipped if isinstance(heard, messages.CommandResult)]


def test_hubs_that_share_a_folder_give_what_came_to_the_other(start_hub, edge, asking, tmp_path):
    ether, shared = Ether(), str(tmp_path / "shared")
    here, there = (start_hub(bus=MemoryBus(ether), history_path=":memory:", media_path=shared) for _ in range(2))
    yard = edge(here)
    wait_until(lambda: there.app.state.switchboard.roster.online)
    answer = asking(there)
    command = yard.hear(messages.Command)
    yard.say(messages.CommandResult(command.command_id, ok=True))
    assert put(here, SNAPSHOT, b"jpeg").status_code == 201
    assert answer.result().content == b"jpeg"


# --- sent by the edge -----------------------------------------------------------------------------------------------


def test_an_upload_goes_on_where_it_was_cut_even_over_a_restart(start_hub, tmp_path):
    hub = start_hub()
    answer = put(hub, CLIP, b"abcd", 0, 10)
    assert (answer.status_code, answer.headers["upload-offset"]) == (202, "4")
    with socket.create_connection(("127.0.0.1", hub.port)) as cut:
        cut.sendall(
            f"PUT {CLIP} HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 4-7/10\r\nContent-Length: 4\r\n\r\nef".encode()
        )
    assert head(hub, CLIP).headers["upload-offset"] == "4"
    hub.stop()
    again = start_hub()
    there = head(again, CLIP)
    assert (there.status_code, there.headers["upload-offset"], there.headers["upload-length"]) == (404, "4", "10")
    wrong = put(again, CLIP, b"ij", 8, 10)
    assert (wrong.status_code, wrong.headers["upload-offset"]) == (409, "4")
    assert put(again, CLIP, b"efghij", 4, 10).status_code == 201
    assert (head(again, CLIP).status_code, head(again, CLIP).headers["content-length"]) == (200, "10")
    assert httpx.get(again.url + CLIP).content == b"abcdefghij"
    assert sorted(path.name for path in (tmp_path / "media" / "yard" / "gate" / "i-1").iterdir()) == ["clip.avi"]


def test_a_whole_file_is_not_written_again(running_hub):
    assert put(running_hub, SNAPSHOT, b"first").status_code == 201
    assert put(running_hub, SNAPSHOT, b"other").status_code == 201
    assert httpx.get(running_hub.url + SNAPSHOT).content == b"first"


def test_ranges_and_names_of_what_is_given(running_hub):
    put(running_hub, CLIP, bytes(range(100)))
    part = httpx.get(running_hub.url + CLIP, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert part.headers["content-type"] == "video/x-msvideo"
    assert part.headers["content-disposition"] == 'attachment; filename="gate-i-1.avi"'
    assert httpx.get(running_hub.url + CLIP, headers={"range": "bytes=-1"}).content == b"\x63"
    assert httpx.get(running_hub.url + CLIP, headers={"range": "bytes=100-"}).status_code == 416
    put(running_hub, "/api/media/yard/gate/i-1/clip.json", b"{}")
    index = httpx.get(running_hub.url + "/api/media/yard/gate/i-1/clip.json")
    assert (index.headers["content-type"], "content-disposition" in index.headers) == ("application/json", False)


@pytest.mark.parametrize(
    "path",
    [
        "yard/gate/i-1/passwd",
        "yard/gate/i-1/.clip.avi.10",
        "yard/gate/%2e%2e/snapshot.jpg",
        "yard/%2e%2e%2f%2e%2e%2fetc/i-1/snapshot.jpg",
        "yard/gate/i-1/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "yard/gate/.i-1/snapshot.jpg",
        "yard/gate/i%00/snapshot.jpg",
        "yard/gate/i%0a/snapshot.jpg",
        "yard/C:/i-1/snapshot.jpg",
        "yard/gate/" + "i" * 65 + "/snapshot.jpg",
    ],
)
def test_names_that_lead_elsewhere_are_refused(running_hub, path, tmp_path):
    for verb in (b"GET", b"PUT"):
        with socket.create_connection(("127.0.0.1", running_hub.port), 10) as raw:  # no client tidies the path up
            body = b"x" if verb == b"PUT" else b""
            raw.sendall(b"%s /api/media/%s HTTP/1.1\r\nHost: localhost\r\n" % (verb, path.encode()))
            raw.sendall(b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            assert raw.recv(1024).split(b" ")[1] in (b"404", b"422")
    assert not [file for file in (tmp_path / "media").rglob("*") if file.is_file()]


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("bytes 0-9/10", 5),
        ("bytes 5-4/10", 0),
        ("bytes 0-9/9", 10),
        ("bytes 0-4/*", 5),
        ("bytes */10", 5),
        ("5", 5),
        ("bytes 0-99999999999999/10", 5),
        ("", 0),
    ],
)
def test_a_range_that_does_not_fit_its_body_is_refused(running_hub, said, size):
    assert read_span(said, size) is None
    answer = httpx.put(running_hub.url + CLIP, content=b"x" * size, headers={"content-range": said} if said else {})
    status, error = error_of(answer)
    assert (status, error["field"], error["got"]) == (422, "content-range", said)


def test_what_is_too_large_is_refused(start_hub):
    hub = start_hub(media_file_mb=1)
    assert error_of(put(hub, CLIP, b"abc", 0, 1_000_001))[0] == 413
    assert put(hub, CLIP, b"abc", 0, 1_000_000).status_code == 202
    assert error_of(put(hub, CLIP, bytes(1024 * 1024 + 1)))[0] == 413


def test_a_token_speaks_for_its_own_edge_only(start_hub):
    hub = start_hub(tokens="yard:secret,shop:other")
    good, other, wrong = ({"authorization": f"Bearer {token}"} for token in ("secret", "other", "guess"))
    assert put(hub, SNAPSHOT, b"jpeg").status_code == 401
    assert put(hub, SNAPSHOT, b"jpeg", **wrong).status_code == 401
    assert head(hub, SNAPSHOT, **wrong).status_code == 401
    assert error_of(put(hub, SNAPSHOT, b"jpeg", **other)) == (
        403,
        {"code": "forbidden", "field": "edge", "expected": "the edge of this token, shop", "got": "yard"},
    )
    assert head(hub, SNAPSHOT).headers["upload-offset"] == "0"
    assert put(hub, SNAPSHOT, b"jpeg", **good).status_code == 201
    assert httpx.get(hub.url + SNAPSHOT).content == b"jpeg"
    for _ in range(5):
        put(hub, SNAPSHOT, b"jpeg", **wrong)
    assert put(hub, SNAPSHOT, b"jpeg", **good).status_code == 429


def test_a_full_disk_is_507_to_the_edge_and_to_who_waits(start_hub, edge, asking):
    hub = start_hub(media_headroom_mb=10**9)
    yard = edge(hub)
    answer = asking(hub)
    command = yard.hear(messages.Command)
    yard.say(messages.CommandResult(command.command_id, ok=True))
    wait_until(lambda: hub.counters.media_asked == 1)
    status, error = error_of(put(hub, SNAPSHOT, b"jpeg"))
    assert (status, error["got"]) == (507, "the disk is full up to its head-room")
    assert error_of(answer.result())[0] == 507


def test_a_folder_that_cannot_be_written_is_503(start_hub, tmp_path):
    (tmp_path / "file").write_text("in the way")
    hub = start_hub(media_path=str(tmp_path / "file"))
    assert error_of(put(hub, SNAPSHOT, b"jpeg"))[0] == 503


# --- the store ------------------------------------------------------------------------------------------------------


def incident(number: int, file: MediaFile = MediaFile.CLIP) -> MediaName:
    return MediaName("yard", "gate", f"i-{number}", file)


def whole(data: bytes) -> Span:
    return Span(0, len(data), len(data))


@pytest.fixture
def clock():
    return ManualClock()


def store_in(root: Path, clock: ManualClock, **keep: float) -> MediaStore:
    return MediaStore(root, MediaKeep(**{"headroom_bytes": 0, **keep}), clock)


def kept(root: Path) -> set[str]:
    return {path.parent.name for path in root.rglob("*") if path.is_file()}


def test_the_oldest_incidents_make_room(tmp_path, clock):
    store = store_in(tmp_path, clock, limit_bytes=100)
    for number in range(5):
        store.write(incident(number), whole(bytes(40)), bytes(40))
        clock.advance(60)
    assert kept(tmp_path) == {"i-3", "i-4"}
    store.write(incident(4, MediaFile.SNAPSHOT), whole(bytes(40)), bytes(40))
    assert kept(tmp_path) == {"i-4"}


def test_what_can_never_fit_removes_nothing(tmp_path, clock):
    store = store_in(tmp_path, clock, limit_bytes=100)
    store.write(incident(1), whole(bytes(90)), bytes(90))
    with pytest.raises(NoRoomError):
        store.write(incident(2), Span(0, 10, 101), bytes(10))
    with pytest.raises(NoRoomError):
        store.write(incident(1, MediaFile.SNAPSHOT), whole(bytes(11)), bytes(11))
    assert kept(tmp_path) == {"i-1"}
    full = store_in(tmp_path, clock, limit_bytes=100, headroom_bytes=10**18)
    with pytest.raises(NoRoomError, match="head-room"):
        full.write(incident(2), whole(bytes(5)), bytes(5))
    assert kept(tmp_path) == {"i-1"}


def test_a_file_that_is_coming_counts_in_full(tmp_path, clock):
    store = store_in(tmp_path, clock, limit_bytes=100)
    store.write(incident(1), Span(0, 1, 80), b"x")
    store.write(incident(2), Span(0, 1, 80), b"x")
    assert kept(tmp_path) == {"i-2"}
    with pytest.raises(OffsetError) as moved:
        store.write(incident(1), Span(1, 1, 80), b"y")
    assert moved.value.offset == 0


def test_what_is_too_old_goes(tmp_path, clock):
    store = store_in(tmp_path, clock, keep_s=3600.0)
    store.write(incident(1), whole(b"x"), b"x")
    clock.advance(1800)
    store.write(incident(2), whole(b"x"), b"x")
    clock.advance(1801)
    store.sweep()
    assert kept(tmp_path) == {"i-2"}


def test_another_length_begins_anew(tmp_path, clock):
    store = store_in(tmp_path, clock)
    store.write(NAME, Span(0, 3, 10), b"old")
    store.write(NAME, Span(0, 3, 8), b"new")
    assert store.held(NAME) == Held(3, 8)
    assert store.write(NAME, Span(3, 5, 8), b"-file").path.read_bytes() == b"new-file"


def test_a_disk_that_fills_up_in_the_middle_of_a_chunk_leaves_the_chunks_before(tmp_path, clock, monkeypatch):
    store = store_in(tmp_path, clock)
    store.write(NAME, Span(0, 4, 10), b"abcd")
    real_open = Path.open

    def open_on_a_full_disk(path, *arguments):
        file = real_open(path, *arguments)

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def __getattr__(self, name):
                return getattr(file, name)

            def write(self, data):
                file.write(data[:3])
                file.flush()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return Full()

    monkeypatch.setattr(Path, "open", open_on_a_full_disk)
    with pytest.raises(NoRoomError):
        store.write(NAME, Span(4, 6, 10), b"efghij")
    monkeypatch.undo()
    assert store.held(NAME) == Held(4, 10)
    assert store.write(NAME, Span(4, 6, 10), b"efghij").path.read_bytes() == b"abcdefghij"


def test_two_senders_of_one_file_leave_one_whole_file(running_hub):
    data = bytes(range(250)) * 40
    barrier = threading.Barrier(2)

    def send():
        barrier.wait(10)
        offset, tries = 0, 0
        while offset < len(data) and tries < 1000:
            tries += 1
            answer = put(running_hub, CLIP, data[offset : offset + 1000], offset, len(data))
            if answer.status_code == 201:
                return
            offset = int(answer.headers["upload-offset"])

    with ThreadPoolExecutor(2) as senders:
        list(senders.map(lambda _: send(), range(2)))
    assert httpx.get(running_hub.url + CLIP).content == data
    assert json.loads(httpx.get(running_hub.url + "/api/status").text)["counters"]["media_stored"] >= 1
