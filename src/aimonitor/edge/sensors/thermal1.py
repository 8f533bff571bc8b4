"""Our own format, thermal/1, as JSON and as binary. docs/guide/thermal.md is its reference.

Binary, little-endian: "TH", u8 version = 1, u8 encoding (0 = i16 centi-Celsius, 1 = u16 centi-Kelvin, 2 = f32 Celsius),
u16 width, u16 height, u32 sequence, u32 uptime in ms, the pixels row by row, u32 CRC-32 of all that precedes it.
Dead pixels: i16 -32768, u16 0, f32 NaN, JSON null.
"""

import base64
import binascii
import struct
import zlib
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from aimonitor.edge.sensors.received import Received, ThermalFormatError, grid, scale

MAGIC = b"TH"
_HEADER = struct.Struct("<2sBBHHII")
_CRC = struct.Struct("<I")
_ENCODINGS: dict[int, tuple[str, str]] = {0: ("<i2", "cC"), 1: ("<u2", "cK"), 2: ("<f4", "C")}
_BASE64_TYPES = {"i16le+b64": "<i2", "u16le+b64": "<u2", "f32le+b64": "<f4"}


class Thermal1(msgspec.Struct, frozen=True):
    """The JSON form. `ta` is the sensor's own temperature in the same unit."""

    v: Literal[1]
    w: Annotated[int, msgspec.Meta(ge=1, le=640)]
    h: Annotated[int, msgspec.Meta(ge=1, le=640)]
    data: str | list[float | None]
    unit: str = "C"
    enc: Literal["json", "i16le+b64", "u16le+b64", "f32le+b64"] = "json"
    sensor: Annotated[str, msgspec.Meta(max_length=64)] = ""
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    uptime_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    ts: float | None = None
    ta: float | None = None
    emissivity: float | None = None


def from_json(document: dict[str, Any]) -> Received:
    """A decoded JSON object of this format. Raises ThermalFormatError."""
    try:
        message = msgspec.convert(document, Thermal1)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        raise ThermalFormatError(path.strip("`") or "message", "thermal/1", text) from None
    factor, offset = scale(message.unit)
    if isinstance(message.data, str):
        values = _from_base64(message.data, message.enc)
    elif message.enc == "json":
        values = np.array([np.nan if value is None else value for value in message.data], np.float64)
    else:
        raise ThermalFormatError("data", f"a base64 string, as enc = {message.enc} says", "a list")
    celsius = grid(values, message.h, message.w, message.unit)
    ambient = None if message.ta is None else message.ta * factor + offset
    return Received(celsius, message.sensor, ambient, message.seq, message.uptime_ms)


def from_bytes(data: bytes) -> Received:
    """A binary message of this format. Raises ThermalFormatError."""
    if len(data) < _HEADER.size + _CRC.size:
        raise ThermalFormatError("message", f"at least {_HEADER.size + _CRC.size} bytes", str(len(data)))
    magic, version, encoding, width, height, sequence, uptime_ms = _HEADER.unpack_from(data)
    if magic != MAGIC or version != 1:
        raise ThermalFormatError("header", "TH, version 1", data[:3].hex(" "))
    if encoding not in _ENCODINGS:
        raise ThermalFormatError("encoding", "0, 1 or 2", str(encoding))
    kind, unit = _ENCODINGS[encoding]
    size = _HEADER.size + width * height * np.dtype(kind).itemsize + _CRC.size
    if len(data) != size:
        raise ThermalFormatError("message", f"{size} bytes for {width} x {height} pixels", str(len(data)))
    (crc,) = _CRC.unpack_from(data, size - _CRC.size)
    if zlib.crc32(data[: -_CRC.size]) != crc:
        raise ThermalFormatError("crc", f"{zlib.crc32(data[: -_CRC.size]):08x}", f"{crc:08x}")
    values = _alive(np.frombuffer(data, kind, width * height, _HEADER.size))
    return Received(grid(values, height, width, unit), "", None, sequence, uptime_ms)


def to_bytes(celsius: npt.NDArray[np.float32], sequence: int, uptime_ms: int) -> bytes:
    """A picture as a binary message, i16 centi-Celsius; what a firmware would send."""
    rows, columns = celsius.shape
    pixels = np.where(np.isnan(celsius), -32768, np.round(np.nan_to_num(celsius) * 100)).astype("<i2")
    message = _HEADER.pack(MAGIC, 1, 0, columns, rows, sequence, uptime_ms) + pixels.tobytes()
    return message + _CRC.pack(zlib.crc32(message))


def _from_base64(text: str, encoding: str) -> npt.NDArray[np.float64]:
    if encoding not in _BASE64_TYPES:
        raise ThermalFormatError("enc", f"one of {', '.join(_BASE64_TYPES)} for a string", repr(encoding))
    kind = _BASE64_TYPES[encoding]
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ThermalFormatError("data", "base64", str(error)) from None
    if len(data) % np.dtype(kind).itemsize:
        raise ThermalFormatError("data", f"a multiple of {np.dtype(kind).itemsize} bytes", str(len(data)))
    return _alive(np.frombuffer(data, kind))


def _alive(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """As floats, the codes of dead pixels as NaN."""
    floats = values.astype(np.float64)
    if values.dtype.kind == "i":
        floats[values == -32768] = np.nan
    elif values.dtype.kind == "u":
        floats[values == 0] = np.nan
    return floats
