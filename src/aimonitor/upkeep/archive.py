"""The backup file: a ZIP whose first member says what the others are, with their SHA-256."""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_LARGEST = 64 << 30


class BackupError(RuntimeError):
    """A backup cannot be made or restored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup. `version`: the steps that a database's schema has been through."""

    name: str
    sha256: str
    size: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `made_at` is UTC, ISO 8601."""

    made_by: str
    made_at: str
    secrets: bool
    members: tuple[Member, ...]


def describe(name: str, path: Path, version: int | None = None) -> Member:
    """The member that a file will be."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Member(name, digest.hexdigest(), path.stat().st_size, version)


def write(target: Path, manifest: Manifest, files: Iterable[tuple[str, Path]]) -> None:
    """Write the archive whole or not at all, readable by its owner only. Raises OSError."""
    draft = target.with_name(f"{target.name}.part")
    try:
        with (
            open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            archive.writestr(_MANIFEST, json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1))
            for name, path in files:
                archive.write(path, name)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def unpack(source: Path, folder: Path) -> Manifest:
    """Write every member below `folder`, and make sure that it is what the manifest says. Raises BackupError."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _read_manifest(source, archive)
            for member in manifest.members:
                _unpack(archive, member, folder, source)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise BackupError(f"{source}: expected a backup as `aimonitor backup` writes it, got: {error}") from None
    return manifest


def _read_manifest(source: Path, archive: zipfile.ZipFile) -> Manifest:
    document = json.loads(archive.read(_MANIFEST))
    if document.pop("format") > FORMAT:
        raise BackupError(
            f"{source}: expected format {FORMAT} or older, got one of a newer AI Monitor: upgrade this one"
        )
    members = tuple(Member(**member) for member in document.pop("members"))
    return Manifest(**document, members=members)


def _unpack(archive: zipfile.ZipFile, member: Member, folder: Path, source: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise BackupError(f"{source}: expected names below the backup's own folder, got {member.name!r}")
    if not 0 <= member.size <= _LARGEST:
        raise BackupError(f"{source}: expected a size, got {member.size!r} for {member.name}")
    path, digest, left = folder / name, hashlib.sha256(), member.size
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member.name) as packed, path.open("wb") as file:
        while left and (chunk := packed.read(min(_CHUNK, left))):
            digest.update(chunk)
            file.write(chunk)
            left -= len(chunk)
    if left or digest.hexdigest() != member.sha256:
        raise BackupError(f"{source}: {member.name} is damaged: its checksum is another than when it was written")
