"""Where things are and where they go: one Kalman filter for many boxes at once.

A box is four numbers that move independently: center x, centre y, width, height. Each is a position with a velocity
that fades with time (an Ornstein-Uhlenbeck velocity: Singer's manoeuvring target, IEEE Trans. AES 6(4), 1970, one
order lower), so steps of any length are exact and five frames a second need no other numbers than thirty.

Covariances are kept in units of the object's own size, squared: noise is proportional to size, so size cancels out of
every gain. Six columns of (n, 4) hold everything, and no matrix is ever inverted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Columns = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


LEAST_SIDE = 1e-4
"""No box shrinks below this side, in heights of the image: a prediction must keep an area."""


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


def _by_coordinate(pair: tuple[float, float]) -> Columns:
    return np.array([pair[0], pair[0], pair[1], pair[1]])


class BoxFilter:
    """The filter's state for n boxes (center x, center y, width, height), in any isotropic unit of length."""

    def __init__(self, model: MotionModel) -> None:
        self._noise = _by_coordinate(model.measured) ** 2
        self._agility = _by_coordinate(model.agility) ** 2
        self._first_speed = _by_coordinate(model.speed) ** 2
        self._memory_s = _by_coordinate(model.memory_s)
        self._rest_s = np.full(4, model.rest_s)
        self.box = np.zeros((0, 4))
        self.velocity = np.zeros((0, 4))
        self._var_box = np.zeros((0, 4))
        self._covariance = np.zeros((0, 4))
        self._var_velocity = np.zeros((0, 4))

    def __len__(self) -> int:
        return len(self.box)

    def predict(self, dt: float) -> None:
        """Move on by `dt` seconds (>= 0)."""
        wander = self._agility * dt
        self._drift(dt, self._memory_s)
        self._var_box += wander * (dt * dt / 3.0)
        self._covariance += wander * (dt / 2.0)
        self._var_velocity += wander

    def rest(self, dt: float) -> None:
        """Move on by `dt` seconds in which nothing moved: velocities run out, and doubt does not grow for ever."""
        self._drift(dt, self._rest_s)

    def _drift(self, dt: float, memory_s: Columns) -> None:
        kept = np.exp(-dt / memory_s)
        reach = memory_s * (1.0 - kept)
        self.box += reach * self.velocity
        self.velocity *= kept
        self._var_box += reach * (2.0 * self._covariance + reach * self._var_velocity)
        self._covariance += reach * self._var_velocity
        self._covariance *= kept
        self._var_velocity *= kept * kept
        np.maximum(self.box[:, 2:], LEAST_SIDE, out=self.box[:, 2:])

    def correct(self, rows: Rows, measured: Columns, trust: Columns) -> None:
        """Take in `measured` (k, 4) for `rows`; `trust` (k,) divides its variance, 1 = as modelled."""
        var_box, covariance = self._var_box[rows], self._covariance[rows]
        total = var_box + self._noise / trust[:, None]
        gain, velocity_gain = var_box / total, covariance / total
        surprise = measured - self.box[rows]
        self.box[rows] += gain * surprise
        self.velocity[rows] += velocity_gain * surprise
        self._var_velocity[rows] -= velocity_gain * covariance
        self._var_box[rows] = var_box * (1.0 - gain)
        self._covariance[rows] = covariance * (1.0 - gain)

    def spread(self) -> Columns:
        """(n, 4) one standard deviation of where the next detection may lie, in object sizes."""
        spread: Columns = np.sqrt(self._var_box + self._noise)
        return spread

    def append(self, measured: Columns) -> None:
        """Begin k new boxes (k, 4), at unknown speed."""
        still = np.zeros_like(measured)
        self.box = np.concatenate((self.box, measured))
        self.velocity = np.concatenate((self.velocity, still))
        self._var_box = np.concatenate((self._var_box, still + self._noise))
        self._covariance = np.concatenate((self._covariance, still))
        self._var_velocity = np.concatenate((self._var_velocity, still + self._first_speed))

    def keep(self, mask: Mask) -> None:
        """Forget every box that is not in `mask` (n,)."""
        self.box, self.velocity, self._var_box, self._covariance, self._var_velocity = (
            column[mask] for column in self._columns()
        )

    def _columns(self) -> Sequence[Columns]:
        return self.box, self.velocity, self._var_box, self._covariance, self._var_velocity
