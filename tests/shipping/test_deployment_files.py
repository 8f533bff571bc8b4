"""The files that put AI Monitor somewhere: right in themselves, and in step with the programs that they start."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from aimonitor.bot.settings import FOUNDING_VARIABLES as BOT_VARIABLES
from aimonitor.bot.settings import BotSettings
from aimonitor.edge.settings import EdgeSettings
from aimonitor.hub.settings import FOUNDING_VARIABLES as HUB_VARIABLES
from aimonitor.hub.settings import HubSettings

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted([*(ROOT / "deploy").rglob("*.sh"), ROOT / ".ci" / "system", ROOT / ".ci" / "run"])
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROFILES = "sim,bot,edge,scale,obs"


def tool(name: str) -> str:
    beside_python = str(Path(sys.executable).parent)
    path = shutil.which(name, path=f"{os.environ['PATH']}:{beside_python}:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False, **more)


def known_variables() -> set[str]:
    """Every variable that some program of ours reads."""
    sections = {"HUB": HubSettings, "EDGE": EdgeSettings, "BOT": BotSettings}
    ours = {f"AIMONITOR_{name}_{key}".upper() for name, model in sections.items() for key in model.model_fields}
    return ours | set(HUB_VARIABLES) | set(BOT_VARIABLES) | {"AIMONITOR_CACHE", "AIMONITOR_CONFIG"}


def test_every_variable_of_ours_that_a_file_sets_is_read_by_a_program():
    files = [*UNITS, *(ROOT / name for name in ("Dockerfile", "compose.yaml", "render.yaml", "start_cloud.bat"))]
    used = {name for file in files for name in re.findall(r"\bAIMONITOR_[A-Z_]+\b", file.read_text())}
    unknown = {name for name in used if name.removesuffix("_FILE") not in known_variables()}
    assert used
    assert unknown == set()


# --- compose ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def composed() -> dict:
    """compose.yaml with its anchors resolved."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_compose_itself_takes_the_file():
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COMPOSE_PROFILES": PROFILES, "HOME": "/"}
    done = run(tool("docker-compose"), "config", "--quiet", env=environ)
    assert done.returncode == 0, done.stderr


def test_only_nginx_can_be_reached(composed):
    assert [name for name, service in composed["services"].items() if service.get("ports")] == ["nginx"]
    assert composed["networks"]["inside"]["internal"]
    assert composed["networks"]["store"]["internal"]


def test_every_service_is_confined_and_limited(composed):
    for name, service in composed["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"] == "10m", name
        assert service["restart"] == ("no" if name == "first-start" else "unless-stopped"), name


def test_nobody_starts_before_what_they_need_is_well(composed):
    for name, service in composed["services"].items():
        for other, wanted in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other == "first-start" else "service_healthy"
            assert wanted["condition"] == expected, (name, other)


def test_compose_fits_the_specification():
    check = tool("check-jsonschema")
    done = run(check, "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_has_no_lint():
    done = run(tool("hadolint"), "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_never_runs_as_root():
    text = (ROOT / "Dockerfile").read_text()
    runtime = text[text.index(" AS runtime") :]
    assert "USER 10001:10001" in runtime
    assert re.findall(r"^USER (?!10001)", runtime, re.MULTILINE) == []
    assert all(json.loads(each) for each in re.findall(r"^(?:CMD|ENTRYPOINT) (\[.*)$", runtime, re.MULTILINE))
    installs = re.findall(r"(?:pip|python) install .*", text)
    assert installs
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_everything_that_the_dockerfile_copies_is_let_into_the_build():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*", "everything is left out that is not named"
    copied = re.findall(r"^COPY (?!--from)([^\n]+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    named = {line[1:] for line in lines if line.startswith("!")}
    for source in " ".join(copied).split():
        assert source.split("/")[0] in named, source


# --- scripts, Nginx, systemd -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_clean(script):
    shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
    assert run(shell, "-n", str(script)).returncode == 0
    done = run(tool("shellcheck"), "--severity=style", str(script))
    assert done.returncode == 0, done.stdout


def first_start(folder: Path, domain: str = "cam.example.org") -> str:
    tool("openssl")
    for name in ("certificates", "secrets"):
        (folder / name).mkdir(exist_ok=True)
    places = {"CERTIFICATES": str(folder / "certificates"), "SECRETS": str(folder / "secrets"), "DOMAIN": domain}
    fake_root = folder / "bin"  # chown is for root, which a test does not have to be
    fake_root.mkdir(exist_ok=True)
    (fake_root / "chown").write_text("#!/bin/sh\n")
    (fake_root / "chown").chmod(0o755)
    done = run("sh", "deploy/first-start.sh", env={"PATH": f"{fake_root}:/usr/bin:/bin", **places})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_start_makes_a_certificate_and_a_secret_and_the_second_keeps_them(tmp_path):
    first_start(tmp_path)
    files = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    secrets = [files[name] for name in ("edge_token", "bot_token", "metrics_token", "grafana_password")]
    assert len(set(secrets)) == 4
    assert all(re.fullmatch(r"[0-9a-f]{64}\n", secret) for secret in secrets)
    assert (tmp_path / "certificates" / "privkey.pem").stat().st_mode & 0o077 == 0
    assert (tmp_path / "secrets" / "edge_token").stat().st_mode & 0o777 == 0o400
    read = HubSettings(tokens=files["hub_tokens"].strip()).tokens
    assert [(each.secret.get_secret_value(), each.role) for each in read] == [
        (files["edge_token"].strip(), None),
        (files["bot_token"].strip(), "operator"),
    ]
    assert first_start(tmp_path) == ""
    assert {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_a_new_name_gets_a_new_certificate_and_somebody_elses_certificate_is_kept(tmp_path):
    first_start(tmp_path)
    assert "192.168.1.5" in first_start(tmp_path, domain="192.168.1.5")
    certificate = str(tmp_path / "certificates" / "fullchain.pem")
    shown = run("openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName").stdout
    assert "IP Address:192.168.1.5" in shown
    (tmp_path / "certificates" / "self-signed").unlink()
    assert first_start(tmp_path, domain="other.example.org") == ""


def test_nginx_takes_its_configuration(tmp_path):
    nginx = tool("nginx")
    first_start(tmp_path)
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    (tmp_path / "resolver.conf").write_text("resolver 127.0.0.1;\n")
    text = text.replace("/tmp/", f"{tmp_path}/").replace("/certificates/", f"{tmp_path}/certificates/")
    (tmp_path / "nginx.conf").write_text(text)
    done = run(nginx, "-t", "-c", str(tmp_path / "nginx.conf"), "-g", "error_log stderr;")
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_are_right_and_confined(unit, tmp_path):
    analyze = tool("systemd-analyze")
    text = unit.read_text().replace("/opt/aimonitor/bin/aimonitor", "/bin/true")
    (tmp_path / unit.name).write_text(text)
    done = run(analyze, "verify", "--man=no", str(tmp_path / unit.name))
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []
    judged = run(analyze, "security", "--offline=true", "--no-pager", "--threshold=25", str(tmp_path / unit.name))
    assert judged.returncode == 0, judged.stdout[-300:]


# --- Render, Windows -------------------------------------------------------------------------------------------------


def test_the_blueprint_has_what_render_requires():
    blueprint = yaml.safe_load((ROOT / "render.yaml").read_text())
    (service,) = blueprint["services"]
    assert {"type", "name", "runtime", "plan", "healthCheckPath", "envVars"} <= service.keys()
    assert (service["type"], service["runtime"], service["plan"]) == ("web", "docker", "free")
    assert (ROOT / service["dockerfilePath"]).is_file()
    assert service["healthCheckPath"] == "/health"
    assert service["autoDeployTrigger"] in ("commit", "checksPass", "off")
    assert 1 <= service["maxShutdownDelaySeconds"] <= 300
    variables = {each["key"]: each for each in service["envVars"]}
    for name in ("AIMONITOR_TOKENS", "AIMONITOR_HUB_ADMIN_PASSWORD"):
        assert variables[name] == {"key": name, "generateValue": True}
    assert all(len(each.keys() & {"value", "generateValue", "sync", "fromService"}) == 1 for each in variables.values())
    assert "disk" not in service, "the free plan has none"
    last_stage = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert last_stage == "cloud", "Render builds the last stage"


def test_the_windows_menu_goes_where_it_says():
    raw = (ROOT / "start_cloud.bat").read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n"), "labels are only found in files with Windows line ends"
    text = raw.decode().replace("\r\n", "\n")
    labels = set(re.findall(r"^:(\w+)", text, re.MULTILINE))
    wanted = set(re.findall(r"\b(?:goto|call :)\s?:?(\w+)", text)) - {"npm"}
    assert {"local", "deploy", "client"} <= wanted <= labels
    assert text.splitlines()[0] == "@echo off"
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(re.findall(r"Scripts\\(\w+)\.exe", text)) - {"python"} <= scripts.keys()
