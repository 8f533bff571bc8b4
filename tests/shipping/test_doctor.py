"""`aimonitor doctor`: every check against the real thing, well and broken, with a next step for whatever fails."""

import asyncio
import contextlib
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from aimonitor.cli import main
from aimonitor.doctor import machine
from aimonitor.doctor.case import hub_address, read_case
from aimonitor.doctor.finding import Case, Finding, ok
from aimonitor.doctor.rounds import CHECKS, examine
from aimonitor.simulator.esp32cam import Esp32Cam, Setup


def look(case: Case, check: str) -> list[Finding]:
    findings = [reported.finding for reported in examine(case, [check])]
    assert findings, f"{check} said nothing"
    assert all(finding.next_step for finding in findings if finding.state in ("failed", "warning"))
    return findings


def one(case: Case, check: str) -> Finding:
    (finding,) = look(case, check)
    return finding


@pytest.fixture
def case(tmp_path) -> Case:
    """An installation of which nothing runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Case({}, hub=f"http://127.0.0.1:{port}", folder=tmp_path / "var")


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def web_server(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that gives `answer` to every request; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # clients that do not trust us hang up
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int, body: object = None, **headers: str) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        content = json.dumps(body).encode()
        for name, value in {"Content-Length": str(len(content)), "Connection": "close", **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return answer


# --- the hub ---------------------------------------------------------------------------------------------------------


def test_a_running_hub_is_well_in_every_respect(case, running_hub):
    case = replace(case, hub=running_hub.url)
    assert "0 edges, 0 viewers" in one(case, "hub").said
    assert one(case, "tls").state == "skipped"
    assert one(case, "token").state == "ok"
    assert one(case, "clock").state == "ok"
    own, founding = look(case, "websocket")
    assert (own.state, founding.state) == ("ok", "ok")
    assert own.said.startswith("own format: open")
    assert running_hub.counters.viewers_connected == 2


def test_a_hub_that_does_not_run_is_said_with_how_to_start_it(case):
    found = one(case, "hub")
    assert (found.state, "nobody listens" in found.said) == ("failed", True)
    assert "aimonitor hub" in found.next_step
    assert {finding.state for finding in look(case, "websocket")} == {"failed"}
    assert one(case, "clock").state == "skipped"


@pytest.mark.parametrize(("token", "state"), [("long-secret", "ok"), ("wrong", "failed"), ("", "warning")])
def test_the_token_is_tried_without_sending_anything(case, start_hub, token, state):
    hub = start_hub(tokens="yard:long-secret")
    found = one(replace(case, hub=hub.url, edge_token=token), "token")
    assert found.state == state
    assert hub.counters.founding_in == 0
    assert "long-secret" not in found.said + found.next_step


def test_a_hub_that_cannot_store_is_a_failure(case):
    with web_server(says(200, {"status": "degraded", "detail": "disk full"})) as port:
        assert "degraded: disk full" in one(replace(case, hub=f"http://127.0.0.1:{port}"), "hub").said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(503), "answers 503"),
        (says(200, "hello"), "not as a hub does"),
        (says(200, {"hello": 1}), "not as a hub does"),
        (says(404), "answers 404"),
    ],
)
def test_what_is_no_hub_is_recognized(case, answer, said):
    with web_server(answer) as port:
        assert said in one(replace(case, hub=f"http://127.0.0.1:{port}"), "hub").said


def test_a_name_that_does_not_exist_is_said(case):
    assert "not known" in one(replace(case, hub="http://no-such-hub.invalid"), "hub").said


def test_a_proxy_that_does_not_pass_websockets_on_is_told_what_to_change(case):
    with web_server(says(200, {"status": "ok"})) as port:
        for found in look(replace(case, hub=f"http://127.0.0.1:{port}"), "websocket"):
            assert found.state == "failed"
            assert "answered with 200" in found.said
            assert "proxy_http_version 1.1" in found.next_step


def test_a_proxy_that_gives_the_hub_another_name_is_told_to_pass_it_on(case, running_hub):
    with renaming_proxy(running_hub.port) as port:
        for found in look(replace(case, hub=f"http://127.0.0.1:{port}"), "websocket"):
            assert (found.state, "answered with 403" in found.said) == ("failed", True)
            assert "Host $http_host" in found.next_step


@contextlib.contextmanager
def renaming_proxy(port):
    """Passes connections on, with the `Host` that Nginx gives where nobody sets one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            for _ in range(2):
                near, _ = listener.accept()
                with near, socket.create_connection(("127.0.0.1", port)) as far:
                    far.sendall(re.sub(rb"(?i)\r\nhost: \S+", b"\r\nHost: hubs:8000", near.recv(65_536)))
                    near.sendall(far.recv(65_536))

        with ThreadPoolExecutor(1) as pool:
            serving = pool.submit(serve)
            yield listener.getsockname()[1]
            serving.result(10)


@pytest.mark.parametrize(("ahead_s", "state"), [(0, "ok"), (10, "warning"), (-90, "failed")])
def test_a_clock_that_is_wrong_is_found_by_the_hubs_date(case, ahead_s, state):
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.date_time_string = lambda *_: formatdate(time.time() - ahead_s, usegmt=True)
        says(200, {})(request)

    with web_server(answer) as port:
        found = one(replace(case, hub=f"http://127.0.0.1:{port}"), "clock")
    assert found.state == state
    if ahead_s:
        assert ("ahead of" if ahead_s > 0 else "behind") in found.said


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path) -> Callable[..., tuple[Path, ssl.SSLContext]]:
    """Make a certificate for a name and so many days; the file to trust, and a server's context."""

    def make(name: str = "localhost", days: int = 90) -> tuple[Path, ssl.SSLContext]:
        chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
        options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"]
        names = ["-addext", f"subjectAltName=DNS:{name}", "-days", str(days), "-keyout", str(key), "-out", str(chain)]
        try:
            subprocess.run(["openssl", "req", "-x509", *options, *names], check=True, capture_output=True, timeout=30)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return chain, context

    return make


def test_a_trusted_certificate_is_well_and_its_end_is_foretold(case, certificate, monkeypatch):
    for days, state in ((90, "ok"), (5, "warning")):
        chain, context = certificate(days=days)
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        with web_server(says(200), context) as port:
            found = one(replace(case, hub=f"https://localhost:{port}"), "tls")
        assert found.state == state
        assert "TLSv1.3" in found.said


def test_a_certificate_of_ones_own_is_explained(case, certificate):
    with web_server(says(200), certificate()[1]) as port:
        there = replace(case, hub=f"https://localhost:{port}")
        found = one(there, "tls")
        assert "SSL_CERT_FILE" in found.next_step
        assert "not trusted" in one(there, "hub").said


def test_a_certificate_for_another_name_is_explained(case, certificate, monkeypatch):
    chain, context = certificate("other.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    with web_server(says(200), context) as port:
        found = one(replace(case, hub=f"https://localhost:{port}"), "tls")
    assert found.state == "failed"
    assert "use the name that the certificate was made for" in found.next_step


def test_tls_to_a_plain_port_and_no_tls_to_the_world_are_said(case):
    with web_server(says(200)) as port:
        assert "ws://" in one(replace(case, hub=f"https://localhost:{port}"), "tls").next_step
    assert one(replace(case, hub="http://hub.example.org"), "tls").state == "warning"


# --- Redis, Telegram -------------------------------------------------------------------------------------------------


def test_redis_is_asked(case, redis_url):
    assert one(replace(case, redis_url=redis_url), "redis").state == "ok"
    assert one(case, "redis").state == "skipped"
    away = replace(case, redis_url="redis://:secret@127.0.0.1:1/0")
    assert one(away, "redis").state == "failed"
    assert "secret" not in one(away, "redis").said
    assert one(replace(case, redis_url="http://127.0.0.1:1"), "redis").state == "failed"


def test_a_redis_that_forgets_is_warned_of(case, redis_url):
    from aimonitor.hub.redis_address import connect

    async def set_aof(value: str) -> None:
        client = connect(redis_url)
        await client.config_set("appendonly", value)
        await client.aclose()

    asyncio.run(set_aof("no"))
    try:
        _, found = look(replace(case, redis_url=redis_url), "redis")
    finally:
        asyncio.run(set_aof("yes"))
    assert "--appendonly yes" in found.next_step


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (says(200, {"ok": True, "result": {"username": "yardbot"}}), "ok", "@yardbot"),
        (says(401, {"ok": False}), "failed", "does not know the token"),
        (says(502), "failed", "answers 502"),
        (says(200, {"hello": 1}), "failed", "not answer as Telegram"),
    ],
)
def test_telegram_is_asked_who_the_bot_is(case, answer, state, said):
    with web_server(answer) as port:
        found = one(replace(case, telegram_token="12:very-secret", telegram_api=f"http://127.0.0.1:{port}"), "telegram")
    assert found.state == state
    assert said in found.said
    assert "very-secret" not in found.said + found.next_step


def test_telegram_out_of_reach_does_not_show_the_token(case):
    found = one(replace(case, telegram_token="12:very-secret", telegram_api="http://127.0.0.1:1"), "telegram")
    assert found.state == "failed"
    assert "very-secret" not in found.said


# --- machine, detector, cameras --------------------------------------------------------------------------------------


def test_the_machine_is_described(case):
    assert "cores" in look(case, "cpu")[0].said


def test_a_disk_is_written_and_measured(case, tmp_path, monkeypatch):
    assert one(case, "disk").state in ("ok", "warning")
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    assert one(case, "disk").state == "failed"


def test_a_folder_that_cannot_be_written_is_said(case):
    if os.geteuid() == 0:
        case = replace(case, folder=Path("/proc/1/var"))
    else:
        case.folder.mkdir(mode=0o500)
    assert "cannot be written" in one(case, "disk").said


def test_a_detector_is_made_to_look(case, monkeypatch, tmp_path):
    monkeypatch.setenv("AIMONITOR_CACHE", str(tmp_path))
    assert "ms" in one(replace(case, detector="motion:"), "model").said
    assert "aimonitor models pull yolox-nano" in one(replace(case, detector="yolox-nano"), "model").next_step
    assert one(replace(case, detector="onnx:/no/such.onnx"), "model").state == "failed"


def test_a_camera_is_watched_and_its_password_is_not_shown(case):
    with Esp32Cam(Setup(size="QQVGA", fps=60.0, boot_s=0.2, sensor_wait_s=0.2)) as camera:
        address = camera.stream_url.replace("http://", "http://me:very-secret@")
        found = one(replace(case, cameras=(address,)), "camera")
    assert found.state in ("ok", "warning")
    assert "160x120" in found.said
    assert "very-secret" not in found.said


def test_no_camera_and_a_wrong_one_are_said(case):
    assert one(case, "camera").state == "skipped"
    found = one(replace(case, cameras=("/no/such/file.mp4",)), "camera")
    assert found.state == "failed"


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_next_steps_and_ends_with_one_when_something_failed(case, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "hub", "--hub", case.hub]) == 1
    shown = capsys.readouterr().out
    assert "FAILED   hub" in shown
    assert "-> start it" in shown
    assert "1 failed" in shown


def test_the_command_is_quiet_when_all_is_well(running_hub, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--quiet", "hub", "websocket", "--hub", running_hub.url]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_check_is_named_with_the_known_ones(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "hubb"]) == 1
    assert "there is no check 'hubb': expected some of settings, cpu" in capsys.readouterr().err


def test_a_check_that_breaks_does_not_hide_the_others(case, monkeypatch):
    def broken(_: Case) -> Iterator[Finding]:
        yield ok("so far")
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(machine, "cpu", broken)
    states = [reported.finding.state for reported in examine(case, ["cpu", "redis"])]
    assert states == ["ok", "failed", "skipped"]


def test_every_check_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["doctor", "--help"])
    listed = capsys.readouterr().out.partition("checks: ")[2].split("\n")[0].split()
    assert listed == list(CHECKS)


# --- where things are ------------------------------------------------------------------------------------------------


def test_the_case_comes_from_file_and_variables(tmp_path):
    file = tmp_path / "aimonitor.toml"
    file.write_text(
        '[edge]\nhub = "wss://hub.example.org"\ncamera = [{source = "usb:0"}]\n[hub]\nredis_url = "redis://r"'
    )
    secret = tmp_path / "token"
    secret.write_text("from-a-file\n")
    case = read_case({"AIMONITOR_EDGE_TOKEN_FILE": str(secret)}, config=file)
    assert case.hub == "https://hub.example.org"
    assert case.cameras == ("usb:0",)
    assert (case.redis_url, case.edge_token) == ("redis://r", "from-a-file")
    assert read_case({"REDIS_URL": "redis://v"}, config=file, cameras=["usb:1"]).cameras == ("usb:1",)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ws://hub:8000/ws/laptop", "http://hub:8000"),
        ("wss://hub.example.org/", "https://hub.example.org"),
        ("192.168.1.5:8000", "http://192.168.1.5:8000"),
        ("https://example.org/cams/ws", "https://example.org/cams"),
    ],
)
def test_any_address_of_a_hub_is_understood(given, expected):
    assert hub_address(given) == expected


@pytest.mark.parametrize("given", ["ftp://hub", "http://", ""])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match="expected an address of a hub"):
        hub_address(given)


def test_a_health_check_made_again_and_again_is_no_guessing(case, start_hub):
    hub = start_hub(tokens="yard:long-secret")
    for _ in range(10):
        assert one(replace(case, hub=hub.url), "hub").state == "ok"
    assert one(replace(case, hub=hub.url, edge_token="long-secret"), "token").state == "ok"
