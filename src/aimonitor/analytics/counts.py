"""Tails of counts: how likely is a count so large, or so small, when the mean itself is only estimated.

Negative binomial with mean m and variance v >= m; with v = m it is Poisson. Mid-p tails (Lancaster 1961): half of the
probability of the count itself is left out, so that frequent small counts do not look rarer than they are. Where sums
would be long, the gamma distribution stands in, by Wilson and Hilferty's cube root (1931).
"""

import math
from dataclasses import dataclass

LARGE_MEAN = 300.0
LARGE_COUNT = 10_000
LONGEST_SUM = 2000
_NEGLIGIBLE = 1e-12
_LEAST_EXCESS = 1e-6
_LEAST_CHANCE = 1e-300


@dataclass(frozen=True, slots=True)
class Tails:
    """Chance of a count above and below the one seen, half of its own chance in each; above 0, at most 1."""

    above: float
    below: float


def tails(count: int, mean: float, variance: float) -> Tails:
    """Both mid-p tails of `count` >= 0 for counts of this mean > 0 and variance (at least the mean is assumed)."""
    if mean > LARGE_MEAN or count > LARGE_COUNT:
        return _gamma_tails(count, mean, max(mean, variance))
    own = math.exp(_log_chance(count, mean, variance))
    up = count > mean
    beyond = min(1.0, max(_LEAST_CHANCE, own * (0.5 + _relative_sum(count, mean, variance, up=up))))
    rest = max(_LEAST_CHANCE, 1 - beyond)
    return Tails(beyond, rest) if up else Tails(rest, beyond)


def _gamma_tails(count: int, mean: float, variance: float) -> Tails:
    ninth = variance / (9 * mean * mean)
    z = ((count / mean) ** (1 / 3) - (1 - ninth)) / math.sqrt(2 * ninth)
    return Tails(max(_LEAST_CHANCE, math.erfc(z) / 2), max(_LEAST_CHANCE, math.erfc(-z) / 2))


def _log_chance(count: int, mean: float, variance: float) -> float:
    """ln of the chance of exactly `count`."""
    size = _size(mean, variance)
    if math.isinf(size):
        return count * math.log(mean) - mean - math.lgamma(count + 1)
    ways = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return ways - size * math.log1p(mean / size) + count * (math.log(mean) - math.log(mean + size))


def _size(mean: float, variance: float) -> float:
    """The negative binomial's size r, where variance = mean + mean^2 / r; infinite for Poisson."""
    excess = variance - mean
    return mean * mean / excess if excess > _LEAST_EXCESS * mean else math.inf


def _relative_sum(count: int, mean: float, variance: float, *, up: bool) -> float:
    """Sum of the chances beyond `count`, on the side away from the mean, in units of the chance of `count` itself."""
    size = _size(mean, variance)
    share, per = (0.0, mean) if math.isinf(size) else (mean / (mean + size), mean * size / (mean + size))
    # successive chances: p(k + 1) / p(k) = (share * k + per) / (k + 1), which tends to `share`
    total, term, k = 0.0, 1.0, count
    for _ in range(LONGEST_SUM):
        if not up and k == 0:
            return total
        term *= (share * k + per) / (k + 1) if up else k / (share * (k - 1) + per)
        k += 1 if up else -1
        total += term
        if term < _NEGLIGIBLE * (1 + total):
            return total
    return total + term * share / (1 - share)
