"""The history of a policy file: each version whole, with who made it, when and in which words.

Version 7 of `site.toml` is `site.toml.versions/000007.json`, written once and never changed; the oldest go.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from aimonitor.common.files import write_atomically

KEPT = 50
BY_HAND = "file"
"""Who made a version that came by editing the file."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version. `text` is the whole TOML file; `at` is UTC."""

    version: int
    at: float
    by: str
    words: str
    text: str


class PolicyVersions:
    """The versions beside one policy file. Owned by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """path: of the policy file; nothing is read or written yet"""
        self._folder = path.with_name(f"{path.name}.versions")

    def all(self) -> list[PolicyVersion]:
        """Newest first; a file that is damaged is left out. Raises OSError."""
        found = (self._read(path) for path in sorted(self._paths(), reverse=True))
        return [version for version in found if version is not None]

    def add(self, version: PolicyVersion) -> None:
        """Keep a version; the oldest goes when there are more than 50. Raises OSError."""
        data = json.dumps(asdict(version), ensure_ascii=False, indent=1).encode("utf-8")
        write_atomically(self._folder / f"{version.version:06d}.json", data)
        for old in sorted(self._paths())[:-KEPT]:
            old.unlink(missing_ok=True)

    def drop(self, version: PolicyVersion) -> None:
        """Forget a version that did not come into force. Raises OSError."""
        (self._folder / f"{version.version:06d}.json").unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return list(self._folder.glob("[0-9]*.json")) if self._folder.is_dir() else []

    def _read(self, path: Path) -> PolicyVersion | None:
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            return PolicyVersion(int(said["version"]), float(said["at"]), said["by"], said["words"], str(said["text"]))
        except (ValueError, KeyError, TypeError):
            return None
