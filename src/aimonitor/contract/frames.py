"""Pictures on the wire: a length-prefixed header and the JPEG bytes as the camera sent them.

Little-endian. The header grows at its end only: a reader skips what it does not know by the header's length.

    offset  type  field
    0       u8    kind: 1 = JPEG picture
    1       u8    header length in bytes, this table and the source included
    2       u16   width of the picture
    4       u16   height of the picture
    6       u16   flags: bit 0 = thumbnail (smaller than the camera's picture)
    8       f64   captured_at, seconds since 1970 UTC on the edge's clock
    16      u64   frame_id
    24      u32   age of the picture in microseconds when it was sent (monotonic; 0xFFFFFFFF = more than an hour)
    28      u8    length of the source in bytes
    29      …     source, `<edge_id>/<camera_id>`, ASCII
"""

import functools
import re
import struct
from typing import Final

from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.frame_header import FrameHeader

__all__ = ["AGE_UNKNOWN_US", "FRAME_LIMIT", "JPEG_PICTURE", "THUMBNAIL", "FrameHeader", "decode_header", "encode"]

FRAME_LIMIT: Final = 2 * 1024 * 1024
"""Bytes of one binary frame, header included."""

JPEG_PICTURE: Final = 1
THUMBNAIL: Final = 0x0001
AGE_UNKNOWN_US: Final = 0xFFFFFFFF

_FIXED: Final = struct.Struct("<BBHHHdQIB")
_Fields = tuple[int, int, int, int, int, float, int, int, int]
_SOURCE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_JPEG_START: Final = b"\xff\xd8"
_SOURCES_KNOWN = 4096


def encode(header: FrameHeader, jpeg: bytes) -> bytes:
    """One binary message; `jpeg` is copied once and not looked at."""
    source = header.source.encode("ascii")
    age_us = min(AGE_UNKNOWN_US, max(0, round(header.age_s * 1e6)))
    fixed = _FIXED.pack(
        JPEG_PICTURE,
        _FIXED.size + len(source),
        header.width,
        header.height,
        THUMBNAIL if header.thumbnail else 0,
        header.captured_at,
        header.frame_id,
        age_us,
        len(source),
    )
    return b"".join((fixed, source, jpeg))


def decode_header(data: bytes) -> tuple[FrameHeader, int]:
    """The header, and the offset at which the JPEG bytes start.

    Raises ContractError (TooLargeError above FRAME_LIMIT) naming the field. Of the JPEG, only the first two bytes
    are checked.
    """
    if len(data) > FRAME_LIMIT:
        raise TooLargeError(FRAME_LIMIT, len(data))
    if len(data) < _FIXED.size:
        raise ContractError("frame", f"a header of at least {_FIXED.size} bytes", f"{len(data)} bytes")
    fields: _Fields = _FIXED.unpack_from(data)
    kind, length, width, height, flags, captured_at, frame_id, age_us, source_length = fields
    if kind != JPEG_PICTURE:
        raise ContractError("frame.kind", f"{JPEG_PICTURE} (JPEG picture)", str(kind))
    if not _FIXED.size + source_length <= length <= len(data):
        expected = f"{_FIXED.size + source_length} to {min(255, len(data))} bytes"
        raise ContractError("frame.header_length", expected, str(length))
    source = _read_source(data[_FIXED.size : _FIXED.size + source_length])
    if not 0 <= captured_at <= 1e11:
        raise ContractError("frame.captured_at", "seconds since 1970", str(captured_at))
    if frame_id > 2**53:
        raise ContractError("frame.frame_id", "at most 2^53", str(frame_id))
    if data[length : length + 2] != _JPEG_START:
        raise ContractError(
            "frame.jpeg", "bytes that start with FF D8", data[length : length + 2].hex(" ") or "nothing"
        )
    return FrameHeader(source, frame_id, captured_at, width, height, age_us / 1e6, bool(flags & THUMBNAIL)), length


@functools.lru_cache(_SOURCES_KNOWN)
def _read_source(raw: bytes) -> str:
    """The source, which is the same picture after picture; raises ContractError."""
    if not _SOURCE.fullmatch(raw):
        raise ContractError("frame.source", "<edge_id>/<camera_id>", ascii(raw[:40])[1:])
    return raw.decode("ascii")
