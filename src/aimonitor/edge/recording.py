"""Scenes as JSON lines: what the risk stage saw, to be explained again later. Not a stage: it writes files."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from aimonitor.edge.types import Scene, Track

_DECODE_LIMIT = 1_000_000


class RecordingError(ValueError):
    """A line of a recording was refused; the text says which, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class RecordedScene:
    """The input of the risk stage at one moment, and what else the stages before it need to run again.

    masked: the tracks that a mask hid, which are not in the scene; width, height: of the picture, in pixels
    """

    at: float
    utc: float
    scene: Scene
    masked: tuple[Track, ...] = ()
    width: int = 640
    height: int = 480


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(RecordedScene)


def to_line(recorded: RecordedScene) -> bytes:
    """One line, newline included."""
    return _ENCODER.encode(recorded) + b"\n"


def read(lines: Iterable[bytes]) -> Iterator[RecordedScene]:
    """The scenes of a recording. Raises RecordingError with the number of the line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if len(line) > _DECODE_LIMIT:
                raise RecordingError(f"line {number}: expected at most {_DECODE_LIMIT:,} bytes, got {len(line):,}")
            yield _DECODER.decode(line)
        except msgspec.MsgspecError as error:
            raise RecordingError(f"line {number}: expected a recorded scene, got: {error}") from None


def between(root: Path, start_utc: float, end_utc: float) -> Iterator[RecordedScene]:
    """What a SceneRecorder has written of this time, oldest first. May raise OSError.

    A line that is damaged is left out: the last one may be half written, by a power cut or at this moment.
    """
    first, last = _minute_of(start_utc), _minute_of(end_utc)
    for file in sorted(root.glob("*.jsonl")):
        if not first <= file.stem <= last:
            continue
        with contextlib.suppress(FileNotFoundError), file.open("rb") as lines:  # the oldest may just have gone
            for line in lines:
                with contextlib.suppress(RecordingError):
                    yield from (one for one in read([line]) if start_utc <= one.utc <= end_utc)


class SceneRecorder:
    """Appends scenes to one file a minute, `<root>/<YYYYmmddTHHMM>.jsonl`, and keeps all of them under `limit_bytes`.

    The oldest minutes go first. `write` may raise OSError. Owned by one thread.
    """

    def __init__(self, root: Path, *, limit_bytes: int = 200_000_000) -> None:
        self._root, self._limit_bytes = root, limit_bytes
        self._minute = ""
        self.removed = 0

    def write(self, recorded: RecordedScene) -> None:
        """Append one scene."""
        minute = _minute_of(recorded.utc)
        if minute != self._minute:
            self._root.mkdir(parents=True, exist_ok=True)
            self._make_room()
            self._minute = minute
        with (self._root / f"{minute}.jsonl").open("ab") as file:
            file.write(to_line(recorded))

    def _make_room(self) -> None:
        files = sorted(self._root.glob("*.jsonl"))
        sizes = [file.stat().st_size for file in files]
        total = sum(sizes)
        for file, size in zip(files, sizes, strict=True):
            if total <= self._limit_bytes:
                return
            file.unlink(missing_ok=True)
            self.removed += 1
            total -= size


def _minute_of(utc: float) -> str:
    return datetime.fromtimestamp(utc, UTC).strftime("%Y%m%dT%H%M")
