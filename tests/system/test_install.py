"""What is shipped works where nothing else is: the wheel, and the hub from exactly its locked requirements."""

import re
import subprocess
import sys
import tomllib
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from programs import ROOT, Program, answers, free_port, wait_until

STATIC = ROOT / "src" / "aimonitor" / "hub" / "static" / "index.html"
pytestmark = pytest.mark.timeout(300)


def uv(folder: Path, *arguments: str) -> Path:
    """Install into a new virtual environment; returns its Python."""
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, str(folder))
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--python", str(python), *arguments)
    return python


def pip(folder: Path, *arguments: str) -> Path:
    """The same as people and Render do it; takes ten times as long."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *arguments)
    return python


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def get(url: str) -> tuple[str, str]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read().decode(), response.headers.get("content-type", "")


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


def wanted(extra: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"][extra]]


def test_the_locked_requirements_of_the_hub_are_not_stale():
    locked, everything = pins("requirements_cloud.txt"), pins("requirements/run.txt")
    for requirement in (*wanted("hub"), *wanted("bot")):
        assert requirement.specifier.contains(locked[requirement.name.lower()]), f"`make lock`: {requirement}"
    for lock in (locked, pins("requirements/hub.txt")):
        assert {name: version for name, version in lock.items() if everything.get(name) != version} == {}
    assert {requirement.name.lower() for requirement in wanted("hub")} <= pins("requirements/hub.txt").keys()


@pytest.mark.parametrize("name", ["requirements_cloud.txt", "requirements/run.txt", "requirements/dev.txt"])
def test_locked_requirements_have_hashes_and_no_addresses(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.parametrize("install", [uv, pytest.param(pip, marks=pytest.mark.slow)])
def test_the_founding_door_runs_from_exactly_the_locked_requirements(install, tmp_path):
    python = install(tmp_path / "venv", "--require-hashes", "-r", str(ROOT / "requirements_cloud.txt"))
    port = free_port()
    environ = {"PORT": str(port), "AIMONITOR_HUB_HISTORY": ":memory:"}
    with Program(str(python), str(ROOT / "cloud_api.py"), log=tmp_path / "log", cwd=tmp_path, environ=environ) as hub:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, hub.output, hub)
        assert answers(f"http://127.0.0.1:{port}/api/status")
        assert hub.stop() < 5


def test_the_wheel_carries_the_dashboard_and_runs_in_an_empty_environment(tmp_path):
    assert STATIC.is_file(), "the dashboard is not built: `make web`"
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "aimonitor/hub/static/index.html" in names
    assert not [name for name in names if name.startswith(("tests/", "web/")) or "node_modules" in name]

    python = uv(tmp_path / "venv", f"{wheel}[hub]")
    command = str(python.parent / "aimonitor")
    shown = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "first steps" in shown
    port = free_port()
    with Program(command, "hub", "--port", str(port), log=tmp_path / "log", cwd=tmp_path) as hub:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, hub.output, hub)
        page, kind = get(f"http://127.0.0.1:{port}/")
        assert kind.startswith("text/html")
        assets = re.findall(r'(?:src|href)="\.?(/assets/[^"]+-[^"]+\.(?:js|css))"', page)
        assert assets
        for asset in assets:
            assert get(f"http://127.0.0.1:{port}{asset}")[0]
