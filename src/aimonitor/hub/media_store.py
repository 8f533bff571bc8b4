"""Snapshots and clips of incidents on the hub's disk: what an edge sent, a chunk at a time, bounded in size and age.

    <root>/<edge>/<camera>/<incident>/snapshot.jpg  boxes.jpg  clip.avi  clip.json

A file that is still coming is named `.<file>.<bytes in all>`, so that the next chunk, even after a restart of the hub,
goes on where the last one ended. Finished files never change.
"""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from aimonitor.common.clock import Clock


class MediaFile(StrEnum):
    """What there may be of an incident."""

    SNAPSHOT = "snapshot.jpg"
    BOXES = "boxes.jpg"
    CLIP = "clip.avi"
    INDEX = "clip.json"


MEDIA_TYPES: Mapping[MediaFile, str] = {
    MediaFile.SNAPSHOT: "image/jpeg",
    MediaFile.BOXES: "image/jpeg",
    MediaFile.CLIP: "video/x-msvideo",
    MediaFile.INDEX: "application/json",
}

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PART = re.compile(r"\.(?P<file>[a-z]+\.[a-z]+)\.(?P<length>\d{1,12})")
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


class NoRoomError(OSError):
    """The disk, or our share of it, is full; what is there stays."""


class OffsetError(ValueError):
    """A chunk does not begin where the one before ended, at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"expected a chunk that begins at byte {offset}")
        self.offset = offset


class MediaName(msgspec.Struct, frozen=True):
    """One file of one incident; the other parts are names as the contract has them (`Identifier`)."""

    edge_id: str
    camera_id: str
    incident_id: str
    file: MediaFile


class Span(msgspec.Struct, frozen=True):
    """The bytes from `start` of a file that has `length` in all."""

    start: int
    size: int
    length: int

    @property
    def last(self) -> bool:
        return self.start + self.size == self.length


class Held(msgspec.Struct, frozen=True):
    """How much of a file is there: `offset` bytes of `length` (0: nothing is known). `path` once it is whole."""

    offset: int = 0
    length: int = 0
    path: Path | None = None


class MediaKeep(msgspec.Struct, frozen=True):
    """How much is kept, and for how long; `headroom_bytes` of the disk stay free whatever fills it."""

    limit_bytes: int = 2_000_000_000
    headroom_bytes: int = 500_000_000
    keep_s: float = 14 * 86_400.0


def read_span(content_range: str, size: int) -> Span | None:
    """Which bytes a body of `size` is, of `Content-Range` (RFC 9110, 14.4), all where it is empty; None when wrong."""
    if not content_range:
        return Span(0, size, size) if size else None
    match = _RANGE.fullmatch(content_range.strip())
    if match is None:
        return None
    first, last, length = (int(number) for number in match.groups())
    agrees = first <= last < length and last - first + 1 == size
    return Span(first, size, length) if agrees else None


class MediaStore:
    """The files. Methods raise OSError; a file is there whole or not at all. To be called from one thread at a time."""

    def __init__(self, root: Path, keep: MediaKeep, clock: Clock) -> None:
        self._root, self._keep, self._clock = root, keep, clock

    def held(self, name: MediaName) -> Held:
        """What is there of a file."""
        path = self._folder(name) / name.file
        with contextlib.suppress(FileNotFoundError):
            size = path.stat().st_size
            return Held(size, size, path)
        for part, length in self._parts(name):
            return Held(part.stat().st_size, length)
        return Held()

    def write(self, name: MediaName, span: Span, data: bytes) -> Held:
        """Add a chunk; byte 0 begins anew. A whole file stays as it is. Raises OffsetError and NoRoomError."""
        held = self.held(name)
        if held.path is not None:
            return held
        folder = self._folder(name)
        part = folder / f".{name.file}.{span.length}"
        offset = held.offset if held.length == span.length else 0
        if span.start not in (0, offset):
            raise OffsetError(offset)
        if span.start == 0:
            self._begin(name, folder, span.length)
        elif self._free() < self._keep.headroom_bytes + span.size:
            raise NoRoomError(errno.ENOSPC, "the disk is full up to its head-room")
        _append(part, data, span.start)
        if not span.last:
            return Held(span.start + span.size, span.length)
        now = self._clock.utc()
        os.utime(part, (now, now))
        finished = folder / name.file
        part.replace(finished)
        return Held(span.length, span.length, finished)

    def sweep(self) -> None:
        """Remove what is too old."""
        for incident in self._incidents():
            if self._clock.utc() - incident.written_at > self._keep.keep_s:
                shutil.rmtree(incident.folder, ignore_errors=True)

    def _begin(self, name: MediaName, folder: Path, length: int) -> None:
        self._make_room(length, folder)
        folder.mkdir(parents=True, exist_ok=True)
        for part, _ in self._parts(name):
            part.unlink()

    def _make_room(self, needed: int, ours: Path) -> None:
        """Remove what is too old, then the oldest incident but `ours`, until `needed` bytes fit; all or nothing."""
        self.sweep()
        kept = self._incidents()
        total = sum(incident.size for incident in kept)
        others = sorted((each for each in kept if each.folder != ours), key=lambda each: each.written_at)
        least = total - sum(each.size for each in others)
        if least + needed > self._keep.limit_bytes:
            raise NoRoomError(errno.ENOSPC, f"expected at most {self._keep.limit_bytes:,} bytes of media")
        room = self._free() - self._keep.headroom_bytes
        if room + total - least < needed:
            raise NoRoomError(errno.ENOSPC, "the disk is full up to its head-room")
        for each in others:
            if total + needed <= self._keep.limit_bytes and room >= needed:
                return
            shutil.rmtree(each.folder, ignore_errors=True)
            total, room = total - each.size, self._free() - self._keep.headroom_bytes

    def _incidents(self) -> "list[_Kept]":
        found = []
        for folder in self._root.glob("*/*/*/"):
            with contextlib.suppress(FileNotFoundError):
                found.append(_measure(folder))
        return found

    def _parts(self, name: MediaName) -> Iterator[tuple[Path, int]]:
        with contextlib.suppress(FileNotFoundError):
            for path in list(self._folder(name).iterdir()):
                match = _PART.fullmatch(path.name)
                if match and match["file"] == name.file:
                    yield path, int(match["length"])

    def _folder(self, name: MediaName) -> Path:
        return self._root / name.edge_id / name.camera_id / name.incident_id

    def _free(self) -> int:
        self._root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free


class _Kept(msgspec.Struct, frozen=True):
    """The files of one incident; one that is still coming counts in full."""

    folder: Path
    written_at: float
    size: int


def _measure(folder: Path) -> _Kept:
    written_at, size = folder.stat().st_mtime, 0
    files = [(path, path.stat()) for path in folder.iterdir()]
    for path, stat in files:
        part = _PART.fullmatch(path.name)
        size += int(part["length"]) if part else stat.st_size
    return _Kept(folder, max((stat.st_mtime for _, stat in files), default=written_at), size)


def _append(part: Path, data: bytes, offset: int) -> None:
    """Write `data` at the end, all of it or nothing. Raises NoRoomError and OSError."""
    with part.open("ab") as file:
        try:
            file.truncate(offset)
            file.write(data)
            file.flush()
        except OSError as error:
            with contextlib.suppress(OSError):
                file.truncate(offset)
            if error.errno in _NO_ROOM:
                raise NoRoomError(error.errno, error.strerror) from None
            raise
