"""Software bills of materials (CycloneDX 1.6, JSON) of what is shipped, from the locks alone.

    python deploy/release/sbom.py dist

writes one for each lock that a user installs from, with the hashes that pip checks, and the dashboard's libraries that
are built into the wheel. Licenses are those of the packages as they are installed here. The same locks give the same
bytes: no time and no random number is in it (its serial number is a UUID of its content, RFC 9562 version 5).
"""

import argparse
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "run": "requirements/run.txt",
    "cloud": "requirements_cloud.txt",
    "hub": "requirements/hub.txt",
    "edge": "requirements/edge.txt",
    "bot": "requirements/bot.txt",
}
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.UUID("6f1d3f1e-6a0c-5a1e-9a55-0d0f6a1f5c11")

Json = dict[str, Any]


def python_components(lock: str) -> Iterator[Json]:
    """A component for each pin of a lock."""
    pins = list(_PIN.finditer(lock))
    for pin, following in zip(pins, [*pins[1:], None], strict=True):
        name, version = pin[1], pin[2]
        block = lock[pin.start() : following.start() if following else len(lock)]
        purl = f"pkg:pypi/{name}@{version}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "hashes": [{"alg": "SHA-256", "content": each} for each in sorted(_HASH.findall(block))],
            **_license(name),
        }


def _license(name: str) -> Json:
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:  # for another system than this one
        return {}
    if expression := metadata.get("License-Expression"):
        return {"licenses": [{"expression": expression}]}
    named = [
        each.rpartition(" :: ")[2]
        for each in metadata.get_all("Classifier") or []
        if each.startswith("License :: OSI Approved :: ")
    ] or [line for line in (metadata.get("License") or "").strip().split("\n")[:1] if line]
    return {"licenses": [{"license": {"name": each}} for each in named]} if named else {}


def web_components(lock: Json) -> Iterator[Json]:
    """The libraries that are built into the dashboard: what is not for development only."""
    for path, package in sorted(lock["packages"].items()):
        if not path or package.get("dev") or package.get("optional"):
            continue
        name, version = path.rpartition("node_modules/")[2], package["version"]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        licenses = {"licenses": [{"expression": package["license"]}]} if "license" in package else {}
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **licenses}


def bill(name: str, version: str, components: list[Json]) -> Json:
    """The document."""
    ours = f"pkg:pypi/aimonitor@{version}"
    body: Json = {
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": "aimonitor",
                "version": version,
                "description": f"what `{LOCKS[name]}` installs",
                "purl": ours,
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": components,
        "dependencies": [{"ref": ours, "dependsOn": [each["bom-ref"] for each in components]}],
    }
    serial = uuid.uuid5(_NAMESPACE, json.dumps(body, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1, **body}


def bills() -> Iterator[tuple[str, Json]]:
    """Every bill by its file name."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    web = list(web_components(json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))))
    for name, lock in LOCKS.items():
        components = list(python_components((ROOT / lock).read_text(encoding="utf-8")))
        shown = web if name in ("run", "cloud", "hub") else []
        yield f"aimonitor-{version}-{name}.cdx.json", bill(name, version, [*components, *shown])


def main() -> int:
    """Write them all."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    folder = options.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in bills():
        (folder / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"{folder / name}: {len(document['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
