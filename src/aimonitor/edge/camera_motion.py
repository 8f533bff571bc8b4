"""Did the camera move: the one shift that most objects share, told from boxes alone.

Nothing else than the camera moves everything at once. A small shift shows in how far off the nearest similar boxes are;
a large one, after which boxes are nearest to the wrong objects, is the mode of the displacements between where objects
are expected and where similar boxes are found (a Hough vote with a compact kernel). Either is refined by one step of
mean shift (Comaniciu and Meer, IEEE Trans. PAMI 24(5), 2002) and believed only if it exceeds what scatter can make.
Rotation about two axes is a shift; what a walking camera does to near objects is left to the filter.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aimonitor.edge.tracks import Found, Shape, Target

WITNESSES = 4
"""Fewer objects than this cannot tell a moving camera from moving objects."""

ASKED = 24
"""More objects than this are not asked."""

TOLERANCE = 0.2
"""How far from its share of the shift an object may be, in its own heights."""

REACH = 0.35
"""The largest shift from one look to the next, in heights of the image."""

ALIKE = 1.28
"""The largest ratio of two heights of one object."""

CLEARLY = 1.5
"""A shift must explain so many times what standing still does."""

STANDS = 0.5
"""So large a share of the greatest support tells that the camera stands, or moved little."""

CANDIDATES = 64

Columns = npt.NDArray[np.float64]

Move = tuple[float, float]
"""To the right and down, in heights of the image."""

Witness = tuple[float, float, float, float]
"""A displacement to the right and down, how much it supports a shift (0..1), the square of what it tolerates."""


def camera_shift(targets: Sequence[Target], found: Sequence[Found]) -> Move | None:
    """How far the picture moved between where `targets`, the longest known first, should be and what is `found`.

    None when it did not, or in doubt.
    """
    targets = targets[:ASKED]
    if min(len(targets), len(found)) < WITNESSES:
        return None
    expected, shapes = [target.shape for target in targets], [one[:4] for one in found]
    standing = [witness for shape in expected if (witness := _standing(shape, shapes))]
    support = sum([support for _, _, support, _ in standing])
    if support >= STANDS * len(targets):
        return refine(standing)
    places, found_places = (np.array(some).T[[0, 1, 3]] for some in (expected, shapes))
    return vote(places, found_places, support)


def _standing(expected: Shape, found: Sequence[Shape]) -> Witness | None:
    """Where the nearest similar box is, if it is near enough to say that the camera stands."""
    x, y, _, height = expected
    reach, nearest = TOLERANCE * height, None
    scale = least = reach * reach
    for found_x, found_y, _, found_height in found:
        dx = found_x - x
        if -reach < dx < reach:
            dy = found_y - y
            off = dx * dx + dy * dy
            if off < least and height <= ALIKE * found_height and found_height <= ALIKE * height:
                least, nearest = off, (dx, dy)
    return (*nearest, 1.0 - least / scale, scale) if nearest else None


def vote(expected: Columns, found: Columns, standing: float) -> Move | None:
    """Let every similar pair propose its displacement; no shift at all has the support `standing`.

    expected, found: (3, n) and (3, m) center x and y, height
    """
    x, y, height = expected[:, :, None]
    found_x, found_y, found_height = found
    alike = (height <= ALIKE * found_height) & (found_height <= ALIKE * height)
    dx, dy = np.where(alike, found_x - x, np.inf), found_y - y
    near = (np.abs(dx) < REACH) & (np.abs(dy) < REACH)
    candidates_x, candidates_y = dx[near][:CANDIDATES, None, None], dy[near][:CANDIDATES, None, None]
    if not len(candidates_x):
        return None
    off = np.square(dx - candidates_x) + np.square(dy - candidates_y)
    scale = np.square(TOLERANCE * height[:, 0])
    support = np.maximum(0.0, 1.0 - off.min(axis=2) / scale)
    total = support.sum(axis=1)
    best = total.argmax()
    if total[best] < max(0.4 * len(dx), WITNESSES - 1.5, CLEARLY * standing):
        return None
    rows = support[best].nonzero()[0]
    nearest = off[best, rows].argmin(axis=1)
    witnesses = dx[rows, nearest], dy[rows, nearest], support[best, rows], scale[rows]
    return refine(np.stack(witnesses, axis=1).tolist())


def refine(witnesses: Sequence[Witness]) -> Move | None:
    """The mean of the displacements, on each axis only if it is more than scatter can make."""
    if len(witnesses) < WITNESSES:
        return None
    total = x = y = xx = yy = 0.0
    for dx, dy, support, scale in witnesses:
        weight = support / scale
        total += weight
        x += weight * dx
        y += weight * dy
        xx += weight * dx * dx
        yy += weight * dy * dy
    x, y = believed(x / total, xx / total, len(witnesses)), believed(y / total, yy / total, len(witnesses))
    return (x, y) if x or y else None


def believed(mean: float, mean_square: float, witnesses: int) -> float:
    """A mean that is more than twice its own standard error, else 0."""
    scatter = mean_square - mean * mean
    return mean if mean * mean * witnesses > 4.0 * scatter else 0.0
