"""Nothing that is installed with AI Monitor binds its users to more than its own license does."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "requirements_cloud.txt",
    "requirements/hub.txt",
    "requirements/edge.txt",
    "requirements/bot.txt",
    "requirements/run.txt",
)
FORBIDDEN = re.compile(r"AGPL|Affero|\bSSPL|Server Side Public|\bBUSL|Business Source|Commons Clause", re.IGNORECASE)
ONLY_GPL = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public License", re.IGNORECASE)


def pinned(name: str) -> list[str]:
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / name).read_text(), re.MULTILINE)


def license_of(package: Distribution) -> str:
    """The license in its own words: the SPDX expression, else classifiers, else the license field's first line."""
    expression = package.metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in package.metadata.get_all("Classifier") or []
        if each.startswith("License :: OSI Approved :: ")
    ]
    return ", ".join(classifiers) or (package.metadata.get("License") or "").strip().split("\n")[0]


def test_what_ships_is_under_licenses_that_ask_for_nothing_more():
    report, absent = {}, set()
    for name in sorted({name for file in SHIPPED for name in pinned(file)}):
        try:
            report[name] = license_of(distribution(name))
        except PackageNotFoundError:
            absent.add(name)  # for another Python or system; the pins of this one are all installed
    for name, text in report.items():
        print(f"{name:28} {text}")
    assert len(report) > 20
    assert absent <= {"async-timeout", "colorama"}
    assert {name: text for name, text in report.items() if FORBIDDEN.search(text)} == {}
    assert {name: text for name, text in report.items() if ONLY_GPL.search(text)} == {}
    assert [name for name, text in report.items() if not text] == [], "a package without a license is nobody's to ship"


@pytest.mark.parametrize("text", ["AGPL-3.0-or-later", "GNU Affero General Public License v3", "SSPL-1.0", "BUSL-1.1"])
def test_the_licenses_that_would_be_refused_are_recognized(text):
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize(("text", "refused"), [("GPL-3.0-only", True), ("LGPL-3.0-only", False), ("MIT", False)])
def test_gpl_is_told_from_lgpl(text, refused):
    assert bool(ONLY_GPL.search(text)) is refused
