"""Motion JPEG in AVI: pictures as the camera sent them, untouched, in a file that every player opens.

RIFF AVI 1.0 with an index (Microsoft, "AVI RIFF File Reference"). AVI has one rate for all frames: a picture that
stood for long is repeated in the index, not in the file, so the film runs at the pace at which it was taken.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

_RATE_MAX = 30
_HAS_INDEX, _KEYFRAME = 0x10, 0x10
_REPEAT_LIMIT = 300


def write_avi(path: Path, pictures: Sequence[tuple[float, bytes]], size: tuple[int, int]) -> None:
    """Write `pictures` (time in seconds, JPEG), in order of time, all of `size` (width, height). Raises OSError.

    Raises ValueError when there is no picture.
    """
    if not pictures:
        raise ValueError("expected at least one picture, got none")
    rate = _rate([at for at, _ in pictures])
    chunks = [_chunk(b"00dc", jpeg) for _, jpeg in pictures]
    index = bytearray()
    offset = 4
    for number, (chunk, (at, jpeg)) in enumerate(zip(chunks, pictures, strict=True)):
        ends_at = pictures[number + 1][0] if number + 1 < len(pictures) else at + 1 / rate
        repeats = min(_REPEAT_LIMIT, max(1, round(ends_at * rate) - round(at * rate)))
        index += struct.pack("<4sIII", b"00dc", _KEYFRAME, offset, len(jpeg)) * repeats
        offset += len(chunk)
    frames = len(index) // 16
    header = _list(b"hdrl", _chunk(b"avih", _main_header(rate, frames, size, chunks)) + _stream(rate, frames, size))
    movie = _list(b"movi", b"".join(chunks))
    body = b"AVI " + header + movie + _chunk(b"idx1", bytes(index))
    path.write_bytes(_chunk(b"RIFF", body))


def _rate(times: Sequence[float]) -> int:
    """Frames per second: that of the fastest tenth of the pictures, so that none has to be left out."""
    gaps = sorted(after - before for before, after in pairwise(times) if after > before)
    if not gaps:
        return 1
    return min(_RATE_MAX, max(1, round(1 / gaps[len(gaps) // 10])))


def _main_header(rate: int, frames: int, size: tuple[int, int], chunks: Sequence[bytes]) -> bytes:
    largest = max(len(chunk) for chunk in chunks)
    times = (1_000_000 // rate, largest * rate, 0, _HAS_INDEX, frames, 0, 1, largest)
    return struct.pack("<14I", *times, *size, 0, 0, 0, 0)


def _stream(rate: int, frames: int, size: tuple[int, int]) -> bytes:
    width, height = size
    head = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"MJPG", 0, 0, 0, 0, 1, rate, 0, frames, 0, 0xFFFFFFFF, 0, 0, 0, width, height
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    return _list(b"strl", _chunk(b"strh", head) + _chunk(b"strf", picture))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", name + data)
