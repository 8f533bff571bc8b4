"""Where things are and where they go: one Kalman filter for each object.

A box is four numbers that move independently: center x, center y, width, height. Each is a position with a velocity
that fades with time (an Ornstein-Uhlenbeck velocity: Singer's manoeuvring target, IEEE Trans. AES 6(4), 1970, one
order lower), so steps of any length are exact and five frames a second need no other numbers than thirty.

Covariances are kept in units of the object's own size, squared: noise is proportional to size, so size cancels out of
every gain. x and y are measured alike, and so are width and height, so each two share one covariance, and no matrix is
left: plain numbers do. For the few objects of a picture they are quicker than arrays (docs/design/tracker.md).
"""

from dataclasses import dataclass
from math import exp
from typing import Final, NamedTuple

LEAST_SIDE: Final = 1e-4
"""No box shrinks below this side, in heights of the image: a prediction must keep an area."""

Shape = tuple[float, float, float, float]
"""Center x and y, width and height, in heights of the picture."""


@dataclass(frozen=True, slots=True)
class MotionModel:
    """What is believed of objects before any is seen; lengths in object sizes, times in seconds.

    measured: one standard deviation of a detected box, (position, size)
    agility:  how fast the velocity wanders, sizes / s^1.5, (position, size)
    speed:    one standard deviation of the speed of a new object, sizes / s, (position, size)
    memory_s: in this time 63 % of a velocity is forgotten, (position, size)
    rest_s:   the same while nothing moves in the picture, for both
    """

    measured: tuple[float, float] = (0.08, 0.1)
    agility: tuple[float, float] = (0.55, 0.4)
    speed: tuple[float, float] = (1.0, 0.2)
    memory_s: tuple[float, float] = (10.0, 0.4)
    rest_s: float = 0.5


@dataclass(slots=True)
class Motion:
    """A center, or a size: x and y with their velocities, in heights of the image (a second).

    Each of x and y has the variance `position_var`, its velocity `velocity_var`, both together `covariance`; in
    heights of the object, squared.
    """

    x: float
    y: float
    position_var: float
    velocity_var: float
    x_velocity: float = 0.0
    y_velocity: float = 0.0
    covariance: float = 0.0


class Step(NamedTuple):
    """What some time does to a motion: which share of a velocity is kept, and how far a velocity of 1 reaches.

    The noises are what time adds to the variance of a position, to the covariance, to the variance of a velocity.
    """

    kept: float
    reach: float
    position_noise: float
    covariance_noise: float
    velocity_noise: float

    @classmethod
    def of(cls, dt: float, memory_s: float, agility: float) -> "Step":
        """Of `dt` seconds (>= 0)."""
        kept, wander = exp(-dt / memory_s), agility * agility
        return cls(kept, memory_s * (1.0 - kept), wander * dt**3 / 3, wander * dt**2 / 2, wander * dt)


def _advance(motions: list[Motion], step: Step) -> None:
    """Move on."""
    kept, reach, position_noise, covariance_noise, velocity_noise = step
    for motion in motions:
        x_velocity, y_velocity = motion.x_velocity, motion.y_velocity
        covariance, velocity_var = motion.covariance, motion.velocity_var
        motion.x += reach * x_velocity
        motion.y += reach * y_velocity
        motion.x_velocity = kept * x_velocity
        motion.y_velocity = kept * y_velocity
        motion.position_var += reach * (2.0 * covariance + reach * velocity_var) + position_noise
        motion.covariance = kept * (covariance + reach * velocity_var) + covariance_noise
        motion.velocity_var = kept * kept * velocity_var + velocity_noise


def _correct(motion: Motion, x: float, y: float, variance: float) -> None:
    """Take in what was measured, with that `variance`."""
    position_var, covariance = motion.position_var, motion.covariance
    total = position_var + variance
    gain, velocity_gain = position_var / total, covariance / total
    dx, dy = x - motion.x, y - motion.y
    motion.x += gain * dx
    motion.y += gain * dy
    motion.x_velocity += velocity_gain * dx
    motion.y_velocity += velocity_gain * dy
    motion.position_var = position_var - gain * position_var
    motion.covariance = covariance - gain * covariance
    motion.velocity_var -= velocity_gain * covariance


class BoxFilter:
    """Moves and corrects boxes: a center and a size each, in heights of the picture.

    noise: variance of a measured center and of a measured size, in heights of the object squared
    """

    def __init__(self, model: MotionModel) -> None:
        self._model = model
        self.noise = model.measured[0] ** 2, model.measured[1] ** 2
        self._dt, self._steps = 0.0, self._steps_of(0.0)

    def begin(self, x: float, y: float, width: float, height: float) -> tuple[Motion, Motion]:
        """Center and size of a new box, at unknown speed."""
        (center_noise, size_noise), (speed, growth) = self.noise, self._model.speed
        return Motion(x, y, center_noise, speed**2), Motion(width, height, size_noise, growth**2)

    def predict(self, centers: list[Motion], sizes: list[Motion], dt: float) -> None:
        """Move on by `dt` seconds (>= 0)."""
        if dt != self._dt:
            self._dt, self._steps = dt, self._steps_of(dt)
        _advance(centers, self._steps[0])
        _advance(sizes, self._steps[1])
        _keep_area(sizes)

    def rest(self, centers: list[Motion], sizes: list[Motion], dt: float) -> None:
        """Move on by `dt` seconds in which nothing moved: velocities run out, and doubt does not grow for ever."""
        step = Step.of(dt, self._model.rest_s, 0.0)
        _advance(centers, step)
        _advance(sizes, step)
        _keep_area(sizes)

    def correct(self, center: Motion, size: Motion, measured: Shape, trust: float) -> None:
        """Take in a box `measured`; `trust` divides its variance, 1 = as modelled."""
        x, y, width, height = measured
        center_noise, size_noise = self.noise
        _correct(center, x, y, center_noise / trust)
        _correct(size, width, height, size_noise / trust)

    def _steps_of(self, dt: float) -> tuple[Step, Step]:
        (memory_s, size_memory_s), (agility, size_agility) = self._model.memory_s, self._model.agility
        return Step.of(dt, memory_s, agility), Step.of(dt, size_memory_s, size_agility)


def _keep_area(sizes: list[Motion]) -> None:
    for size in sizes:
        if size.x < LEAST_SIDE or size.y < LEAST_SIDE:
            size.x, size.y = max(size.x, LEAST_SIDE), max(size.y, LEAST_SIDE)
