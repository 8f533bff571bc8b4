"""Recordings of thermal video in the CPTV format, version 2, of the Cacophony Project.

A gzip stream of fields (length, code, data), little-endian. A frame is 16-bit raw values; compressed, it is the change
since the frame before, and of that the change from pixel to pixel along a snake (odd rows run backwards): the first as
i32, the others as signed numbers of `w` bits each, most significant bit first. A Lepton 3.5 counts hundredths of a
Kelvin; other models give counts without a scale, which are no temperatures and are refused.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from aimonitor.edge.sensors.received import SIDE_LIMIT, ThermalFormatError, grid
from aimonitor.edge.types import Floats

_MAGIC = b"CPTV\x02"
_FRAME_LIMIT = 4 * SIDE_LIMIT * SIDE_LIMIT + 64
_RADIOMETRIC = ("lepton3.5", "lepton3")
Raw = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CptvFrame:
    """One frame; `at` is seconds since the first one."""

    at: float
    celsius: Floats


@dataclass(frozen=True, slots=True)
class CptvHeader:
    """What the recording says of itself; `started_utc` is seconds since 1970."""

    width: int
    height: int
    compression: int
    model: str
    device: str
    started_utc: float


def read_cptv(path: Path) -> Iterator[CptvFrame]:
    """The frames of a recording. Raises ThermalFormatError naming what is wrong, OSError when it cannot be read."""
    with gzip.open(path) as stream:
        try:
            yield from read_stream(io.BufferedReader(stream))
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ThermalFormatError(path.name, "a whole gzip stream", str(error)[:80]) from None


def read_stream(stream: BinaryIO) -> Iterator[CptvFrame]:
    """The frames of a decompressed recording."""
    header = read_header(stream)
    if header.model and header.model.lower() not in _RADIOMETRIC:
        raise ThermalFormatError("model", " or ".join(_RADIOMETRIC), repr(header.model), "no scale of temperature")
    before: Raw = np.zeros((header.height, header.width), np.int64)
    first_ms: int | None = None
    while section := stream.read(1):
        if section != b"F":
            raise ThermalFormatError("section", "F (frame)", repr(section))
        fields = _fields(stream)
        data = _exactly(stream, _number(fields, "f"))
        before = _frame(data, _number(fields, "w"), header, before)
        time_ms = _number(fields, "t")
        first_ms = time_ms if first_ms is None else first_ms
        celsius = grid(before.reshape(-1), header.height, header.width, "cK")
        yield CptvFrame((time_ms - first_ms) / 1000, celsius)


def read_header(stream: BinaryIO) -> CptvHeader:
    """The header, the stream left at the first frame. Raises ThermalFormatError."""
    magic = stream.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ThermalFormatError("file", "CPTV, version 2", magic.hex(" ") or "nothing")
    if stream.read(1) != b"H":
        raise ThermalFormatError("section", "H (header)", "another")
    fields = _fields(stream)
    width, height, compression = (_number(fields, code) for code in "XYC")
    if not (1 <= width <= SIDE_LIMIT and 1 <= height <= SIDE_LIMIT):
        raise ThermalFormatError("X, Y", f"1 to {SIDE_LIMIT} each", f"{width} and {height}")
    if compression not in (0, 1):
        raise ThermalFormatError("C", "compression 0 or 1", str(compression))
    texts = {code: fields.get(code, b"").decode("utf-8", "replace") for code in "ED"}
    return CptvHeader(width, height, compression, texts["E"], texts["D"], _number(fields, "T") / 1e6)


def _fields(stream: BinaryIO) -> dict[str, bytes]:
    (count,) = _exactly(stream, 1)
    fields = {}
    for _ in range(count):
        length, code = _exactly(stream, 2)
        fields[chr(code)] = _exactly(stream, length)
    return fields


def _number(fields: dict[str, bytes], code: str) -> int:
    if code not in fields:
        raise ThermalFormatError("fields", f"a field {code!r}", f"only {', '.join(sorted(fields))}")
    return int.from_bytes(fields[code], "little")


def _exactly(stream: BinaryIO, count: int) -> bytes:
    if count > _FRAME_LIMIT:
        raise ThermalFormatError("f", f"at most {_FRAME_LIMIT:,} bytes", f"{count:,}")
    data = stream.read(count)
    if len(data) != count:
        raise ThermalFormatError("file", f"{count} more bytes", f"its end after {len(data)}")
    return data


def _frame(data: bytes, bits: int, header: CptvHeader, before: Raw) -> Raw:
    pixels = header.width * header.height
    if header.compression == 0:
        if bits != 16 or len(data) != 2 * pixels:
            raise ThermalFormatError("frame", f"{2 * pixels} bytes of 16 bits", f"{len(data)} bytes of {bits}")
        return np.frombuffer(data, "<u2").astype(np.int64).reshape(header.height, header.width)
    needed = 4 + ((pixels - 1) * bits + 7) // 8
    if not 1 <= bits <= 32 or len(data) < needed:
        raise ThermalFormatError("frame", f"1 to 32 bits and {needed} bytes", f"{bits} bits and {len(data)} bytes")
    (first,) = struct.unpack_from("<i", data)
    steps = np.concatenate(([first], _signed(data[4:], bits, pixels - 1)))
    change: Raw = np.cumsum(steps).reshape(header.height, header.width)
    change[1::2] = change[1::2, ::-1]
    after: Raw = before + change
    return after


def _signed(data: bytes, bits: int, count: int) -> Raw:
    """`count` two's complement numbers of `bits` bits, packed most significant bit first."""
    flat = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits).reshape(count, bits).astype(np.int64)
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.int64)
    weights[0] = -weights[0]
    numbers: Raw = np.matmul(flat, weights)
    return numbers
