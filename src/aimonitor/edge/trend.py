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
    A value of age a weighs exp(-a / memory_s) / sigma^2 (Ljung, System Identification, 2nd ed., 11.2). The variance of
    the slope follows from the weights and their squares (the sandwich), so it is right for forgetting too; the misfit,
    chi-square per degree of freedom, pulled towards 1 by a prior of a few samples, widens it when the path is no line.
    Errors of values closer than 0.2 s are taken to be the same error: a tracker smooths, a detector errs alike twice.
    A value that the line misses by more than chance (1 in 100, chi-square of two freedoms) is a turn or a start: then
    the past weighs a tenth at once, so that the line follows within a few values instead of several memories.
    """

    __slots__ = (
        "_at", "_count", "_memory_s", "_motion", "_n", "_ox", "_oy", "_p", "_pt", "_ptt", "_t", "_tt", "_tx", "_ty",
        "_w", "_x", "_xx", "_y",
    )  # fmt: skip

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._count = 0
        self._at = self._ox = self._oy = 0.0
        self._n = self._w = self._t = self._tt = 0.0
        self._x = self._y = self._tx = self._ty = self._xx = 0.0
        self._p = self._pt = self._ptt = 0.0
        self._motion: Motion | None = None

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
        keep = exp(-dt / max(self._memory_s, _MIN_VALUES * dt))
        if self._is_surprising(dt, x, y, sigma):
            keep *= _AFTER_SURPRISE
        # Times count from the newest position: move the origin, then forget.
        w, t, x_sum, y_sum = self._w, self._t, self._x, self._y
        self._tt = keep * (self._tt - 2.0 * dt * t + dt * dt * w)
        self._t = keep * (t - dt * w)
        self._tx = keep * (self._tx - dt * x_sum)
        self._ty = keep * (self._ty - dt * y_sum)
        keep2 = keep * keep
        p, pt = self._p, self._pt
        self._ptt = keep2 * (self._ptt - 2.0 * dt * pt + dt * dt * p)
        self._pt = keep2 * (pt - dt * p)
        if 0.0 < dt < _INDEPENDENT_S:
            sigma *= sqrt(_INDEPENDENT_S / dt)
        weight = 1.0 / (sigma * sigma)
        self._n = keep * self._n + 1.0
        self._w = keep * w + weight
        self._p = keep2 * p + weight
        self._x = keep * x_sum + weight * x
        self._y = keep * y_sum + weight * y
        self._xx = keep * self._xx + weight * (x * x + y * y)
        self._motion = self._fit()

    def _is_surprising(self, dt: float, x: float, y: float, sigma: float) -> bool:
        motion = self._motion
        if motion is None:
            return False
        share = 1.0 / self._w
        ahead = dt - self._t * share
        miss_x = x - self._x * share - motion.vx * ahead
        miss_y = y - self._y * share - motion.vy * ahead
        drift = motion.spread * ahead
        variance = sigma * sigma + self._p * share * share + drift * drift
        return miss_x * miss_x + miss_y * miss_y > _SURPRISE * variance * motion.misfit

    def motion(self) -> Motion | None:
        """The velocity now, or None before there are three values."""
        return self._motion

    def _fit(self) -> Motion | None:
        if self._count < _MIN_VALUES:
            return None
        w, mean_t = self._w, self._t / self._w
        spread_t = self._tt - self._t * mean_t
        if spread_t <= 1e-9 * w:
            return None
        vx = (self._tx - mean_t * self._x) / spread_t
        vy = (self._ty - mean_t * self._y) / spread_t
        variance = (self._ptt - 2.0 * mean_t * self._pt + mean_t * mean_t * self._p) / (spread_t * spread_t)
        left = self._xx - (self._x * self._x + self._y * self._y) / w - (vx * vx + vy * vy) * spread_t
        freedom = 2.0 * max(0.0, self._n - self._p / w - variance * spread_t)
        misfit = (_PRIOR_FREEDOM + max(0.0, left)) / (_PRIOR_FREEDOM + freedom)
        return Motion(vx, vy, sqrt(max(0.0, variance)), misfit)
