"""What a thermal sensor feels as viewers get it: small, and only while somebody looks. Pure.

A reading of 32 x 24 pixels is about 1.3 kB on the wire; larger ones are reduced to 80 x 60. Of the pixels that become
one the hottest counts: whatever is small and hot must not fade.
"""

from collections.abc import Iterable
from dataclasses import astuple
from math import ceil, floor

import numpy as np

from aimonitor.contract.overlays import DEAD, STEPS, Thermogram, WarmSpot
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.types import Floats, Hotspot, Observation, ThermalReading

LAYER = "thermal"
"""How the layer is called in `Attention.layers`."""

COLUMNS, ROWS = 80, 60

_WATCHED_EVERY_S = 0.5
_RESTING_EVERY_S = 2.0
_SPOTS = 64
_LONG_AGO = -1e12


class Thermograms:
    """The newest reading of one camera's sensor, told no more often than is needed, and never twice."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._reading: ThermalReading | None = None
        self._wanted_until = self._said_at = _LONG_AGO

    def attend(self, layers: Iterable[str], at: float, lease_s: float) -> None:
        """Somebody wants to see these layers until `at + lease_s`."""
        self._wanted_until = at + lease_s if LAYER in layers else _LONG_AGO

    def feel(self, reading: ThermalReading | None) -> None:
        """A new reading, if there is one."""
        self._reading = reading or self._reading

    def tell(self, observation: Observation, alignment: Alignment, *, resting: bool, now: float) -> Thermogram | None:
        """What to say with `observation`, if anything. resting: nobody asks for more than a picture now and then."""
        every_s = _RESTING_EVERY_S if resting else _WATCHED_EVERY_S
        if self._reading is None or now > self._wanted_until or now - self._said_at < every_s:
            return None
        reading, self._reading = self._reading, None
        if not observation.scene.thermal_active:
            return None
        self._said_at = now
        return thermogram(self._source, observation, reading.celsius, alignment)


def thermogram(source: str, observation: Observation, celsius: Floats, alignment: Alignment) -> Thermogram | None:
    """`celsius` in the words of the contract; None when every pixel is dead."""
    small = _reduced(celsius)
    alive = small[np.isfinite(small)]
    if alive.size == 0:
        return None
    low, high = floor(float(alive.min()) * 10) / 10, ceil(float(alive.max()) * 10) / 10
    steps = np.rint((small - low) * (STEPS / max(high - low, 0.1)))
    pixels = np.where(np.isfinite(small), steps, DEAD).astype(np.uint8)
    a, b, c, d, e, f = (round(each, 4) for each in astuple(alignment))
    return Thermogram(
        source=source,
        frame_id=observation.frame.frame_id,
        captured_at=round(observation.frame.utc, 3),
        columns=small.shape[1],
        rows=small.shape[0],
        low_celsius=low,
        high_celsius=high,
        pixels=pixels.tobytes(),
        alignment=(a, b, c, d, e, f),
        spots=tuple(_spot(each) for each in observation.scene.hotspots[:_SPOTS]),
    )


def _reduced(celsius: Floats) -> Floats:
    """The hottest of each block of pixels, so that COLUMNS x ROWS are not exceeded; dead where the whole block is."""
    rows, columns = celsius.shape
    factor = max(1, ceil(rows / ROWS), ceil(columns / COLUMNS))
    if factor == 1:
        return celsius
    across, down = ceil(columns / factor), ceil(rows / factor)
    lines = np.fmax.reduceat(celsius, np.arange(down) * rows // down, axis=0)
    small: Floats = np.fmax.reduceat(lines, np.arange(across) * columns // across, axis=1)
    return small


def _spot(hotspot: Hotspot) -> WarmSpot:
    x1, y1, x2, y2 = (round(edge, 3) for edge in hotspot.box)
    return WarmSpot(hotspot.kind, (x1, y1, x2, y2), round(hotspot.peak_celsius, 1))
