"""Where a track stands: in metres on the calibrated ground, else in pixels of the original picture."""

from math import atan2, degrees, hypot, sqrt

from msgspec import Struct

from aimonitor.edge.behavior.site import Rules
from aimonitor.edge.ground import Ground, Spot
from aimonitor.edge.trend import Motion
from aimonitor.edge.types import Size, Speed, Track

_NOISE_PX = 0.7
_NOISE_SHARE = 0.02
_EDGE = 0.004
_CLEAR_M_PER_S = 0.2


class Place(Struct, frozen=True, gc=False):
    """A position in units (metres or pixels), its standard deviation per axis, and how many units make a metre.

    spot: the calibrated place, None where (x, y) are pixels
    xx, yy, xy: the shape of the covariance on the ground, xx + yy = 2: one sees less well along the view than across
    """

    x: float
    y: float
    sigma: float
    per_m: float
    spot: Spot | None = None
    xx: float = 1.0
    yy: float = 1.0
    xy: float = 0.0


def place(track: Track, size: Size, ground: Ground | None, rules: Rules) -> Place | None:
    """Where `track` stands, or None when the camera is calibrated and the foot is out of view or above the horizon."""
    x1, y1, x2, y2 = track.box
    width, height = size
    height_px = (y2 - y1) * height
    noise_px = _NOISE_PX + _NOISE_SHARE * height_px
    if ground is None:
        height_m = rules.heights_m.get(track.label, 1.0)
        return Place((x1 + x2) / 2 * width, (y1 + y2) / 2 * height, noise_px, max(1.0, height_px) / height_m)
    if y2 > 1 - _EDGE or x1 < _EDGE or x2 > 1 - _EDGE:
        return None  # what touches the edge of the picture may stand beyond it
    spot = ground.locate((x1 + x2) / 2, y2)
    if spot is None:
        return None
    u, v = noise_px / width, noise_px / height
    u2, v2 = u * u, v * v
    xx = spot.xu * spot.xu * u2 + spot.xv * spot.xv * v2
    yy = spot.yu * spot.yu * u2 + spot.yv * spot.yv * v2
    xy = spot.xu * spot.yu * u2 + spot.xv * spot.yv * v2
    mean = (xx + yy) / 2
    return Place(spot.x, spot.y, sqrt(mean), 1.0, spot, xx / mean, yy / mean, xy / mean)


class Pace(Struct, frozen=True, gc=False):
    """How fast, with an error bar; and which way in the image, clockwise from up, 0..360, once that is clear."""

    speed: Speed
    heading_deg: float | None


def pace(motion: Motion, where: Place, track: Track, ground: Ground | None, size: Size) -> Pace:
    """Speed and heading. The error bar is that of the positions, and of the calibration where there is one."""
    vx, vy = motion.vx, motion.vy
    length = hypot(vx, vy)
    error = motion.spread * sqrt(motion.misfit)
    spot = where.spot
    if ground is None or spot is None:
        speed = Speed(_without_noise(length, error), "px/s", error)
        return Pace(speed, _heading(speed, where, vx, vy))
    along = 1.0
    if length > 0:
        ux, uy = vx / length, vy / length
        along = ux * ux * where.xx + uy * uy * where.yy + 2 * ux * uy * where.xy
    value = _without_noise(length, error * _root(2 - along))
    # The velocity in fractions of the image per second: the Jacobian, inverted.
    determinant = spot.xu * spot.yv - spot.xv * spot.yu
    du = dv = 0.0
    if determinant != 0:
        du, dv = (spot.yv * vx - spot.xv * vy) / determinant, (spot.xu * vy - spot.yu * vx) / determinant
    x1, _, x2, y2 = track.box
    stretch = ground.stretch((x1 + x2) / 2, y2, du, dv)
    speed = Speed(value, "m/s", hypot(error * _root(along), value * stretch))
    return Pace(speed, _heading(speed, where, du * size.width, dv * size.height))


def _heading(speed: Speed, where: Place, dx: float, dy: float) -> float | None:
    """Of a velocity (dx, dy) in the image, once the speed is clear of its error."""
    if speed.value < 2 * speed.error or speed.value < _CLEAR_M_PER_S * where.per_m:
        return None
    return degrees(atan2(dx, -dy)) % 360


def _without_noise(length: float, error_aside: float) -> float:
    """The length of a noisy vector is too long by what the noise across it adds (Rice distribution, large ratio)."""
    return _root(length * length - error_aside * error_aside)


def _root(square: float) -> float:
    """Of what rounding may have made a little less than 0."""
    return sqrt(square) if square > 0.0 else 0.0
