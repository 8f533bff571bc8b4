"""The formats that hobby firmwares really send."""

import base64
import binascii
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aimonitor.edge.sensors.received import Received, ThermalFormatError, grid

SHAPES = {64: (8, 8), 192: (12, 16), 768: (24, 32), 4800: (60, 80), 19200: (120, 160)}
"""Rows and columns by the number of pixels: AMG8833, MLX90641, MLX90640, Lepton 2, Lepton 3."""

GY_MCU_SIZE = 1544
_GY_MCU_START = bytes((0x5A, 0x5A, 0x02, 0x06))
_GY_MCU_LINE = 4 * ((GY_MCU_SIZE + 2) // 3) + 8
_TLINEAR_RESOLUTION_WORD = 209
"""Of the Lepton's telemetry (row C, word 49): 0 = tenths of a Kelvin, 1 = hundredths."""


def shape_of(count: int) -> tuple[int, int]:
    """Rows and columns of a picture of `count` pixels; by length alone. Raises ThermalFormatError."""
    if count not in SHAPES:
        known = ", ".join(str(each) for each in SHAPES)
        hint = "other shapes: send thermal/1, which names w and h"
        raise ThermalFormatError("data", f"{known} values", str(count), hint)
    return SHAPES[count]


def from_array(values: Sequence[Any], unit: str) -> Received:
    """A bare array of numbers, degrees Celsius unless the unit was named (masato-ka, Samox1, RobotHacker)."""
    rows, columns = shape_of(len(values))
    return Received(grid(_numbers(values), rows, columns, unit))


def from_raw(document: dict[str, Any], unit: str) -> Received:
    """`/raw` of TheRealWaldo/thermal: `data` is a string of numbers with commas, rows and cols may be given."""
    text = document["data"]
    values = text.split(",") if isinstance(text, str) else text
    numbers = _numbers(values if isinstance(values, list) else [values])
    rows, columns = document.get("rows"), document.get("cols")
    if not isinstance(rows, int) or not isinstance(columns, int):
        rows, columns = shape_of(numbers.size)
    sensor = document.get("sensor")
    return Received(grid(numbers, rows, columns, unit), sensor[:64] if isinstance(sensor, str) else "")


def from_mthecam(document: dict[str, Any]) -> Received:
    """`/frame` of Elektor's MTheCam: `frame` in centi-Celsius, `rowsize` pixels in a row."""
    frame, columns = document["frame"], document["rowsize"]
    if not isinstance(frame, list) or not isinstance(columns, int) or columns < 1 or len(frame) % columns:
        got = f"{len(frame) if isinstance(frame, list) else type(frame).__name__} by {columns!r}"
        raise ThermalFormatError("frame, rowsize", "a list of whole rows", got)
    return Received(grid(_numbers(frame), len(frame) // columns, columns, "cC"), "MTheCam")


def from_tcam(document: dict[str, Any]) -> Received:
    """An image of tCam or tCam-Mini: `radiometric` is base64 of u16 Kelvin, hundredths in high gain, tenths in low."""
    data = _base64(document["radiometric"], "radiometric")
    if len(data) % 2:
        raise ThermalFormatError("radiometric", "an even number of bytes", str(len(data)))
    unit = "cK"
    if "telemetry" in document:
        telemetry = np.frombuffer(_base64(document["telemetry"], "telemetry")[:480], "<u2", -1)
        if telemetry.size > _TLINEAR_RESOLUTION_WORD and telemetry[_TLINEAR_RESOLUTION_WORD] == 0:
            unit = "dK"
    values = np.frombuffer(data, "<u2")
    rows, columns = shape_of(values.size)
    return Received(grid(values, rows, columns, unit), "lepton")


def from_floats(data: bytes) -> Received:
    """A blob of float32, little-endian, Celsius (pisaoutertracker/thermal-camera)."""
    values = np.frombuffer(data, "<f4")
    rows, columns = shape_of(values.size)
    return Received(grid(values, rows, columns))


def from_gy_mcu(data: bytes) -> Received:
    """The serial packet of the GY-MCU90640: 5A 5A 02 06, 768 x i16 centi-Celsius, its own temperature, a checksum.

    The checksum is not looked at: what real modules send there follows no rule that anybody has found.
    """
    if len(data) != GY_MCU_SIZE or data[:4] != _GY_MCU_START:
        got = f"{len(data)} bytes from {data[:4].hex(' ')}"
        raise ThermalFormatError("packet", f"{GY_MCU_SIZE} bytes from 5a 5a 02 06", got)
    (ambient,) = struct.unpack_from("<h", data, GY_MCU_SIZE - 4)
    return Received(grid(np.frombuffer(data, "<i2", 768, 4), 24, 32, "cC"), "mlx90640", ambient / 100)


def is_gy_mcu_line(data: bytes) -> bool:
    """True when `data` has the length of one line of esp-thermal-camera-streamer: the packet in base64, eight hex."""
    return len(data.rstrip(b"\r\n")) == _GY_MCU_LINE


def from_gy_mcu_line(data: bytes) -> Received:
    """One line of dev-lab/esp-thermal-camera-streamer: the packet in base64 and a timer of eight hex digits, in ms."""
    line = data.rstrip(b"\r\n")
    try:
        packet, uptime_ms = base64.b64decode(line[:-8], validate=True), int(line[-8:], 16)
    except (binascii.Error, ValueError) as error:
        raise ThermalFormatError("line", "base64 and eight hex digits", str(error)) from None
    received = from_gy_mcu(packet)
    return Received(received.celsius, received.sensor, received.ambient_celsius, None, uptime_ms)


def _numbers(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Numbers as floats; null is a dead pixel. Raises ThermalFormatError at the first that is none."""
    numbers = np.empty(len(values), np.float64)
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, (int, float, str, type(None))):
            raise ThermalFormatError(f"data[{index}]", "a number", type(value).__name__)
        try:
            numbers[index] = np.nan if value is None else float(value)
        except ValueError:
            raise ThermalFormatError(f"data[{index}]", "a number", repr(value)[:20]) from None
    return numbers


def _base64(text: object, field: str) -> bytes:
    if not isinstance(text, str):
        raise ThermalFormatError(field, "a base64 string", type(text).__name__)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ThermalFormatError(field, "base64", str(error)) from None
