"""How well boxes found agree with boxes expected, in tables; see the module of the same name above."""

from typing import NamedTuple

import numpy as np

from aimonitor.edge.affinity import CERTAIN_OVERLAP, FAR, KNOWN, LASTING, UNIT
from aimonitor.edge.columns.assignment import Edges
from aimonitor.edge.columns.kalman import OUTWARD, Columns

_LEAST_DOUBT = np.array([[LASTING**2], [0.0]])


class Expected(NamedTuple):
    """Where n objects should be, and how sure that is.

    boxes: (2, 2, n) centers and sizes in heights of the image
    doubt: (2, n) variances of centers and of sizes, in heights of the object squared
    """

    boxes: Columns
    doubt: Columns


def affinity(expected: Expected, features: Columns, overlap: Columns, nearness: float, known: int) -> Edges:
    """Agreement of n objects `expected` with m boxes found, where there is any.

    That is `overlap` (n, m) and, for the first `known` objects, up to `nearness` for being close.
    features: (12, m) of the boxes: their four numbers times -2, the squares of these numbers, and four times 1
    """
    closeness = _log_likelihood(expected, features)
    likely = closeness > FAR
    likely |= overlap >= CERTAIN_OVERLAP
    pairs = likely.ravel().nonzero()[0]
    rows, columns = np.divmod(pairs, likely.shape[1])
    # What is near an uncertain prediction counts in proportion to the root of what is known.
    bonus = np.maximum(expected.doubt[0], KNOWN**2) ** -0.25
    bonus *= nearness * KNOWN**0.5
    bonus[known:] = 0.0
    gain = np.exp(closeness.take(pairs))
    gain *= bonus.take(rows)
    gain += overlap.take(pairs)
    return Edges(rows, columns, gain)


def _log_likelihood(expected: Expected, features: Columns) -> Columns:
    """(n, m): minus half the sum of (expected - found)^2 / variance, flattened; as one matrix product."""
    boxes, height = expected.boxes, expected.boxes[1, 1]
    precision = (UNIT / (np.maximum(expected.doubt, _LEAST_DOUBT) * (height * height)))[:, None]
    known = np.empty((3, *boxes.shape))
    np.multiply(boxes, precision, out=known[0])
    known[1] = precision
    np.multiply(known[0], boxes, out=known[2])
    likelihood: Columns = known.reshape(12, -1).T.dot(features)
    return likelihood


def overlaps(a: Columns, b: Columns) -> Columns:
    """Intersection over union (n, m) of boxes (4, n) and (4, m), by edges turned outward. Boxes have area."""
    edges = np.maximum(a[:, :, None], b[:, None])
    minus_sides = edges[:2]
    minus_sides += edges[2:]
    np.minimum(minus_sides, 0.0, out=minus_sides)
    shared: Columns = np.multiply(minus_sides[0], minus_sides[1], out=minus_sides[0])
    union = _area(a)[:, None] + _area(b)
    union -= shared
    shared /= union
    return shared


def iou(a: Columns, b: Columns) -> Columns:
    """The same of boxes (n, 4) and (m, 4) by corners."""
    return overlaps(OUTWARD * a.T, OUTWARD * b.T)


def _area(edges: Columns) -> Columns:
    minus_sides = edges[:2] + edges[2:]
    area: Columns = minus_sides[0] * minus_sides[1]
    return area
