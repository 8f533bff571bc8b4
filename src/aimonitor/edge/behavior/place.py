"""Where a track stands: in metres on the calibrated ground, else in pixels of the original picture."""

from math import atan2, degrees, hypot, sqrt
from typing import NamedTuple

from msgspec import Struct

from aimonitor.edge.behavior.site import Rules
from aimonitor.edge.ground import Ground, Spot
from aimonitor.edge.trend import Motion
from aimonitor.edge.types import Size, Speed, Track

_NOISE_PX = 0.7
_NOISE_SHARE = 0.02
_EDGE = 0.004


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


class Pace(NamedTuple):
    """How fast, with an error bar; and which way in the image, clockwise from up, 0..360."""

    speed: Speed
    heading_deg: float


def pace(motion: Motion, where: Place, track: Track, ground: Ground | None, size: Size) -> Pace:
    """Speed and heading. The error bar is that of the positions, and of the calibration where there is one."""
    value = hypot(motion.vx, motion.vy)
    error = motion.spread * sqrt(motion.misfit)
    if ground is None or where.spot is None:
        return Pace(Speed(_without_noise(value, error), "px/s", error), _clockwise(motion.vx, motion.vy))
    along = 1.0
    if value > 0:
        ux, uy = motion.vx / value, motion.vy / value
        along = ux * ux * where.xx + uy * uy * where.yy + 2 * ux * uy * where.xy
    error_along, error_aside = error * sqrt(max(0.0, along)), error * sqrt(max(0.0, 2 - along))
    value = _without_noise(value, error_aside)
    du, dv = _image_direction(motion, where.spot)
    x1, _, x2, y2 = track.box
    stretch = ground.stretch((x1 + x2) / 2, y2, du, dv)
    return Pace(Speed(value, "m/s", hypot(error_along, value * stretch)), _clockwise(du * size.width, dv * size.height))


def _clockwise(dx: float, dy: float) -> float:
    return degrees(atan2(dx, -dy)) % 360


def _without_noise(value: float, error_aside: float) -> float:
    """The length of a noisy vector is too long by what the noise across it adds (Rice distribution, large ratio)."""
    return sqrt(max(0.0, value * value - error_aside * error_aside))


def _image_direction(motion: Motion, spot: Spot) -> tuple[float, float]:
    """The velocity in fractions of the image per second: the Jacobian, inverted."""
    determinant = spot.xu * spot.yv - spot.xv * spot.yu
    if determinant == 0:
        return 0.0, 0.0
    return (
        (spot.yv * motion.vx - spot.xv * motion.vy) / determinant,
        (spot.xu * motion.vy - spot.yu * motion.vx) / determinant,
    )
