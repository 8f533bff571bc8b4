"""The documentation is true: references are current, messages exist, examples run, and other languages say the same."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import Program, answers, free_port, wait_until

from aimonitor.edge.policy import parse_text
from aimonitor.hub import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#[^)\s]*)?\)")


def test_the_openapi_document_in_the_docs_is_the_hubs_own():
    kept = (DOCS / "ref" / "openapi.json").read_text(encoding="utf-8")
    assert kept == reference.text(), "run: python -m aimonitor.hub.reference > docs/ref/openapi.json"


def test_every_page_is_in_the_navigation():
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("", lambda *_: None)
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w./-]+\.md", text))
    assert yaml.load(text, Loader)["strict"] is True
    missing = {page.relative_to(DOCS).as_posix() for page in PAGES} - named
    assert not missing, f"not in mkdocs.yml: {missing}"


@pytest.mark.parametrize("page", ["README.md", "README.ru.md", "README.he.md", "ARCHITECTURE.md", "SECURITY.md"])
def test_links_of_the_roots_documents_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    broken = [target for target in LINK.findall(text) if target and not (ROOT / target).exists()]
    assert not broken


def test_the_first_page_says_the_same_commands_in_every_language():
    def commands(page):
        blocks = re.findall(r"```\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
        lines = (line.split("#")[0].rstrip() for block in blocks for line in block.splitlines())
        return [line for line in lines if re.match(r"(make|aimonitor|AIMONITOR|\.venv)", line)]

    english = commands("README.md")
    assert len(english) >= 7
    assert commands("README.ru.md") == english
    assert commands("README.he.md") == english


def test_every_message_that_troubleshooting_explains_is_one_that_the_programs_say():
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    said = re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", source))
    said = re.sub(r"\{[^{}]*\}", "\0", said)  # what an f-string fills in
    text = (DOCS / "guide" / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    pieces = [
        piece.strip()
        for cell in quoted
        for message in re.findall(r"`([^`]+)`", cell)
        for piece in re.split(r"…|'[^']*'|\d+", message)
        if len(piece.strip()) > 12 and "bind: address" not in piece and not piece.strip().startswith("certificate")
    ]
    assert len(pieces) > 25
    unknown = [piece for piece in pieces if piece not in said and piece not in _OF_LIBRARIES]
    assert not unknown


_OF_LIBRARIES = {
    "timed out during opening handshake",
    "server rejected WebSocket connection: HTTP",
}
"""What the libraries below us say."""


def code(page, kind):
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_policy_in_the_guide_is_a_policy():
    whole = code("guide/policy.md", "toml")[0]
    assert parse_text(whole, where="guide/policy.md").zones


@pytest.mark.parametrize("page", [page.relative_to(DOCS).as_posix() for page in PAGES])
def test_examples_in_json_and_toml_can_be_read(page):
    for example in code(page, "toml"):
        tomllib.loads(example)
    for example in code(page, "json"):
        json.loads(example)
    for example in code(page, "yaml"):
        yaml.safe_load(example.replace("!secret ", ""))


def test_the_viewer_of_the_protocol_page_sees_a_frame(tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "viewer.py").write_text(code("ref/protocol.md", "python")[0])
    founding = json.loads(next(each for each in code("ref/protocol.md", "json") if "video_frame" in each))
    assert founding["risk_level"] == "ALERT"
    fleet = ["simulate", "--hub", f"ws://127.0.0.1:{port}/ws/laptop", "--fps", "5"]
    with (
        Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path) as hub,
        Program.aimonitor(*fleet, log=tmp_path / "fleet.log", cwd=tmp_path),
    ):
        wait_until(lambda: answers(f"{url}/health"), 30, hub.output, hub)
        address = f"ws://127.0.0.1:{port}/ws"
        with Program(sys.executable, "viewer.py", address, log=tmp_path / "viewer.log", cwd=tmp_path) as viewer:
            wait_until(lambda: viewer.output().count("sim-001/cam1") > 5, 30, viewer.output, viewer)
            assert re.search(r"sim-001/cam1 \d+ \d+x\d+ \d+ bytes", viewer.output())
            assert re.search(r"sim-001/cam1 (NORMAL|WATCH|ALERT|CRITICAL) 0", viewer.output())


@pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import mkdocs, material"], capture_output=True, check=False).returncode != 0,
    reason="MkDocs is not installed here",
)
def test_the_site_is_built_without_a_broken_link(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {page.relative_to(tmp_path / "site").as_posix() for page in (tmp_path / "site").rglob("*.html")}
    assert {"index.html", "architecture.html", "ref/settings.html", "ref/rest.html", "ref/messages.html"} <= pages
    assert "max_connections_per_address" in (tmp_path / "site" / "ref" / "settings.html").read_text(encoding="utf-8")
