"""A file from an address, whatever the network does."""

import hashlib
import random
import threading

import pytest

from aimonitor.models.errors import FetchError
from aimonitor.models.fetch import download
from aimonitor.models.registry import Download

CONTENT = random.Random(1).randbytes(300_000)


def origin_of(server, content=CONTENT):
    return Download(server.url, hashlib.sha256(content).hexdigest(), len(content))


def test_a_file_arrives_whole_with_its_progress(server, tmp_path):
    server.content = CONTENT
    seen = []
    path = download(origin_of(server), tmp_path / "deep" / "file.onnx", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def test_a_lost_connection_is_resumed_where_it_stopped(server, tmp_path):
    server.content = CONTENT
    server.cut_after = [100_000]
    assert download(origin_of(server), tmp_path / "file.onnx").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_running_again_resumes_what_an_earlier_run_left(server, tmp_path):
    server.content = CONTENT
    server.cut_after = [100_000, 0, 0]
    with pytest.raises(FetchError, match="100,000 of 300,000"):
        download(origin_of(server), tmp_path / "file.onnx")
    assert not (tmp_path / "file.onnx").exists()
    server.asked.clear()
    server.cut_after = []
    assert download(origin_of(server), tmp_path / "file.onnx").read_bytes() == CONTENT
    assert server.asked == ["bytes=100000-"]


def test_a_server_without_ranges_is_read_from_the_start(server, tmp_path):
    server.content = CONTENT
    server.ranges = False
    server.cut_after = [100_000]
    assert download(origin_of(server), tmp_path / "file.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize("other", [CONTENT[:-1] + b"x", CONTENT + b"more", b"<html>log in</html>"])
def test_another_file_than_expected_is_refused_and_not_kept(server, tmp_path, other):
    server.content = other
    with pytest.raises(FetchError) as caught:
        download(origin_of(server), tmp_path / "file.onnx")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "file.onnx").exists()
    server.content = CONTENT  # and what was left of it does no harm to the next run
    assert download(origin_of(server), tmp_path / "file.onnx").read_bytes() == CONTENT


def test_a_file_of_another_size_is_refused_before_it_is_read(server, tmp_path):
    server.content = CONTENT * 10
    seen = []
    with pytest.raises(FetchError, match=r"expected 300,000 bytes .* got 3,000,000 bytes"):
        download(origin_of(server), tmp_path / "file.onnx", lambda done, _: seen.append(done))
    assert seen == []


def test_once_there_it_needs_no_network(server, tmp_path):
    server.content = CONTENT
    download(origin_of(server), tmp_path / "file.onnx")
    download(origin_of(server), tmp_path / "file.onnx")
    assert len(server.asked) == 1


def test_a_file_that_rotted_is_fetched_anew(server, tmp_path):
    server.content = CONTENT
    path = download(origin_of(server), tmp_path / "file.onnx")
    path.write_bytes(CONTENT[:1000])
    assert download(origin_of(server), path).read_bytes() == CONTENT


def test_two_at_once_fetch_it_once(server, tmp_path):
    server.content = CONTENT
    threads = [threading.Thread(target=download, args=(origin_of(server), tmp_path / "file.onnx")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1
    assert (tmp_path / "file.onnx").read_bytes() == CONTENT


def test_an_error_of_the_server_is_named(server, tmp_path):
    server.status = 404
    with pytest.raises(FetchError, match="the server answered 404 Not Found"):
        download(origin_of(server), tmp_path / "file.onnx")


def test_nobody_there_is_one_line(tmp_path, free_port):
    origin = Download(f"http://127.0.0.1:{free_port}/x", "0" * 64, 10)
    with pytest.raises(FetchError, match="refused") as caught:
        download(origin, tmp_path / "file.onnx")
    assert "\n" not in str(caught.value)


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
