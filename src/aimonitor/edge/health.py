"""Is what the camera shows worth looking at? Frozen, dark, covered and blurred pictures, judged without I/O.

A few gray pictures a second are enough. Frozen is exact: a living sensor has noise, so the same bytes again and again
mean that it stopped. Dark and covered are seen in the histogram; blurred is the variance of the Laplacian against the
camera's own normal (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000), because what
counts as sharp differs from scene to scene.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aimonitor.edge.types import Image

Condition = Literal["live", "frozen", "dark", "covered", "blurred"]

_FLAT = 4.0
"""Variance of the Laplacian of a scene without any edge, where nothing can be said of its sharpness."""


@dataclass(frozen=True, slots=True)
class HealthThresholds:
    """When a picture is bad, in gray levels 0..255, and for how long it must be."""

    frozen_after_s: float = 6.0
    """math.inf never calls a picture frozen: recordings, drawings and screens may stand still."""
    frozen_pictures: int = 4
    persist_s: float = 3.0
    dark_level: float = 40.0
    """Dark: 98 % of the pixels are below this."""
    flat_contrast: float = 12.0
    """Covered: 90 % of the pixels lie within this many levels."""
    blurred_share: float = 0.15
    """Blurred: sharpness below this share of the camera's median."""
    normal_pictures: int = 20
    """Good pictures that the median needs before anything is called blurred."""
    accept_blur_s: float = 900.0
    """A camera that was blurred for so long looks at something else now: its normal is learned anew."""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict, and in words what was seen."""

    condition: Condition = "live"
    words: str = ""


class HealthJudge:
    """Judges one camera's pictures in the order of their capture. `fingerprint` is equal for equal pictures."""

    def __init__(self, thresholds: HealthThresholds | None = None) -> None:
        self._limits = thresholds or HealthThresholds()
        self._fingerprint: int | None = None
        self._same_since = 0.0
        self._same = 0
        self._bad_since: float | None = None
        self._sharpness: deque[float] = deque(maxlen=120)
        self._verdict = Health()

    def look(self, gray: Image, fingerprint: int, at: float) -> Health:
        """Judge the picture taken at `at` (monotonic seconds); dark, covered and blurred must last `persist_s`."""
        limits = self._limits
        if fingerprint != self._fingerprint:
            self._fingerprint, self._same, self._same_since = fingerprint, 0, at
        self._same += 1
        same_s = at - self._same_since
        if self._same >= limits.frozen_pictures and same_s >= limits.frozen_after_s:
            self._verdict = Health("frozen", f"the same picture for {same_s:.0f} s")
            return self._verdict
        if self._verdict.condition == "frozen":
            self._verdict = Health()
        seen = self._classify(gray)
        if seen.condition == "live":
            self._bad_since = None
        elif self._bad_since is None:
            self._bad_since = at
        bad_s = 0.0 if self._bad_since is None else at - self._bad_since
        if seen.condition == "blurred" and bad_s >= limits.accept_blur_s:
            self._sharpness.clear()
        if seen.condition == "live" or bad_s >= limits.persist_s:
            self._verdict = seen
        return self._verdict

    def _classify(self, gray: Image) -> Health:
        low, high, brightest = np.percentile(gray[::2, ::2], (5, 95, 98))  # a quarter of the pixels says the same
        if brightest < self._limits.dark_level:
            return Health("dark", f"98 % of the picture is darker than {brightest / 255:.0%}")
        if high - low < self._limits.flat_contrast:
            return Health("covered", f"90 % of the picture lies within {high - low:.0f} of 255 gray levels")
        sharpness = laplacian_variance(gray)
        if len(self._sharpness) >= self._limits.normal_pictures:
            usual = float(np.median(self._sharpness))
            if usual > _FLAT and sharpness < self._limits.blurred_share * usual:
                return Health("blurred", f"{sharpness / usual:.0%} as sharp as usual")
        self._sharpness.append(sharpness)
        return Health()


def laplacian_variance(gray: Image) -> float:
    """Variance of the 4-neighbor Laplacian of a (height, width) picture; 0 for one too small to have one."""
    if min(gray.shape) < 3:
        return 0.0
    g = gray.astype(np.int16)
    laplacian = g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:] - 4 * g[1:-1, 1:-1]
    return float(laplacian.var())
