"""`docker compose up` for real: built, started, watched through TLS, every service killed, whole again."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import containers
import pytest
from websockets.asyncio.client import connect

from aimonitor.contract import codec, messages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

TARGETS = ("hub", "bot", "edge")
CORE = ("redis", "hub", "nginx", "simulator")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class System:
    """The composed system and how a person reaches it."""

    engine: containers.Engine
    https: int
    http: int
    trust: ssl.SSLContext
    built_s: dict[str, float]
    profiles: str = "sim"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    @property
    def settings(self) -> dict[str, str]:
        return {"HTTPS": f"127.0.0.1:{self.https}", "HTTP": f"127.0.0.1:{self.http}"}

    def compose(self, *arguments: str) -> str:
        return self.engine.compose(*arguments, profiles=self.profiles, settings=self.settings)

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=3, context=self.trust) as answer:
            return json.load(answer)

    def events(self) -> list[dict]:
        """Everything that the history has, oldest first."""
        found, before = [], ""
        while True:
            page = self.get(f"/api/history?limit=1000&samples=0{before}")
            found += page["events"]
            if page["next_before"] is None:
                return sorted(found, key=lambda event: event["id"])
            before = f"&before={page['next_before']}"

    def wait_whole(self, within: float = 90.0) -> float:
        """Until the edge is there and what it says from now on is stored; the seconds that it took."""
        started, since = time.monotonic(), time.time()
        while time.monotonic() - started < within:
            with contextlib.suppress(OSError, IndexError, ValueError):
                newest = self.get("/api/history?limit=1&samples=1")["samples"][0]["at"]
                if newest > since and self.get("/health")["edges"] == 1:
                    return time.monotonic() - started
            time.sleep(0.1)
        logs = self.compose("logs", "--tail=20")[-6000:]
        pytest.fail(f"not whole within {within:.0f} s:\n{self.compose('ps')}\n{logs}")

    def wait_event(self, within: float = 90.0) -> None:
        """Until one more event is stored."""
        known, deadline = len(self.events()), time.monotonic() + within
        while len(self.events()) <= known:
            assert time.monotonic() < deadline, f"no event was stored within {within:.0f} s"
            time.sleep(0.2)


def assert_gapless(events: list[dict]) -> None:
    """The one edge numbers its events: what is stored must be all of them, once, in their order."""
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "an event was lost, doubled or out of order"


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    problem = containers.missing()
    if problem:
        pytest.skip(f"containers cannot be run here: {problem}")
    folder = tmp_path_factory.mktemp("engine")
    with containers.Engine(folder).running() as engine:
        engine.import_stand_ins()
        built_s = {target: engine.build(target) for target in TARGETS}
        made = System(engine, free_port(), free_port(), ssl.create_default_context(), built_s)
        try:
            made.compose("up", "-d", "--no-build")
            certificate = folder / "fullchain.pem"
            engine.podman("cp", f"{engine.container('nginx')}:/certificates/fullchain.pem", certificate)
            made.trust.load_verify_locations(certificate)
            made.wait_whole()
            made.wait_event()
            yield made
        finally:
            made.compose("down", "--volumes", "--timeout", "5")


def test_the_hubs_image_is_small_and_has_no_opencv(system):
    sizes = {target: system.engine.added_mb(target) for target in TARGETS}
    print("over the base image:", {target: f"{size:.0f} MB" for target, size in sizes.items()})
    print("built in:", {target: f"{took:.0f} s" for target, took in system.built_s.items()})
    assert sizes["hub"] < 75  # python:3.12-slim has 125 MB: 200 MB in all
    look = "import importlib.util as u, sys; sys.exit(any(u.find_spec(n) for n in ('cv2', 'numpy', 'onnxruntime')))"
    system.engine.podman("run", "--rm", "--entrypoint", "python", "aimonitor-hub", "-c", look)


def test_a_viewer_sees_live_pictures_through_tls(system):
    async def watch() -> tuple[bytes, dict]:
        address = f"wss://localhost:{system.https}/ws"
        async with connect(address, ssl=system.trust, subprotocols=[messages.SUBPROTOCOL]) as ours:
            assert isinstance(codec.decode(await ours.recv()), messages.Welcome)
            await ours.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=20)))
            while not isinstance(picture := await asyncio.wait_for(ours.recv(), 20), bytes):
                pass
        async with connect(address, ssl=system.trust) as founding:
            return picture, json.loads(await asyncio.wait_for(founding.recv(), 20))

    picture, founding = asyncio.run(watch())
    assert b"\xff\xd8\xff" in picture
    assert {"frame_id", "video_frame", "risk_score"} <= founding.keys()


def test_plain_http_leads_to_https_and_only_nginx_is_published(system):
    with socket.create_connection(("127.0.0.1", system.http), 5) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = connection.recv(2000).decode()
    assert answer.startswith("HTTP/1.1 308")
    assert "Location: https://localhost/x" in answer
    published = system.engine.podman("ps", "--format", "{{.Names}}|{{.Ports}}").splitlines()
    assert [line.split("|")[0] for line in published if line.split("|")[1]] == [system.engine.container("nginx")]


def test_metrics_are_not_for_the_public(system):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        system.get("/metrics")


@pytest.mark.parametrize("service", CORE)
def test_each_service_has_no_rights(system, service):
    pid = system.engine.inspect(service, ".State.Pid")
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert status["Uid"].split()[0] != "0"
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    assert system.engine.inspect(service, ".HostConfig.ReadonlyRootfs") == "true"


def test_the_edges_secret_is_made_and_needed(system):
    message = json.dumps({"frame_id": 1}).encode()
    request = urllib.request.Request(f"{system.url}/api/data", data=message, headers={"X-Token": "wrong"})
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=5, context=system.trust)


def test_the_doctor_in_a_container_finds_the_hub(system):
    said = system.compose("exec", "-T", "simulator", "aimonitor", "doctor", "hub", "websocket", "tls")
    assert "0 failed" in said


def test_killed_services_come_back_and_no_event_is_lost(system):
    took = {}
    for service in CORE:
        os.kill(int(system.engine.inspect(service, ".State.Pid")), signal.SIGKILL)
        took[service] = system.wait_whole()
        system.wait_event()
    print("whole again after SIGKILL of:", {service: f"{seconds:.1f} s" for service, seconds in took.items()})
    assert_gapless(system.events())


def test_a_second_hub_takes_over(system):
    system.profiles = "sim,scale"
    system.compose("up", "-d", "--no-build")
    system.wait_whole()
    system.compose("stop", "hub")
    print(f"with the first hub stopped: whole again after {system.wait_whole():.1f} s")
    system.wait_event()
    assert_gapless(system.events())
    system.compose("start", "hub")


@pytest.mark.parametrize("service", ["simulator", "hub", "nginx", "redis"])
def test_each_service_ends_within_five_seconds(system, service):
    started = time.monotonic()
    system.compose("stop", service)
    took = time.monotonic() - started
    code = system.engine.inspect(service, ".State.ExitCode")
    system.compose("start", service)
    system.wait_whole()
    print(f"{service} ended after {took:.1f} s with {code}")
    assert code == "0", "killed, because it did not end in time"


def test_a_bot_without_a_token_says_what_is_missing(system):
    with pytest.raises(AssertionError, match="expected a token in TELEGRAM_TOKEN"):
        system.engine.podman("run", "--rm", "aimonitor-bot")
