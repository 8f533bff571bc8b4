"""A thermal picture as it came in, checked; and why one is refused."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aimonitor.edge.types import Floats

MESSAGE_LIMIT = 64 * 1024
"""Bytes of one message: a Lepton frame in base64 fits."""

SIDE_LIMIT = 640
DEAD_SHARE_LIMIT = 0.10
CELSIUS_MIN, CELSIUS_MAX = -50.0, 400.0

UNITS = {"C": (1.0, 0.0), "dC": (0.1, 0.0), "cC": (0.01, 0.0), "cK": (0.01, -273.15), "dK": (0.1, -273.15)}
"""Scale and offset to degrees Celsius."""


class ThermalFormatError(ValueError):
    """A thermal message was refused: which field, what was expected, what came, and a hint where there is one."""

    def __init__(self, field: str, expected: str, got: str, hint: str = "") -> None:
        super().__init__(f"{field}: expected {expected}, got {got}" + (f" ({hint})" if hint else ""))
        self.field = field
        self.expected = expected
        self.got = got
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Received:
    """One picture: (rows, columns) float32 Celsius, NaN for dead pixels, origin top left as seen from the sensor.

    sequence, uptime_ms: as the sensor counts them, where it does
    """

    celsius: Floats
    sensor: str = ""
    ambient_celsius: float | None = None
    sequence: int | None = None
    uptime_ms: int | None = None


def scale(unit: str) -> tuple[float, float]:
    """Scale and offset of a unit. Raises ThermalFormatError."""
    if unit not in UNITS:
        hint = "send Celsius" if unit in ("F", "dF", "cF") else ""
        raise ThermalFormatError("unit", " or ".join(UNITS), repr(unit)[:20], hint)
    return UNITS[unit]


def grid(values: npt.NDArray[np.generic], rows: int, columns: int, unit: str = "C") -> Floats:
    """`values` (any number type, flat, row by row) as a checked picture. Raises ThermalFormatError."""
    if not (1 <= rows <= SIDE_LIMIT and 1 <= columns <= SIDE_LIMIT):
        raise ThermalFormatError("w, h", f"1 to {SIDE_LIMIT} each", f"{columns} and {rows}")
    if values.size != rows * columns:
        raise ThermalFormatError("data", f"{columns} x {rows} = {rows * columns} values", str(values.size))
    factor, offset = scale(unit)
    celsius = values.astype(np.float64) * factor + offset
    if np.isinf(celsius).any():
        raise ThermalFormatError("data", "finite temperatures", "infinity")
    alive = celsius[~np.isnan(celsius)]
    dead_share = 1 - alive.size / celsius.size
    if dead_share > DEAD_SHARE_LIMIT:
        raise ThermalFormatError("data", f"at most {DEAD_SHARE_LIMIT:.0%} dead pixels", f"{dead_share:.0%}")
    low, high = float(alive.min()), float(alive.max())
    if low < CELSIUS_MIN or high > CELSIUS_MAX:
        hint = "name the unit: C, dC, cC, cK or dK" if unit == "C" else f"the unit was taken to be {unit}"
        worst = low if low < CELSIUS_MIN else high
        raise ThermalFormatError("data", f"{CELSIUS_MIN:.0f} to {CELSIUS_MAX:.0f} °C", f"{worst:.4g} °C", hint)
    return celsius.reshape(rows, columns).astype(np.float32)
