"""Which format is it? Told by name, else by the keys of a JSON object and the lengths of everything else.

Never by the values: a picture of 21.5 looks the same in Celsius and in tenths of it, and what guesses is wrong one day.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from aimonitor.edge.sensors import hobby, thermal1
from aimonitor.edge.sensors.received import MESSAGE_LIMIT, Received, ThermalFormatError

_BLOBS: dict[int, Callable[[bytes], Received]] = {
    256: hobby.from_floats,
    3072: hobby.from_floats,
    hobby.GY_MCU_SIZE: hobby.from_gy_mcu,
}
"""Binary payloads without a name, by length."""

FORMATS = ("auto", "thermal/1", "json", "f32le", "gy-mcu")


def decode(data: bytes, *, format_name: str = "auto", unit: str = "C", is_text: bool | None = None) -> Received:
    """One message of a thermal sensor.

    format_name: one of FORMATS; unit: of bare arrays and `/raw`, which do not name theirs
    is_text: what the transport says of the payload (WebSocket text, JSON content type), None when it says nothing
    Raises ThermalFormatError, with a hint when the format had to be guessed.
    """
    if len(data) > MESSAGE_LIMIT:
        raise ThermalFormatError("message", f"at most {MESSAGE_LIMIT:,} bytes", f"{len(data):,}")
    match format_name:
        case "auto":
            return _decode_unnamed(data, unit, is_text)
        case "thermal/1":
            return thermal1.from_bytes(data) if data.startswith(thermal1.MAGIC) else _decode_json(data, unit)
        case "json":
            return _decode_json(data, unit)
        case "f32le":
            return hobby.from_floats(data) if len(data) % 4 == 0 else _no_blob(data)
        case "gy-mcu":
            return hobby.from_gy_mcu_line(data) if hobby.is_gy_mcu_line(data) else hobby.from_gy_mcu(data)
    raise ThermalFormatError("format", " or ".join(FORMATS), repr(format_name)[:40])


def _decode_unnamed(data: bytes, unit: str, is_text: bool | None) -> Received:
    if is_text is not True:
        binary = thermal1.from_bytes if data.startswith(thermal1.MAGIC) else _BLOBS.get(len(data))
        if binary is not None and is_text is None and _is_json(data):
            hint = "name it: format=json or format=f32le"
            raise ThermalFormatError("message", "one format", f"JSON text of {len(data)} bytes, a blob's length", hint)
        if binary is not None:
            return binary(data)
    if hobby.is_gy_mcu_line(data) and not _is_json(data):
        return hobby.from_gy_mcu_line(data)
    if is_text is False:
        return _no_blob(data)
    return _decode_json(data, unit)


def _no_blob(data: bytes) -> Received:
    lengths = ", ".join(str(length) for length in _BLOBS)
    hint = "other shapes: send thermal/1, which names w and h"
    raise ThermalFormatError("message", f"thermal/1 (from TH) or a blob of {lengths} bytes", f"{len(data)} bytes", hint)


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _decode_json(data: bytes, unit: str) -> Received:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ThermalFormatError("message", "JSON", str(error)[:120]) from None
    except RecursionError:
        raise ThermalFormatError("message", "JSON of a few levels", "thousands of levels") from None
    if isinstance(document, list):
        return hobby.from_array(document, unit)
    if not isinstance(document, dict):
        raise ThermalFormatError("message", "a JSON object or array", type(document).__name__)
    return _by_keys(document, unit)


def _by_keys(document: dict[str, Any], unit: str) -> Received:
    if "v" in document:
        return thermal1.from_json(document)
    if "radiometric" in document:
        return hobby.from_tcam(document)
    if "frame" in document and "rowsize" in document:
        return hobby.from_mthecam(document)
    if "data" in document:
        return hobby.from_raw(document, unit)
    keys = ", ".join(sorted(document)[:5]) or "none"
    hint = "thermal/1 has v, w, h, unit, data"
    raise ThermalFormatError("message", "the keys of a known format", f"keys {keys}"[:80], hint)
