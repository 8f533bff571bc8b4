"""The image for platforms that run one container, started as our recipes for them say, as small as their plans are."""

import base64
import http.client
import json
import os
import re
import signal
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import ROOT, Program, free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

GUIDE = (ROOT / "docs" / "guide" / "deployment.md").read_text()
NAME = "aimonitor-cloud-test"
OWNER = 10001


@dataclass(frozen=True)
class Recipe:
    """What a platform makes of it. `volume`: where a disk of its own is, if anywhere."""

    port: int
    health: str
    environ: dict[str, str]
    memory_mb: int
    volume: str = ""
    stop_within_s: float = 5.0


def secret() -> str:
    """As Render makes them: it may have any character of base64."""
    return base64.b64encode(os.urandom(32)).decode()


def render() -> Recipe:
    (service,) = yaml.safe_load((ROOT / "render.yaml").read_text())["services"]
    given = {each["key"]: each["value"] for each in service["envVars"] if "value" in each}
    made = {each["key"]: secret() for each in service["envVars"] if each.get("generateValue")}
    return Recipe(10_000, service["healthCheckPath"], {"PORT": "10000", **given, **made}, 512)


def fly() -> Recipe:
    plan = tomllib.loads(re.search(r"```toml\n(.*?)```", GUIDE[GUIDE.index("Fly.io has") :], re.DOTALL)[1])
    assert plan["build"] == {"build-target": "cloud"}
    service, (check,), (vm,) = plan["http_service"], plan["http_service"]["checks"], plan["vm"]
    assert plan["env"]["PORT"] == str(service["internal_port"])
    assert service["auto_stop_machines"] == "off"
    assert (check["method"], plan["kill_signal"]) == ("GET", "SIGTERM")
    secrets = dict.fromkeys(re.findall(r"(\w+)=", re.search(r"fly secrets set (.*)", GUIDE)[1]))
    environ = plan["env"] | {name: secret() for name in secrets}
    memory_mb = int(vm["memory"].removesuffix("mb"))
    return Recipe(
        service["internal_port"], check["path"], environ, memory_mb, plan["mounts"]["destination"], plan["kill_timeout"]
    )


def koyeb() -> Recipe:
    table = GUIDE[GUIDE.index("| Koyeb asks for |") :]
    rows = dict(re.findall(r"^\| (.+?) +\| (.+?) +\|$", table[: table.index("\n\n")], re.MULTILINE))
    assert rows["Dockerfile target"] == "`cloud`"
    port, health = int(rows["Exposed port"].strip("`")), rows["HTTP health check"].strip("`")
    given = dict(re.findall(r"`(\w+)=([^`]*)`", rows["Environment"]))
    environ = {name: secret() if value in ("a-long-secret", "another") else value for name, value in given.items()}
    return Recipe(port, health, {"PORT": str(port), **environ}, 512)


class Visitor:
    """Somebody behind the platform's proxy, which ends TLS and says so."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""

    def ask(self, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Status 0 when nobody answers."""
        headers = {
            "Host": "hub.example.org", "Origin": "https://hub.example.org", "Content-Type": "application/json",
            "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Cookie": self._cookie,
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            self._cookie = answer.headers.get("set-cookie", self._cookie).partition(";")[0]
            return answer.status, json.loads(answer.read() or b"{}")
        except OSError:
            return 0, {}
        finally:
            connection.close()


def peak_mib(pid: int) -> float:
    """The most memory that the container with this process has had."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        group = Path("/sys/fs/cgroup") / kinds / path.lstrip("/")
        for file in (group / "memory.peak", group / "memory.max_usage_in_bytes"):
            if file.is_file():
                return int(file.read_text()) / 2**20
    pytest.skip("needs control groups that account for memory: no peak can be read without")


@pytest.mark.parametrize("recipe", [render, fly, koyeb], ids=lambda recipe: recipe.__name__)
def test_the_image_runs_as_the_recipe_says(recipe, images, tmp_path, measured):
    plan, port = recipe(), free_port()
    disk = tmp_path / "disk"  # Fly mounts a volume for the user of the image
    disk.mkdir(mode=0o755)
    os.chown(disk, OWNER, OWNER)
    options = [part for name, value in plan.environ.items() for part in ("--env", f"{name}={value}")]
    options += ["--volume", f"{disk}:{plan.volume}"] if plan.volume else []
    limits = ("--memory", f"{plan.memory_mb}m", "--memory-swap", f"{plan.memory_mb}m", "--cpus", "0.1")
    podman, visitor = images.engine.podman, Visitor(port)
    began = time.monotonic()
    published = ("--publish", f"127.0.0.1:{port}:{plan.port}")
    podman("run", "--detach", "--name", NAME, *published, *limits, *options, "aimonitor-cloud")
    try:
        wait_until(lambda: visitor.ask(plan.health)[0] == 200, 60, lambda: podman("logs", NAME))
        answers_s = time.monotonic() - began
        assert visitor.ask("/api/status")[0] == 401
        name, began = {"name": "admin", "password": plan.environ["AIMONITOR_HUB_ADMIN_PASSWORD"]}, time.monotonic()
        assert visitor.ask("/api/session", name)[0] == 200
        sign_in_s = time.monotonic() - began
        token = plan.environ["AIMONITOR_TOKENS"]
        edge = ("simulate", "--hub", f"ws://127.0.0.1:{port}/ws/laptop", "--token", token, "--fps", "5")
        with Program.aimonitor(*edge, log=tmp_path / "edge.log", cwd=tmp_path) as fleet:
            fleet.await_line("connected to the hub", 60)
            wait_until(lambda: visitor.ask("/api/history?limit=1&samples=10")[1].get("samples"), 60)
            (known,) = visitor.ask("/api/status")[1]["edges"]
            assert known["online"]
        pid = int(podman("inspect", "-f", "{{.State.Pid}}", NAME))
        memory = peak_mib(pid)
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        code = podman("wait", NAME).strip()
        ended_s = time.monotonic() - began
    finally:
        podman("rm", "--force", NAME)
    assert code == "0"
    kept = sorted(path.name for path in disk.rglob("*.sqlite3"))
    assert bool(kept) is bool(plan.volume), kept
    what = f"image `cloud` as on {recipe.__name__.title()}, {plan.memory_mb} MB, a tenth of a core"
    measured("S5", f"{what}: answers after, signs in within, ends within", f"60, 5, {plan.stop_within_s:.0f} s",
             f"{answers_s:.1f}, {sign_in_s:.1f}, {ended_s:.1f} s")  # fmt: skip
    measured("S5", f"{what}: memory at most, a camera at 5 pictures/s", f"< {plan.memory_mb} MB", f"{memory:.0f} MiB")
    assert sign_in_s <= 5
    assert memory < plan.memory_mb
    assert ended_s <= plan.stop_within_s
