"""What the OpenAPI document says is what the hub does: schemathesis asks in every way that it can think of."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from rehearsal import HubProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ADMIN = "an-admin-token-of-this-test"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "allow_header_conformance", "unsupported_method",
)  # fmt: skip
"""All but those that take JSON's 395.0 for an integer, an answer of 4xx to an unknown name for a mistake, and a wrong
cookie beside a right token for none."""
CLOSED = {"AIMONITOR_TOKENS": f"yard:a-token-of-an-edge,@admin:{ADMIN}", "AIMONITOR_HUB_ADMIN_PASSWORD": "long enough"}
WITH_TOKEN = ["--header", f"Authorization: Bearer {ADMIN}", "--max-examples", "15"]


def schemathesis() -> list[str]:
    """How to start it; skips when it is neither here nor to be had."""
    found = shutil.which("schemathesis")
    if found:
        return [found]
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    command = [uv or "uv", "tool", "run", "schemathesis"]
    try:
        subprocess.run([*command, "--version"], check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"schemathesis is not installed, and uv cannot fetch it: {error}")
    return command


def ask_everything(document: dict, url: str, folder: Path, *more: str) -> int:
    """Every operation of the document, asked at `url`; the number of cases. Fails with what schemathesis found."""
    (folder / "openapi.json").write_text(json.dumps(document))
    run = subprocess.run(
        [
            *schemathesis(), "run", str(folder / "openapi.json"), "--url", url, "--checks", ",".join(CHECKS),
            "--seed", "7", "--no-color", "--phases", "examples,coverage,fuzzing", *more,
        ],
        capture_output=True, text=True, timeout=800, cwd=folder, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:]
    return int(re.search(r"(\d+) generated", run.stdout)[1])


def operations(document: dict) -> int:
    return sum(len(each) for each in document["paths"].values())


@pytest.mark.parametrize(
    ("way", "environ", "more"),
    [
        ("open on loopback", {}, ["--max-examples", "50"]),
        ("closed, with a token and without", CLOSED, WITH_TOKEN),
    ],
    ids=["open", "closed"],
)
def test_every_answer_is_documented(way, environ, more, tmp_path, measured):
    hub = HubProcess(tmp_path, **environ)
    hub.start()
    try:
        document = httpx.get(f"{hub.url}/openapi.json").json()
        cases = ask_everything(document, hub.url, tmp_path, *more)
        assert httpx.get(f"{hub.url}/health").json()["status"] == "ok"
    finally:
        hub.program.stop()
    assert "Traceback" not in hub.program.output()
    measured("B10", f"schemathesis, {operations(document)} operations, {way}: server errors, undocumented answers",
             "0, 0", f"0, 0 in {cases} cases")  # fmt: skip
