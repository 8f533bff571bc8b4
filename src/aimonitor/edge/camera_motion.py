"""Did the camera move: the one shift that most objects share, told from boxes alone.

Nothing else than the camera moves everything at once. The shift is the mode of the displacements between where objects
are expected and where similar boxes are found (a Hough vote with a compact kernel, refined by one step of mean shift:
Comaniciu and Meer, IEEE Trans. PAMI 24(5), 2002). Rotation about two axes is a shift; what a walking camera does to
near objects is left to the filter.
"""

import numpy as np

from aimonitor.edge.kalman import Columns

_WITNESSES = 4
"""Fewer objects than this cannot tell a moving camera from moving objects."""

_TOLERANCE = 0.2
_REACH = 0.35
_ALIKE = 0.25
_CANDIDATES = 64
_HEARD = 24
"""Objects that are asked at most: the longest known."""


def camera_shift(expected: Columns, found: Columns) -> Columns:
    """How far the picture moved (2,): 0 when in doubt.

    expected, found: (n, 4), (m, 4) center x, center y, width, height in picture heights; oldest first.
    """
    none, expected = np.zeros(2), expected[:_HEARD]
    if min(len(expected), len(found)) < _WITNESSES:
        return none
    steps = found[None, :, :2] - expected[:, None, :2]
    alike = np.abs(np.log(found[None, :, 3] / expected[:, None, 3])) < _ALIKE
    tolerance = _TOLERANCE * expected[:, 3]
    steps = np.where(alike[..., None], steps, np.inf)
    shift = none
    support = _votes(steps, tolerance, none[None])[0]
    if support < 0.5 * len(expected):
        candidates = steps[np.abs(steps).max(axis=2) < _REACH][:_CANDIDATES]
        if not len(candidates):
            return none
        votes = _votes(steps, tolerance, candidates)
        best = int(votes.argmax())
        if votes[best] < max(0.4 * len(expected), 1.5 * support, _WITNESSES - 1.5):
            return none
        shift = candidates[best]
    return _refine(steps, tolerance, shift)


def _votes(steps: Columns, tolerance: Columns, candidates: Columns) -> Columns:
    """How many objects each candidate (c, 2) explains, each counted by how well."""
    off = np.square(steps - candidates[:, None, None]).sum(axis=3).min(axis=2)
    votes: Columns = np.maximum(0.0, 1.0 - off / np.square(tolerance)).sum(axis=1)
    return votes


def _refine(steps: Columns, tolerance: Columns, shift: Columns) -> Columns:
    """The mean displacement of the objects that `shift` explains, if it is more than their scatter can make."""
    off = np.square(steps - shift).sum(axis=2)
    nearest = off.argmin(axis=1)
    rows = np.arange(len(steps))
    weights = np.maximum(0.0, 1.0 - off[rows, nearest] / np.square(tolerance))
    inside = weights > 0
    if np.count_nonzero(inside) < _WITNESSES:
        return np.zeros(2)
    weights = weights[inside] / tolerance[inside] ** 2
    moves = steps[rows, nearest][inside]
    mean: Columns = weights @ moves / weights.sum()
    scatter = weights @ np.square(moves - mean) / weights.sum()
    certain = np.square(mean) > 4.0 * scatter / np.count_nonzero(inside)
    return np.where(certain, mean, 0.0)
