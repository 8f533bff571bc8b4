"""The Kalman filter of many boxes at once; see the module of the same name above.

Means and covariances both move on linearly: one product with a small matrix takes everything one step ahead. Products
are `dot`: on matrices this small it takes half as long as `@`.
"""

from math import exp

import numpy as np
import numpy.typing as npt

from aimonitor.edge.kalman import LEAST_SIDE, MotionModel

Columns = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

NUMBERS = 9
"""What the state holds of a center, and of a size: two coordinates, their variance, its covariance with the velocity;
two velocities, that covariance again, their variance; a 1, for what time adds."""

_VARIANCE, _COVARIANCE, _VELOCITY, _COVARIANCE_AGAIN, _VELOCITY_VARIANCE, _ONE = 2, 3, 4, 6, 7, 8


class BoxFilter:
    """Moves and corrects a `state` (2, 9, n) that its owner keeps: of centers and of sizes, nine numbers for each box.

    The state lies in one piece of memory. Boxes are (2, 2, n): centers and sizes, x and y, in heights of the image;
    `boxes(state)` is a view of the state.
    """

    def __init__(self, model: MotionModel) -> None:
        self._model = model
        self._noise = np.square(model.measured)[:, None]
        self._first_speed = np.square(model.speed)[:, None]
        self._step_s = -1.0
        self._step = np.eye(2 * NUMBERS)

    def predict(self, state: Columns, dt: float) -> None:
        """Move on by `dt` seconds (>= 0)."""
        if dt != self._step_s:
            self._step_s, model = dt, self._model
            for step, memory_s, agility in zip(_parts(self._step), model.memory_s, model.agility, strict=True):
                _fill(step, dt, memory_s, agility * agility)
        _advance(state, self._step)

    def rest(self, state: Columns, dt: float) -> None:
        """Move on by `dt` seconds in which nothing moved: velocities run out, and doubt does not grow for ever."""
        step = np.eye(2 * NUMBERS)
        for part in _parts(step):
            _fill(part, dt, self._model.rest_s, 0.0)
        _advance(state, step)

    def correct(self, state: Columns, measured: Columns, blur: Columns) -> None:
        """Take in `measured` (2, 2, n); `blur` (n,) multiplies its variance: 1 = as modelled, infinite = not measured.

        The covariance is corrected as the mean is, as if variance and covariance had been measured to be 0: what a
        gain takes off it is its own share. So one product, of gains and surprises, corrects everything.
        """
        moments = state[:, :_ONE].reshape(2, 2, 4, -1)
        total = self._noise * blur
        total += state[:, _VARIANCE]
        gains = moments[:, :, _VARIANCE] / total[:, None]
        surprise = np.negative(moments[:, 0])
        surprise[:, :2] += measured
        moments += gains[:, :, None] * surprise[:, None]

    def doubt(self, state: Columns) -> Columns:
        """(2, n): variance of where and how large the next detection may be, in object sizes squared."""
        return state[:, _VARIANCE] + self._noise

    def begin(self, boxes: Columns) -> Columns:
        """The state (2, 9, k) of new boxes (2, 2, k), at unknown speed."""
        state = np.zeros((2, NUMBERS, boxes.shape[2]))
        state[:, :2] = boxes
        state[:, _VARIANCE] = self._noise
        state[:, _VELOCITY_VARIANCE] = self._first_speed
        state[:, _ONE] = 1.0
        return state


def _linear() -> tuple[Columns, Columns]:
    numbers = np.eye(2 * NUMBERS)
    center, half = numbers[:2], numbers[NUMBERS : NUMBERS + 2] / 2
    return np.concatenate((center - half, center + half)), numbers[_VELOCITY : _VELOCITY + 2]


TO_EDGES, VELOCITIES = _linear()
"""(4, 18) and (2, 18): what makes low and high edges, and velocities of the center, of a state laid flat (18, n)."""

OUTWARD = np.array([[1.0], [1.0], [-1.0], [-1.0]])
"""Turns low and high edges outward: what two boxes share then has the greater of their edges on every side."""

_TO_OUTWARD = OUTWARD * TO_EDGES


def edges(flat_state: Columns) -> Columns:
    """(4, n): edges turned outward, low x and y and then minus the high ones, of a state laid flat (18, n)."""
    found: Columns = _TO_OUTWARD.dot(flat_state)
    return found


def boxes(state: Columns) -> Columns:
    """(2, 2, n): centers and sizes, x and y; a view."""
    return state[:, :2]


def _parts(step: Columns) -> tuple[Columns, Columns]:
    """What a matrix (18, 18) does to centers and to sizes, (9, 9) each."""
    return step[:NUMBERS, :NUMBERS], step[NUMBERS:, NUMBERS:]


def _advance(state: Columns, step: Columns) -> None:
    flat = state.reshape(2 * NUMBERS, -1)
    flat[...] = step.dot(flat)
    sizes = state[1, :2]
    np.maximum(sizes, LEAST_SIDE, out=sizes)


def _fill(step: Columns, dt: float, memory_s: float, wander: float) -> None:
    """Fill in the matrix (9, 9) that takes the nine numbers `dt` seconds on; velocities wander by `wander` a second."""
    kept = exp(-dt / memory_s)
    reach = memory_s * (1.0 - kept)
    variance, covariance, velocity = step[_VARIANCE], step[_COVARIANCE], step[_VELOCITY_VARIANCE]
    step[0, _VELOCITY] = step[1, _VELOCITY + 1] = reach
    step[_VELOCITY, _VELOCITY] = step[_VELOCITY + 1, _VELOCITY + 1] = kept
    variance[_COVARIANCE], variance[_VELOCITY_VARIANCE], variance[_ONE] = 2 * reach, reach * reach, wander * dt**3 / 3
    covariance[_COVARIANCE], covariance[_VELOCITY_VARIANCE], covariance[_ONE] = kept, kept * reach, wander * dt**2 / 2
    velocity[_VELOCITY_VARIANCE], velocity[_ONE] = kept * kept, wander * dt
    step[_COVARIANCE_AGAIN] = covariance
