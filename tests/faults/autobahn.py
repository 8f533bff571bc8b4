"""The Autobahn test suite, Python 2 code of its own kind: found, or made in a folder where that is possible."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_KEPT = Path(tempfile.gettempdir()) / f"aimonitor-autobahn-{os.getuid()}"


def find_wstest() -> Path:
    """`wstest`: from WSTEST, the path, or installed into an environment of Python 2.7; skips when there is no way."""
    found = os.environ.get("WSTEST") or shutil.which("wstest")
    if found:
        return Path(found)
    made = _KEPT / "bin" / "wstest"
    if made.exists():
        return made
    python = _find_python2()
    if python is None:
        pytest.skip("no wstest (set WSTEST) and no Python 2.7 to install autobahntestsuite with")
    try:
        for command in (
            [python, "-m", "pip", "install", "--user", "-q", "virtualenv"],
            [python, "-m", "virtualenv", "-q", _KEPT],
            [_KEPT / "bin" / "pip", "install", "-q", "autobahntestsuite"],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"autobahntestsuite could not be installed: {error}")
    return made


def _find_python2() -> str | None:
    homes = sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python2.7"))
    return str(homes[-1]) if homes else shutil.which("python2.7")


def ask(url: str, folder: Path, excluded: list[str], **environ: str) -> dict[str, tuple[str, str]]:
    """Every case but those, asked of the server at `url`; see `verdicts`.

    The suite gives a case a second, which a busy machine may lack: those that fail are asked twice more.
    """
    found = _ask(url, folder, ["*"], excluded, environ)
    for _ in range(2):
        if failed := failures(found):
            found |= _ask(url, folder, sorted(failed), excluded, environ)
    return found


def _ask(url, folder, cases, excluded, environ):
    plan = {
        "outdir": str(folder / "report"),
        "servers": [{"agent": "server", "url": url}],
        "cases": cases,
        "exclude-cases": excluded,
        "exclude-agent-cases": {},
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    subprocess.run(
        [find_wstest(), "-m", "fuzzingclient", "-s", folder / "plan.json"],
        check=True, timeout=600, cwd=folder, capture_output=True, env={**os.environ, **environ},
    )  # fmt: skip
    return verdicts(folder / "report")


def verdicts(report: Path) -> dict[str, tuple[str, str]]:
    """Case -> its verdict on what was said and on how it was closed."""
    (agent,) = json.loads((report / "index.json").read_text()).values()
    return {case: (found["behavior"], found["behaviorClose"]) for case, found in agent.items()}


def failures(found: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    good = ("OK", "NON-STRICT", "INFORMATIONAL")
    return {case: verdict for case, verdict in found.items() if not set(verdict) <= set(good)}


def judge(found, at_least, who, measured):
    """Note the figure for the report and pass, when no case failed."""
    assert len(found) >= at_least, "cases are missing"
    failed = failures(found)
    measured("B10", f"Autobahn, {who}: cases failed", "0", f"{len(failed)} of {len(found)}")
    assert not failed, failed
