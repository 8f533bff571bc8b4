"""How well boxes found agree with boxes expected: overlap where there is some, distance in doubt where there is none.

IoU is the best judge while objects overlap their own prediction. At five frames a second runners, cars and the newly
arrived do not: for them counts how far off they are in units of what the filter does not know (the Mahalanobis
distance), less the less it knows.
"""

from dataclasses import dataclass

import numpy as np

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
    agreement = iou(corners(expected.boxes), corners(boxes))
    distance = _squared_distance(expected, boxes)
    rows, columns = (distance < _GATE).nonzero()
    doubt = np.sqrt(_KNOWN / np.maximum(expected.spread[:, 0], _KNOWN))
    near = (nearness * doubt)[rows] * np.exp(distance[rows, columns] * (-0.5 / _TEMPERATURE))
    near += agreement[rows, columns]
    agreement *= agreement >= _CERTAIN_OVERLAP
    agreement[rows, columns] = near
    return agreement


def _squared_distance(expected: Expected, boxes: Columns) -> Columns:
    """Sum over the four numbers of ((expected - found) / spread) squared, multiplied out into matrix products."""
    precision = 1.0 / np.square(expected.spread * expected.boxes[:, 3:])
    weighted = precision * expected.boxes
    distance: Columns = precision @ np.square(boxes).T
    distance -= 2.0 * weighted @ boxes.T
    distance += (weighted * expected.boxes).sum(axis=1)[:, None]
    return distance


def corners(boxes: Columns) -> Columns:
    """Center and size to corners, (n, 4) both."""
    edges = np.empty_like(boxes)
    half = boxes[:, 2:] * 0.5
    np.subtract(boxes[:, :2], half, out=edges[:, :2])
    np.add(boxes[:, :2], half, out=edges[:, 2:])
    return edges


def iou(a: Columns, b: Columns) -> Columns:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4) by corners. Boxes have area."""
    a = a[:, :, None]
    width = np.minimum(a[:, 2], b[:, 2])
    width -= np.maximum(a[:, 0], b[:, 0])
    height = np.minimum(a[:, 3], b[:, 3])
    height -= np.maximum(a[:, 1], b[:, 1])
    np.maximum(width, 0.0, out=width)
    np.maximum(height, 0.0, out=height)
    width *= height
    union = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union -= width
    width /= union
    return width
