"""Did the camera move, told from tables; see the module of the same name above."""

import numpy as np

from aimonitor.edge.camera_motion import ALIKE, ASKED, STANDS, TOLERANCE, WITNESSES, Move, Place, believed, vote
from aimonitor.edge.columns.kalman import Columns

_MIDDLE, _HALF = (ALIKE + 1 / ALIKE) / 2, (ALIKE - 1 / ALIKE) / 2


def camera_shift(expected: Columns, found: Columns) -> Move | None:
    """How far the picture moved; None when it did not, or in doubt.

    expected: (2, 2, n) where objects should be, the longest known first; found: (2, 2, m) where boxes are; both centers
    and sizes, x and y, in heights of the image.
    """
    expected = expected[:, :, :ASKED]
    n, m = expected.shape[2], found.shape[2]
    if min(n, m) < WITNESSES:
        return None
    height = expected[1, 1]
    moves = found[0][:, None] - expected[0][:, :, None]
    squares = moves * moves
    off = squares[0] + squares[1]
    ratio = found[1, 1] / height[:, None]
    ratio -= _MIDDLE
    np.putmask(off, np.abs(ratio, out=ratio) > _HALF, np.inf)
    nearest = off.argmin(axis=1)
    nearest += np.arange(0, n * m, m)
    scale = height * height
    scale *= TOLERANCE**2
    support = 1.0 - off.take(nearest) / scale
    np.maximum(support, 0.0, out=support)
    standing = sum(support.tolist())
    if standing >= STANDS * n:
        return _refine(moves.reshape(2, -1).take(nearest, axis=1), support, scale)
    return vote(_places(expected), _places(found), standing)


def _refine(moves: Columns, support: Columns, scale: Columns) -> Move | None:
    """The mean of displacements (2, n), on each axis only if it is more than scatter can make."""
    agreeing = int(np.count_nonzero(support))
    if agreeing < WITNESSES:
        return None
    weights = support / scale
    total, sums, squares = sum(weights.tolist()), moves.dot(weights).tolist(), (moves * moves).dot(weights).tolist()
    x, y = (believed(a / total, b / total, agreeing) for a, b in zip(sums, squares, strict=True))
    return (x, y) if x or y else None


def _places(boxes: Columns) -> list[Place]:
    return [(x, y, height) for x, y, height in zip(*boxes[0].tolist(), boxes[1, 1].tolist(), strict=True)]
