"""How well boxes found agree with boxes expected: overlap where there is some, distance in doubt where there is none.

IoU is the best judge while objects overlap their own prediction. At five frames a second runners, cars and the newly
arrived do not: for them counts how far off they are in units of what the filter does not know (the Mahalanobis
distance), less the less it knows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aimonitor.edge.kalman import Columns

_GATE = 30.0
"""Squared Mahalanobis distance (4 numbers) beyond which only overlap counts; by chance 1 pair in 200,000 is."""

_CERTAIN_OVERLAP = 0.3
_TEMPERATURE = 4.0
"""Squared distances are divided by this: filters are surer of themselves than the world allows."""

_KNOWN = 0.2
"""Spread, in object heights, up to which a prediction is as good as seen."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Where n objects should be: `boxes` (n, 4) center and size, `spread` (n, 4) standard deviations in heights."""

    boxes: Columns
    spread: Columns


def affinity(expected: Expected, boxes: Columns, nearness: Columns) -> Columns:
    """Agreement (n, m) of `expected` with found `boxes` (m, 4): IoU plus up to `nearness` (n,); 0 is impossible."""
    overlap = iou(corners(expected.boxes), corners(boxes))
    distance = _squared_distance(expected, boxes)
    rows, columns = np.nonzero(distance < _GATE)
    near = np.zeros_like(overlap)
    doubt = np.sqrt(_KNOWN / np.maximum(expected.spread[:, 0], _KNOWN))
    near[rows, columns] = (nearness * doubt)[rows] * np.exp(distance[rows, columns] * (-0.5 / _TEMPERATURE))
    return np.where((near > 0) | (overlap > _CERTAIN_OVERLAP), overlap + near, 0.0)


def _squared_distance(expected: Expected, boxes: Columns) -> Columns:
    """Sum over the four numbers of ((expected - found) / spread) squared, multiplied out into matrix products."""
    precision = 1.0 / np.square(expected.spread * expected.boxes[:, 3:])
    weighted = precision * expected.boxes
    own = np.einsum("ij,ij->i", weighted, expected.boxes)
    distance: Columns = own[:, None] - 2.0 * (weighted @ boxes.T) + precision @ np.square(boxes).T
    return distance


def corners(boxes: Columns) -> Columns:
    """Centre and size to corners, (n, 4) both."""
    half = boxes[:, 2:] / 2.0
    return np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), axis=1)


def iou(a: Columns, b: Columns) -> Columns:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4) by corners. Boxes have area."""
    left, top, right, bottom = (_pairwise(a, b, side) for side in range(4))
    width = np.minimum(*right) - np.maximum(*left)
    height = np.minimum(*bottom) - np.maximum(*top)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    overlap: Columns = shared / (_area(a)[:, None] + _area(b) - shared)
    return overlap


def _pairwise(a: Columns, b: Columns, side: int) -> tuple[Columns, Columns]:
    return a[:, side, None], b[:, side]


def _area(boxes: Columns) -> npt.NDArray[np.float64]:
    area: Columns = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area
