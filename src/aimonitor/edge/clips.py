"""What an incident looked like: a snapshot, the same with boxes, and a clip of the camera's own JPEGs.

`ClipRing` remembers the last seconds and says which clips are due (no I/O); `ClipStore` writes them, bounded by the
disk's head-room, its own share and age, the oldest incident first.

    <root>/<incident_id>/snapshot.jpg  boxes.jpg  clip.avi  clip.json
"""

import os
import shutil
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aimonitor.edge.avi import write_avi
from aimonitor.edge.types import Box, Event, Track

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A track as drawn: who and where, in fractions of the image."""

    track_id: int
    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class Kept:
    """One picture of the ring: the camera's bytes and what was seen in them."""

    at: float
    utc: float
    frame_id: int
    width: int
    height: int
    jpeg: bytes
    tracks: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is due: pictures in order of time; `opening` is the one in which the incident opened."""

    incident_id: str
    kind: str
    words: str
    opening: Kept
    pictures: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """The picture in which an incident opened: worth having at once, its clip follows when it is complete."""

    incident_id: str
    picture: Kept


@dataclass(slots=True)
class _Pending:
    event: Event
    opening: Kept
    pictures: list[Kept]
    size: int


class ClipRing:
    """The last `before_s` of pictures, and incidents whose `after_s` are still running. Owned by one thread.

    At most `limit_bytes` of pictures are held, in the ring and in each clip; `dropped` counts what did not fit.
    """

    def __init__(self, *, before_s: float = 5.0, after_s: float = 10.0, limit_bytes: int = 32_000_000) -> None:
        self._before_s, self._after_s, self._limit_bytes = before_s, after_s, limit_bytes
        self._ring: deque[Kept] = deque()
        self._size = 0
        self._pending: list[_Pending] = []
        self.dropped = 0

    def add(self, picture: Kept, events: Sequence[Event]) -> list[Clip]:
        """Remember a picture and the events of its frame; the clips that are complete now."""
        for pending in self._pending:
            if pending.size + len(picture.jpeg) <= self._limit_bytes:
                pending.pictures.append(picture)
                pending.size += len(picture.jpeg)
            else:
                self.dropped += 1
        self._ring.append(picture)
        self._size += len(picture.jpeg)
        while self._ring and (picture.at - self._ring[0].at > self._before_s or self._size > self._limit_bytes):
            self._size -= len(self._ring.popleft().jpeg)
        for event in events:
            if event.phase == "opened":
                self._pending.append(_Pending(event, picture, list(self._ring), self._size))
        return self._due(picture.at)

    def finish(self) -> list[Clip]:
        """The clips that wait for pictures which will not come: the camera stops here."""
        return self._due(float("inf"))

    def _due(self, at: float) -> list[Clip]:
        due = [pending for pending in self._pending if at - pending.opening.at >= self._after_s]
        self._pending = [pending for pending in self._pending if at - pending.opening.at < self._after_s]
        return [
            Clip(one.event.incident_id, one.event.kind, one.event.words, one.opening, tuple(one.pictures))
            for one in due
        ]


class ClipStore:
    """Clips on disk. Methods raise OSError; a clip is there completely or not at all. Owned by one thread.

    headroom_bytes: that much of the disk stays free, whatever else fills it; limit_bytes, keep_s: of our own files
    `removed` counts incidents that made room, `refused` clips for which there was none.
    """

    def __init__(
        self,
        root: Path,
        *,
        limit_bytes: int = 2_000_000_000,
        headroom_bytes: int = 1_000_000_000,
        keep_s: float = 14 * 86_400.0,
    ) -> None:
        self._root = root
        self._limit_bytes, self._headroom_bytes, self._keep_s = limit_bytes, headroom_bytes, keep_s
        self.removed = 0
        self.refused = 0

    def save(self, clip: Clip, boxes_jpeg: bytes | None = None) -> Path | None:
        """Write one clip and make room for it; None when there is no room even without all older ones.

        boxes_jpeg: the opening picture with its boxes drawn in, see `snapshots`
        """
        needed = sum(len(picture.jpeg) for picture in clip.pictures) * 11 // 10 + 100_000
        unfinished = self._begin(Opening(clip.incident_id, clip.opening), boxes_jpeg, needed)
        if unfinished is None:
            self.refused += 1
            return None
        (unfinished / "clip.json").write_bytes(_index(clip))
        write_avi(unfinished / "clip.avi", [(picture.at, picture.jpeg) for picture in clip.pictures], _size(clip))
        return self._finish(unfinished, clip.incident_id, clip.opening.utc)

    def save_opening(self, opening: Opening, boxes_jpeg: bytes | None = None) -> Path | None:
        """Write the pictures of an incident whose clip still runs; `save` puts the whole in their place."""
        unfinished = self._begin(opening, boxes_jpeg, 2 * len(opening.picture.jpeg) + 100_000)
        if unfinished is None:
            return None
        return self._finish(unfinished, opening.incident_id, opening.picture.utc)

    def sweep(self, utc: float) -> None:
        """Remove what is too old at `utc`, also where nothing new comes."""
        for folder in [each for each in self._root.iterdir() if each.is_dir()]:
            if utc - folder.stat().st_mtime > self._keep_s:
                shutil.rmtree(folder)
                self.removed += 1

    def _begin(self, opening: Opening, boxes_jpeg: bytes | None, needed: int) -> Path | None:
        """A folder that nobody sees yet, with the opening pictures in it; None when there is no room."""
        incident_id, picture = opening.incident_id, opening.picture
        if not incident_id or not _SAFE.issuperset(incident_id) or incident_id.startswith("."):
            raise ValueError(f"expected an incident id that is fit for a file name, got {incident_id!r}")
        self._root.mkdir(parents=True, exist_ok=True)
        if not self._make_room(needed, picture.utc):
            return None
        unfinished = self._root / f".{incident_id}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        (unfinished / "snapshot.jpg").write_bytes(picture.jpeg)
        if boxes_jpeg is not None:
            (unfinished / "boxes.jpg").write_bytes(boxes_jpeg)
        return unfinished

    def _finish(self, unfinished: Path, incident_id: str, utc: float) -> Path:
        os.utime(unfinished, (utc, utc))
        finished = self._root / incident_id
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.rename(finished)
        return finished

    def _make_room(self, needed: int, utc: float) -> bool:
        """Remove what is too old, then the oldest, until `needed` bytes fit; True when they do."""
        kept = sorted((folder.stat().st_mtime, folder) for folder in self._root.iterdir() if folder.is_dir())
        sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for _, folder in kept}
        total = sum(sizes.values())
        for made_at, folder in kept:
            is_old = utc - made_at > self._keep_s
            if not is_old and total + needed <= self._limit_bytes and self._free() >= self._headroom_bytes + needed:
                break
            shutil.rmtree(folder)
            self.removed += 1
            total -= sizes[folder]
        return total + needed <= self._limit_bytes and self._free() >= self._headroom_bytes + needed

    def _free(self) -> int:
        return shutil.disk_usage(self._root).free


def kept(jpeg: bytes, tracks: Sequence[Track], *, at: float, utc: float, frame_id: int, size: tuple[int, int]) -> Kept:
    """A picture for the ring; `size` is width and height in pixels."""
    seen = tuple(Labelled(track.track_id, track.label, track.box) for track in tracks)
    return Kept(at, utc, frame_id, size[0], size[1], jpeg, seen)


def _size(clip: Clip) -> tuple[int, int]:
    return clip.opening.width, clip.opening.height


def _index(clip: Clip) -> bytes:
    """When each picture was taken and what was seen in it: a player draws the boxes itself."""
    pictures = [
        {"frame_id": one.frame_id, "utc": one.utc, "bytes": len(one.jpeg), "tracks": one.tracks}
        for one in clip.pictures
    ]
    about = {"incident_id": clip.incident_id, "kind": clip.kind, "words": clip.words, "opened": clip.opening.frame_id}
    return msgspec.json.encode({**about, "pictures": pictures})
