"""Where two quantities are going: a straight line through their recent values, the older the lighter.

The position of an object gives its velocity, with an error bar; the size and heat of a hotspot give its growth.
"""

from math import exp, hypot, sqrt

from msgspec import Struct

_PRIOR_FREEDOM = 20.0
_MIN_VALUES = 3
_INDEPENDENT_S = 0.2
_SURPRISE = 9.2
_AFTER_SURPRISE = 0.1


class Motion(Struct, frozen=True, gc=False):
    """Velocity in units per second and its standard deviation per axis, as the positions' sigmas have it.

    misfit: how much larger (> 1) the squared residuals are than the sigmas say
    """

    vx: float
    vy: float
    spread: float
    misfit: float

    @property
    def speed(self) -> float:
        return hypot(self.vx, self.vy)


class Trend:
    """Least squares of (x, y) over time with exponential forgetting, in constant memory.

    memory_s: how far back it looks; longer when values come so seldom that they were fewer than three
    motion: the velocity now, None before there are three values
    A value of age a weighs exp(-a / memory_s) / sigma^2 (Ljung, System Identification, 2nd ed., 11.2). The variance of
    the slope follows from the weights and their squares (the sandwich), so it is right for forgetting too; the misfit,
    chi-square per degree of freedom, pulled towards 1 by a prior of a few samples, widens it when the path is no line.
    Errors of values closer than 0.2 s are taken to be the same error: a tracker smooths, a detector errs alike twice.
    A value that the line misses by more than chance (1 in 100, chi-square of two freedoms) is a turn or a start: then
    the past weighs a tenth at once, so that the line follows within a few values instead of several memories.
    """

    __slots__ = ("_at", "_count", "_memory_s", "_ox", "_oy", "_sums", "motion")

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._count = 0
        self._at = self._ox = self._oy = 0.0
        self._sums = _NOTHING
        self.motion: Motion | None = None

    def add(self, at: float, x: float, y: float, sigma: float) -> None:
        """Take in one position, of standard deviation `sigma` per axis. Positions that are not newer are ignored."""
        if self._count == 0:
            self._at, self._ox, self._oy = at, x, y
        dt = at - self._at
        if dt <= 0.0 and self._count > 0:
            return
        self._at = at
        self._count += 1
        x -= self._ox
        y -= self._oy
        sums, motion = self._sums, self.motion
        least_s = _MIN_VALUES * dt
        keep = exp(-dt / (self._memory_s if self._memory_s > least_s else least_s))
        if motion is not None and _is_surprising(sums, motion, dt, x, y, sigma=sigma):
            keep *= _AFTER_SURPRISE
        if 0.0 < dt < _INDEPENDENT_S:
            sigma *= sqrt(_INDEPENDENT_S / dt)
        weight = 1.0 / (sigma * sigma)
        n, w, t, tt, x_sum, y_sum, tx, ty, squares, p, pt, ptt = sums
        keep2 = keep * keep
        # Times count from the newest position: move the origin, then forget.
        self._sums = sums = (
            keep * n + 1.0,
            keep * w + weight,
            keep * (t - dt * w),
            keep * (tt - 2.0 * dt * t + dt * dt * w),
            keep * x_sum + weight * x,
            keep * y_sum + weight * y,
            keep * (tx - dt * x_sum),
            keep * (ty - dt * y_sum),
            keep * squares + weight * (x * x + y * y),
            keep2 * p + weight,
            keep2 * (pt - dt * p),
            keep2 * (ptt - 2.0 * dt * pt + dt * dt * p),
        )
        if self._count >= _MIN_VALUES:
            self.motion = _fit(sums)


_Sums = tuple[float, float, float, float, float, float, float, float, float, float, float, float]
"""How many values, then sums of their weights w = 1 / sigma^2 and of w t, w t^2, w x, w y, w t x, w t y, w (x^2 + y^2);
then of the squared weights' share w and its t, t^2: forgotten twice as fast."""

_NOTHING: _Sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _is_surprising(sums: _Sums, motion: Motion, dt: float, x: float, y: float, *, sigma: float) -> bool:
    _, w, t, _, x_sum, y_sum, _, _, _, p, _, _ = sums
    share = 1.0 / w
    ahead = dt - t * share
    miss_x = x - x_sum * share - motion.vx * ahead
    miss_y = y - y_sum * share - motion.vy * ahead
    drift = motion.spread * ahead
    variance = sigma * sigma + p * share * share + drift * drift
    return miss_x * miss_x + miss_y * miss_y > _SURPRISE * variance * motion.misfit


def _fit(sums: _Sums) -> Motion | None:
    n, w, t, tt, x, y, tx, ty, squares, p, pt, ptt = sums
    mean_t = t / w
    spread_t = tt - t * mean_t
    if spread_t <= 1e-9 * w:
        return None
    vx = (tx - mean_t * x) / spread_t
    vy = (ty - mean_t * y) / spread_t
    variance = (ptt - 2.0 * mean_t * pt + mean_t * mean_t * p) / (spread_t * spread_t)
    left = squares - (x * x + y * y) / w - (vx * vx + vy * vy) * spread_t
    freedom = 2.0 * (n - p / w - variance * spread_t)
    # Rounding may make a little less than 0 of what is 0.
    misfit = (_PRIOR_FREEDOM + (left if left > 0.0 else 0.0)) / (_PRIOR_FREEDOM + (freedom if freedom > 0.0 else 0.0))
    return Motion(vx, vy, sqrt(variance) if variance > 0.0 else 0.0, misfit)
