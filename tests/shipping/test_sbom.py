"""The bill of materials names exactly what the locks install, and the dashboard's libraries."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bills(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sbom")
    script = ROOT / "deploy" / "release" / "sbom.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, capture_output=True, timeout=60)
    return {
        path.name.split("-")[-1].removesuffix(".cdx.json"): json.loads(path.read_text()) for path in folder.iterdir()
    }


LOCKS = {
    "run": "requirements/run.txt",
    "cloud": "requirements_cloud.txt",
    "hub": "requirements/hub.txt",
    "edge": "requirements/edge.txt",
    "bot": "requirements/bot.txt",
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_bill_has_every_pin_with_its_hashes(bills, name):
    lock = (ROOT / LOCKS[name]).read_text()
    python = [each for each in bills[name]["components"] if each["purl"].startswith("pkg:pypi/")]
    assert {f"{each['name']}=={each['version']}" for each in python} == set(
        re.findall(r"^([a-z0-9][^\s;\\]*==[^\s;\\]+)", lock, re.MULTILINE)
    )
    assert sum(len(each["hashes"]) for each in python) == lock.count("--hash=sha256:")


def test_what_the_dashboard_is_built_from_is_in_it_and_tools_are_not(bills):
    names = {each["name"] for each in bills["hub"]["components"]}
    declared = json.loads((ROOT / "web" / "package.json").read_text())
    assert set(declared["dependencies"]) <= names
    assert not set(declared["devDependencies"]) & names


def test_nearly_everything_says_its_license(bills):
    silent = [each["name"] for each in bills["run"]["components"] if not each.get("licenses")]
    assert set(silent) <= {"async-timeout", "colorama"}


def test_the_form_is_that_of_cyclonedx(bills):
    for document in bills.values():
        assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
        references = [each["bom-ref"] for each in document["components"]]
        assert len(references) == len(set(references))
        assert document["dependencies"][0]["dependsOn"] == references
        for each in document["components"]:
            for named in each.get("licenses", ()):
                assert set(named) == {"expression"} or set(named["license"]) == {"name"}
            assert "expression" not in str(each.get("licenses")) or len(each["licenses"]) == 1
