"""How rare is a magnitude, measured against what is remembered of its series.

A histogram with exponential forgetting stands for the history. Inside of it the rarity is a count; beyond it the tail
is continued as an exponential with the mean excess of the largest few percent (Hill 1975; as in streaming extreme
value theory, Siffer et al. 2017), but only for a few nats: what was never seen is rare, how rare nobody knows.
"""

import math
from collections.abc import Mapping
from typing import Any

TAIL_SHARE = 0.05
TAIL_LEAST = 5.0
WARM = 20.0
_RESCALE_AT = 1e9


class Memory:
    """A forgetting histogram of magnitudes >= 0 that are logarithmic in nature (asinh of a residual, nats).

    life: rows after which a memory has faded to 1/e. width, bins: of the histogram; the last bin takes all above.
    reach_nats: how far the tail is continued beyond what was counted. narrowest: least mean excess of the tail.
    """

    def __init__(
        self, life: float, *, width: float = 0.1, bins: int = 160, reach_nats: float = 1.5, narrowest: float = 0.15
    ) -> None:
        if life <= 1:
            raise ValueError(f"expected a life above 1 row, got {life}")
        self._growth = 1 / (1 - 1 / life)
        self._width = width
        self._last = bins - 1
        self._reach = reach_nats
        self._narrowest = narrowest
        self._weights = [0.0] * bins
        self._unit = 1.0
        self._total = 0.0
        self._top = 0

    @property
    def rows(self) -> float:
        """How many rows are remembered, faded ones counting less."""
        return self._total / self._unit

    def nats(self, magnitude: float) -> float:
        """-ln of the chance that a remembered row reaches `magnitude`; 0 while fewer than WARM rows are remembered."""
        rows = self.rows
        if rows < WARM:
            return 0.0
        index = min(int(magnitude / self._width), self._last)
        as_large = sum(self._weights[index : self._top + 1]) / self._unit
        counted = -math.log((as_large + 0.5) / (rows + 1))
        wanted = max(TAIL_SHARE * rows, TAIL_LEAST)
        if as_large >= wanted:
            return counted
        return min(counted + self._reach / (1 + as_large), self._continued(magnitude, rows, wanted))

    def _continued(self, magnitude: float, rows: float, wanted: float) -> float:
        """-ln chance by the exponential tail that the largest `wanted` remembered rows suggest."""
        index, share, moment, enough = self._top + 1, 0.0, 0.0, wanted * self._unit
        while index > 0 and share < enough:
            index -= 1
            weight = self._weights[index]
            share += weight
            moment += weight * (index + 0.5)
        start = index * self._width
        mean_excess = max(moment / share * self._width - start, self._narrowest)
        at_start = -math.log((share / self._unit + 0.5) / (rows + 1))
        return at_start + max(0.0, magnitude - start) / mean_excess

    def add(self, magnitude: float) -> None:
        """Remember `magnitude`; everything else fades a little."""
        index = min(int(magnitude / self._width), self._last)
        self._weights[index] += self._unit
        self._total += self._unit
        self._top = max(self._top, index)
        self._unit *= self._growth
        if self._unit > _RESCALE_AT:
            self._weights = [weight / self._unit for weight in self._weights]
            self._total /= self._unit
            self._unit = 1.0

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON values; bins that are empty are left out."""
        weights = {str(i): w / self._unit for i, w in enumerate(self._weights) if w > 0}
        return {"weights": weights}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of `to_dict`; raises ValueError or KeyError when it does not fit."""
        weights = [0.0] * len(self._weights)
        for key, weight in state["weights"].items():
            index = int(key)
            if not 0 <= index <= self._last or not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"expected weights >= 0 of bins 0..{self._last}, got {weight} of bin {key}")
            weights[index] = float(weight)
        self._weights, self._unit, self._total = weights, 1.0, sum(weights)
        self._top = max((i for i, w in enumerate(weights) if w > 0), default=0)
