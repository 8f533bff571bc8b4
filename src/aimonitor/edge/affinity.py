"""How well boxes found agree with boxes expected: overlap where there is some, distance in doubt where there is none.

IoU is the best judge while objects overlap their own prediction. At five frames a second runners, cars and the newly
arrived do not: for them counts how far off they are in units of what the filter does not know (the Mahalanobis
distance), less the less it knows.
"""

from typing import NamedTuple

import numpy as np

from aimonitor.edge.assignment import Edges
from aimonitor.edge.kalman import Columns

_GATE = 30.0
"""Squared Mahalanobis distance (4 numbers) beyond which only overlap counts; by chance 1 pair in 200,000 is."""

_CERTAIN_OVERLAP = 0.3
_TEMPERATURE = 4.0
"""Squared distances are divided by this: filters are surer of themselves than the world allows."""

_KNOWN = 0.2
"""Spread, in object heights, up to which a prediction is as good as seen."""


class Expected(NamedTuple):
    """Where n objects should be, and how sure that is.

    boxes: (2, 2, n) centers and sizes in heights of the image
    doubt: (2, n) variances of centers and of sizes, in heights of the object squared
    nearness: (n,) what being close can add to the overlap
    """

    boxes: Columns
    doubt: Columns
    nearness: Columns


def affinity(expected: Expected, features: Columns, overlap: Columns) -> Edges:
    """Agreement of n objects `expected` with m boxes found, where there is any: `overlap` (n, m) and up to `nearness`.

    features: (9, m) of the boxes: their four numbers, the squares of these, and a 1
    """
    closeness = _log_likelihood(expected, features)
    likely = closeness > -0.5 * _GATE / _TEMPERATURE
    likely |= overlap >= _CERTAIN_OVERLAP
    rows, columns = likely.nonzero()
    pairs = rows * likely.shape[1]
    pairs += columns
    # What is near an uncertain prediction counts in proportion to the root of what is known.
    nearness = np.maximum(expected.doubt[0], _KNOWN**2) ** -0.25
    nearness *= expected.nearness * _KNOWN**0.5
    gain = np.exp(closeness.take(pairs))
    gain *= nearness.take(rows)
    gain += overlap.take(pairs)
    return Edges(rows, columns, gain)


def _log_likelihood(expected: Expected, features: Columns) -> Columns:
    """(n, m): minus half the sum of (expected - found)^2 / variance, flattened; as one matrix product."""
    boxes = expected.boxes
    n = boxes.shape[2]
    known = np.empty((9, n))
    precision = (0.5 / _TEMPERATURE) / (expected.doubt * np.square(boxes[1, 1]))
    weighted = np.multiply(boxes, precision[:, None])
    np.multiply(weighted, 2.0, out=known[:4].reshape(2, 2, n))
    known[4:8].reshape(2, 2, n)[...] = np.negative(precision)[:, None]
    np.add.reduce((weighted * boxes).reshape(4, n), out=known[8])
    np.negative(known[8], out=known[8])
    likelihood: Columns = known.T.dot(features)
    return likelihood


def overlaps(a: Columns, b: Columns) -> Columns:
    """Intersection over union (n, m) of boxes (2, 2, n) and (2, 2, m), by low and high edges. Boxes have area."""
    low, high = a[:, :, :, None]
    its_low, its_high = b
    sides = np.minimum(high, its_high[:, None])
    sides -= np.maximum(low, its_low[:, None])
    np.maximum(sides, 0.0, out=sides)
    shared: Columns = np.multiply(sides[0], sides[1], out=sides[0])
    union = _area(low, high) + _area(its_low, its_high)
    union -= shared
    shared /= union
    return shared


def iou(a: Columns, b: Columns) -> Columns:
    """The same of boxes (n, 4) and (m, 4) by corners."""
    return overlaps(a.T.reshape(2, 2, -1), b.T.reshape(2, 2, -1))


def _area(low: Columns, high: Columns) -> Columns:
    sides = high - low
    area: Columns = sides[0] * sides[1]
    return area
