"""Did the camera move: the one shift that most objects share, told from boxes alone.

Nothing else than the camera moves everything at once. A small shift shows in how far off the nearest similar boxes are;
a large one, after which boxes are nearest to the wrong objects, is the mode of the displacements between where objects
are expected and where similar boxes are found (a Hough vote with a compact kernel). Either is refined by one step of
mean shift (Comaniciu and Meer, IEEE Trans. PAMI 24(5), 2002) and believed only if it exceeds what scatter can make.
Rotation about two axes is a shift; what a walking camera does to near objects is left to the filter.
"""

import numpy as np

from aimonitor.edge.kalman import Columns, Mask

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

_MIDDLE, _HALF = (_ALIKE + 1 / _ALIKE) / 2, (_ALIKE - 1 / _ALIKE) / 2
_CLEARLY = 1.5
"""A shift must explain so many times what standing still does."""

_CANDIDATES = 64


def camera_shift(expected: Columns, found: Columns) -> Columns | None:
    """How far the picture moved (2,), in its heights; None when it did not, or in doubt.

    expected: (2, 2, n) where objects should be, the longest known first; found: (2, 2, m) where boxes are; both centers
    and sizes, x and y, in heights of the image.
    """
    if expected.shape[2] > _ASKED:
        expected = expected[:, :, :_ASKED]
    n, m = expected.shape[2], found.shape[2]
    if min(n, m) < _WITNESSES:
        return None
    height = expected[1, 1]
    scale = height * height
    scale *= _TOLERANCE**2
    moves = found[0][:, None] - expected[0][:, :, None]
    squares = moves * moves
    off = squares[0] + squares[1]
    ratio = found[1, 1] / height[:, None]
    ratio -= _MIDDLE
    unlike = np.abs(ratio, out=ratio) > _HALF
    np.putmask(off, unlike, np.inf)
    nearest = off.argmin(axis=1)
    nearest += np.arange(0, n * m, m)
    support = np.maximum(0.0, 1.0 - off.take(nearest) / scale)
    standing = sum(support.tolist())
    if standing >= 0.5 * n:
        return _refine(moves.reshape(2, -1).take(nearest, axis=1), support, scale)
    return _vote(moves, unlike, scale, standing)


def _vote(moves: Columns, unlike: Mask, scale: Columns, standing: float) -> Columns | None:
    """Let every similar pair propose its displacement, of (2, n, m); no shift at all explains `standing` objects."""
    dx, dy = np.where(unlike, np.inf, moves[0]), moves[1]
    near = (np.abs(dx) < _REACH) & (np.abs(dy) < _REACH)
    x, y = dx[near][:_CANDIDATES, None, None], dy[near][:_CANDIDATES, None, None]
    if not len(x):
        return None
    off = np.square(dx - x)
    off += np.square(dy - y)
    votes = np.maximum(0.0, 1.0 - off.min(axis=2) / scale)
    total = votes.sum(axis=1)
    best = int(total.argmax())
    if total[best] < max(0.4 * len(dx), _WITNESSES - 1.5, _CLEARLY * standing):
        return None
    rows, nearest = np.arange(len(dx)), off[best].argmin(axis=1)
    return _refine(moves[:, rows, nearest], votes[best], scale)


def _refine(moves: Columns, support: Columns, scale: Columns) -> Columns | None:
    """The mean of the supported displacements (2, k), on each axis only if it is more than scatter can make."""
    agreeing = int(np.count_nonzero(support))
    if agreeing < _WITNESSES:
        return None
    weights = support / scale
    total, sums, squares = sum(weights.tolist()), moves.dot(weights).tolist(), (moves * moves).dot(weights).tolist()
    shift = [_believed(a / total, b / total, agreeing) for a, b in zip(sums, squares, strict=True)]
    return np.array(shift) if any(shift) else None


def _believed(mean: float, mean_square: float, agreeing: int) -> float:
    """A mean that is more than twice its own standard error, else 0."""
    scatter = mean_square - mean * mean
    return mean if mean * mean * agreeing > 4.0 * scatter else 0.0
