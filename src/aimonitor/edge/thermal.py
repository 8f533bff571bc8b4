"""Where it is hot: hotspots against a running background, followed over time, and what they mean."""

from dataclasses import dataclass
from math import expm1, hypot, log

import numpy as np

from aimonitor.edge.thermal_regions import Mask, Region, regions
from aimonitor.edge.trend import Trend
from aimonitor.edge.types import Floats, Hotspot, ThermalReading, ThermalScene

_RANK = {"warm": 0, "hot": 1, "overheating": 2, "fire": 3}
_REGION_LIMIT = 32
_AMBIENT_FOR_S = 5.0
_MACHINE_CELSIUS = 40.0
"""Below this, a still region that warms up is a person who came in from the cold."""


@dataclass(frozen=True, slots=True)
class ThermalRules:
    """When warm is worth a name. A sensor is alive while its last reading is younger than `alive_for_s`.

    background_s, foreground_s: how fast the background follows where nothing, and where something, stands out
    warm_above: degrees over the background that stand out (or four standard deviations of the pixel, if more)
    hot, overheating (for long enough), fire: absolute limits of the peak; fire-like is also a hot region that grows by
    `growth_per_s` of its area for `growth_for_s`, overheating also a still one that warms by `warming_per_min` for
    `warming_for_s`
    """

    alive_for_s: float = 5.0
    background_s: float = 120.0
    foreground_s: float = 1800.0
    warm_above: float = 2.5
    warm_pixels_min: int = 2
    hot_celsius: float = 50.0
    overheating_celsius: float = 85.0
    overheating_for_s: float = 5.0
    fire_celsius: float = 150.0
    growth_per_s: float = 0.06
    growth_for_s: float = 3.0
    warming_per_min: float = 4.0
    warming_for_s: float = 20.0
    calm_after_s: float = 4.0
    forget_s: float = 1.5


class ThermalAnalyzer:
    """Hotspots of one sensor, with ids that are never reused. Owned by one thread."""

    def __init__(self, rules: ThermalRules | None = None) -> None:
        self._rules = rules or ThermalRules()
        self._background: _Background | None = None
        self._sensor_id = ""
        self._spots: list[_Spot] = []
        self._next_id = 1
        self._at = float("-inf")
        self._scene = ThermalScene()

    def adopt(self, rules: ThermalRules) -> None:
        """Judge by other rules from now on; hotspots start anew, the background stays."""
        self._rules = rules
        self._spots.clear()

    def update(self, reading: ThermalReading | None, at: float) -> ThermalScene:
        """Take in a new reading, or None when none came since the last call; what the sensor says at time `at`."""
        if reading is not None and reading.at > self._at:
            self._at = reading.at
            self._scene = self._understand(reading)
        if at - self._at > self._rules.alive_for_s:
            self._spots.clear()
            self._scene = ThermalScene()
        return self._scene

    def _understand(self, reading: ThermalReading) -> ThermalScene:
        celsius, rules = reading.celsius, self._rules
        background = self._background
        if background is None or background.shape != celsius.shape or reading.sensor_id != self._sensor_id:
            background = self._background = _Background(celsius, reading.at)
            self._sensor_id = reading.sensor_id
            self._spots.clear()
        mask = background.stands_out(celsius, rules)
        found = [region for region in regions(mask, celsius, limit=_REGION_LIMIT) if self._counts(region)]
        background.follow(celsius, mask, reading.at, rules)
        self._match(found, reading.at)
        ambient = reading.ambient_celsius
        if ambient is None:
            ambient = background.ambient()
        return ThermalScene(True, tuple(spot.view() for spot in self._spots if spot.is_known(reading.at)), ambient)

    def _counts(self, region: Region) -> bool:
        few = region.pixels < self._rules.warm_pixels_min
        return not few or region.peak_celsius >= self._rules.hot_celsius

    def _match(self, found: list[Region], at: float) -> None:
        """Nearest centers first; a spot takes a region that overlaps it or lies within its own size."""
        pairs = sorted(
            (distance, i, j)
            for i, spot in enumerate(self._spots)
            for j, region in enumerate(found)
            if (distance := spot.distance(region)) is not None
        )
        free = set(range(len(found)))
        waiting = set(range(len(self._spots)))
        for _, i, j in pairs:
            if i in waiting and j in free:
                waiting.remove(i)
                free.remove(j)
                self._spots[i].update(found[j], at)
        self._spots = [spot for spot in self._spots if at - spot.at <= self._rules.forget_s]
        for j in sorted(free):
            self._spots.append(_Spot(self._next_id, found[j], at, self._rules))
            self._next_id += 1


class _Background:
    """Mean and variance of every pixel while nothing stands out there, exponentially forgotten."""

    def __init__(self, celsius: Floats, at: float) -> None:
        # What is warmer than most at the start may be a person: it must not become the background.
        alive = celsius[np.isfinite(celsius)]
        typical = float(np.median(alive)) if alive.size else 20.0
        spread = float(np.median(np.abs(alive - typical))) if alive.size else 0.0
        self._mean = np.minimum(np.nan_to_num(celsius, nan=typical), np.float32(typical + 2.0 * spread + 0.5))
        self._variance = np.full(celsius.shape, 0.1, np.float32)
        self._at = self._ambient_until = at
        self._ambient = typical
        self.shape = celsius.shape

    def stands_out(self, celsius: Floats, rules: ThermalRules) -> Mask:
        limit = np.sqrt(self._variance)
        limit *= 4.0
        np.maximum(limit, rules.warm_above, out=limit)
        limit += self._mean
        np.minimum(limit, rules.hot_celsius, out=limit)
        mask: Mask = celsius > limit  # NaN compares as False
        return mask

    def follow(self, celsius: Floats, mask: Mask, at: float, rules: ThermalRules) -> None:
        dt, self._at = max(0.0, at - self._at), at
        off = celsius - self._mean
        off[np.isnan(off)] = 0.0
        calm, warm = -expm1(-dt / rules.background_s), -expm1(-dt / rules.foreground_s)
        spread = off * off
        spread -= self._variance
        spread *= np.array((calm, 0.0), np.float32).take(mask)
        self._variance += spread
        off *= np.array((calm, warm), np.float32).take(mask)
        self._mean += off

    def ambient(self) -> float:
        """The median of the background, found again every few seconds: it changes slowly."""
        if self._at >= self._ambient_until:
            self._ambient_until = self._at + _AMBIENT_FOR_S
            self._ambient = float(np.median(self._mean))
        return self._ambient


class _Spot:
    """One hotspot over time."""

    def __init__(self, hotspot_id: int, region: Region, at: float, rules: ThermalRules) -> None:
        self._rules = rules
        self._id = hotspot_id
        self._since = at
        self._growth = Trend(memory_s=2.0)
        self._warming = Trend(memory_s=15.0)
        self._growing_since: float | None = None
        self._warming_since: float | None = None
        self._too_hot_since: float | None = None
        self._kind = "warm"
        self._kind_at = at
        self._readings = 0
        self._home = region.center
        self.update(region, at)

    def distance(self, region: Region) -> float | None:
        """Between the centers; None when the region is too far away to be this spot."""
        mine, other = self._region.center, region.center
        apart = hypot(mine.x - other.x, mine.y - other.y)
        return apart if apart <= self._region.reach or apart <= region.reach else None

    def update(self, region: Region, at: float) -> None:
        self._region, self.at = region, at
        self._readings += 1
        self._growth.add(at, log(region.pixels), 0.0, 0.3)
        self._warming.add(at, region.peak_celsius, 0.0, 0.5)
        if hypot(region.center.x - self._home.x, region.center.y - self._home.y) > max(0.1, region.box.width):
            self._home, self._warming_since = region.center, None
        kind = self._judge(region, at)
        if _RANK[kind] >= _RANK[self._kind] or at - self._kind_at > self._rules.calm_after_s:
            self._kind, self._kind_at = kind, at

    def _judge(self, region: Region, at: float) -> str:
        rules, peak = self._rules, region.peak_celsius
        growth, warming = self._growth.motion, self._warming.motion
        self._growth_per_s = growth.vx if growth else 0.0
        grows = peak >= rules.hot_celsius and self._growth_per_s >= rules.growth_per_s
        self._growing_since = _first(self._growing_since, at) if grows else None
        warms = warming is not None and warming.vx * 60 - 2 * warming.spread * 60 >= rules.warming_per_min
        self._warming_since = _first(self._warming_since, at) if warms else None
        self._too_hot_since = _first(self._too_hot_since, at) if peak >= rules.overheating_celsius else None
        if peak >= rules.fire_celsius or _held(self._growing_since, at, rules.growth_for_s):
            return "fire"
        if _held(self._too_hot_since, at, rules.overheating_for_s):
            return "overheating"
        if peak >= _MACHINE_CELSIUS and _held(self._warming_since, at, rules.warming_for_s):
            return "overheating"
        return "hot" if peak >= rules.hot_celsius else "warm"

    def is_known(self, at: float) -> bool:
        """Seen now, and twice unless it is hot: a single warm reading is noise."""
        return self.at == at and (self._readings >= 2 or self._kind != "warm")

    def view(self) -> Hotspot:
        region = self._region
        return Hotspot(
            self._id,
            self._kind,
            region.box,
            region.peak_celsius,
            region.mean_celsius,
            region.area,
            self._since,
            self._growth_per_s,
        )


def _first(since: float | None, at: float) -> float:
    return at if since is None else since


def _held(since: float | None, at: float, for_s: float) -> bool:
    return since is not None and at - since >= for_s
