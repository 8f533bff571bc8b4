"""The threat model names the tests that hold its answers: they have to be there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "design" / "security.md").read_text(encoding="utf-8")
CODE = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
NAMED = sorted(set(re.findall(r"`(test_[a-z0-9_]+)(?:\.py)?`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name):
    is_file = any(path.stem == name for path in CODE)
    assert is_file or any(f"def {name}(" in text for text in CODE.values())


def test_it_names_enough():
    assert len(NAMED) > 25


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((\.\./[^)#]+)", TEXT))))
def test_what_it_links_to_is_there(path):
    assert (ROOT / "docs" / "design" / path).exists()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`([a-z_/]+)\.py`", TEXT)) - {"cloud_api"}))
def test_a_module_that_is_named_is_there(module):
    found = [*ROOT.glob(f"src/aimonitor/**/{module}.py"), *ROOT.glob(f"tests/**/{module}.py")]
    assert found
