"""Did the camera move: the one shift that most objects share, told from boxes alone.

Nothing else than the camera moves everything at once. A small shift shows in how far off the nearest similar boxes are;
a large one, after which boxes are nearest to the wrong objects, is the mode of the displacements between where objects
are expected and where similar boxes are found (a Hough vote with a compact kernel). Either is refined by one step of
mean shift (Comaniciu and Meer, IEEE Trans. PAMI 24(5), 2002) and believed only if it exceeds what scatter can make.
Rotation about two axes is a shift; what a walking camera does to near objects is left to the filter.
"""

import numpy as np

from aimonitor.edge.kalman import Columns

_WITNESSES = 4
"""Fewer objects than this cannot tell a moving camera from moving objects."""

_ASKED = 24
"""More objects than this are not asked."""

_TOLERANCE = 0.2
"""How far from its share of the shift an object may be, in its own heights."""

_REACH = 0.35
"""The largest shift from one look to the next, in heights of the image."""

_ALIKE = 1.28
"""The largest ratio of two heights of one object."""

_CLEARLY = 1.5
"""A shift must explain so many times what standing still does."""

_CANDIDATES = 64


def camera_shift(expected: Columns, found: Columns) -> Columns:
    """How far the picture moved (2,), in its heights; 0 when in doubt.

    expected: (n, 4) where objects should be, the longest known first; found: (m, 4) where boxes are; both center x,
    center y, width, height in heights of the image.
    """
    expected = expected[:_ASKED]
    if min(len(expected), len(found)) < _WITNESSES:
        return np.zeros(2)
    heights = expected[:, 3, None]
    dx, dy = found[:, 0] - expected[:, 0, None], found[:, 1] - expected[:, 1, None]
    ratio = found[:, 3] / heights
    dx[(ratio > _ALIKE) | (ratio < 1 / _ALIKE)] = np.inf
    off = (dx * dx + dy * dy) / np.square(_TOLERANCE * heights)
    nearest = off.argmin(axis=1)
    rows = np.arange(len(off))
    support = np.maximum(0.0, 1.0 - off[rows, nearest])
    if support.sum() >= 0.5 * len(off):
        return _refine(dx[rows, nearest], dy[rows, nearest], support, heights[:, 0])
    return _vote(dx, dy, heights, float(support.sum()))


def _vote(dx: Columns, dy: Columns, heights: Columns, standing: float) -> Columns:
    """Let every pair (n, m) propose its displacement; `standing` is how many objects no shift at all explains."""
    near = (np.abs(dx) < _REACH) & (np.abs(dy) < _REACH)
    x, y = dx[near][:_CANDIDATES, None, None], dy[near][:_CANDIDATES, None, None]
    if not len(x):
        return np.zeros(2)
    off = (np.square(dx - x) + np.square(dy - y)) / np.square(_TOLERANCE * heights)
    votes = np.maximum(0.0, 1.0 - off.min(axis=2))
    total = votes.sum(axis=1)
    best = int(total.argmax())
    if total[best] < max(0.4 * len(dx), _WITNESSES - 1.5, _CLEARLY * standing):
        return np.zeros(2)
    rows, nearest = np.arange(len(dx)), off[best].argmin(axis=1)
    return _refine(dx[rows, nearest], dy[rows, nearest], votes[best], heights[:, 0])


def _refine(dx: Columns, dy: Columns, support: Columns, heights: Columns) -> Columns:
    """The mean of the supported displacements, on each axis only if it is more than scatter can make."""
    known = support > 0
    agreeing = np.count_nonzero(known)
    if agreeing < _WITNESSES:
        return np.zeros(2)
    moves = np.stack((dx[known], dy[known]), axis=1)
    weights = support[known] / np.square(heights[known])
    weights /= weights.sum()
    mean: Columns = weights @ moves
    scatter = weights @ np.square(moves - mean)
    return np.where(np.square(mean) > 4.0 * scatter / agreeing, mean, 0.0)
