"""What runs in continuous integration is pinned, has few rights, and ends."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(text: str) -> dict[str, str]:
    """The text of each job by its name."""
    parts = re.split(r"^  (\w+):\n", text[text.index("\njobs:\n") :], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_pinned_confined_and_bounded(file):
    text = file.read_text()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    assert [name for name, _ in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", comment) for _, comment in used), "the version stands beside its hash"
    assert re.search(r"^permissions:\n  contents: read$", text, re.MULTILINE)
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    for name, job in jobs(text).items():
        assert "timeout-minutes:" in job, name


def test_the_workflows_call_commands_that_exist():
    called = {target for file in WORKFLOWS for target in re.findall(r"\bmake ([a-z-]+)", file.read_text())}
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert called
    assert called <= known


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("jactionlint", []),
        ("zizmor", ["--offline", "--quiet", ".github"]),
        ("check-jsonschema", ["--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]),
        ("check-jsonschema", ["--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"]),
    ],
)
def test_linters_have_nothing_to_say(program, arguments):
    search = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # jactionlint asks shellcheck about `run:`
    path = shutil.which(program, path=search)
    if path is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [path, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PATH": search},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shellcheck was not found" not in done.stderr
