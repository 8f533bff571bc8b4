"""Did the camera move: the one shift that most objects share, told from boxes alone.

Nothing else than the camera moves everything at once. A small shift shows in how far off the nearest similar boxes are;
a large one, after which boxes are nearest to the wrong objects, is the mode of the displacements between where objects
are expected and where similar boxes are found (a Hough vote with a compact kernel). Either is refined by one step of
mean shift (Comaniciu and Meer, IEEE Trans. PAMI 24(5), 2002) and believed only if it exceeds what scatter can make.
Rotation about two axes is a shift; what a walking camera does to near objects is left to the filter.
"""

from bisect import bisect_left, bisect_right
from typing import Final

from aimonitor.edge.tracks import Found, Target

WITNESSES: Final = 4
"""Fewer objects than this cannot tell a moving camera from moving objects."""

ASKED: Final = 24
"""More objects than this are not asked."""

TOLERANCE: Final = 0.2
"""How far from its share of the shift an object may be, in its own heights."""

REACH: Final = 0.35
"""The largest shift from one look to the next, in heights of the image."""

ALIKE: Final = 1.28
"""The largest ratio of two heights of one object."""

CLEARLY: Final = 1.5
"""A shift must explain so many times what standing still does."""

STANDS: Final = 0.5
"""So large a share of the greatest support tells that the camera stands, or moved little."""

CANDIDATES: Final = 64

Move = tuple[float, float]
"""To the right and down, in heights of the image."""

Witness = tuple[float, float, float, float]
"""A displacement to the right and down, how much it supports a shift (0..1), the square of what it tolerates."""

Place = tuple[float, float, float]
"""Center x and y and height, in heights of the picture."""

Displacement = tuple[float, float, int]
"""From where something is expected to where something similar is found, and which of those expected."""


def camera_shift(targets: list[Target], found: list[Found]) -> Move | None:
    """How far the picture moved between where `targets`, the longest known first, should be and what is `found`.

    None when it did not, or in doubt.
    """
    targets = targets[:ASKED]
    if len(targets) < WITNESSES or len(found) < WITNESSES:
        return None
    standing: list[Witness] = []
    support = 0.0
    for target in targets:
        witness = _standing(target.center.x, target.center.y, target.size.y, found)
        if witness:
            standing.append(witness)
            support += witness[2]
    if support >= STANDS * len(targets):
        return refine(standing)
    expected = [(target.center.x, target.center.y, target.size.y) for target in targets]
    return vote(expected, [(one.x, one.y, one.height) for one in found], support)


def _standing(x: float, y: float, height: float, found: list[Found]) -> Witness | None:
    """Where the nearest similar box is, if it is near enough to say that the camera stands."""
    reach = TOLERANCE * height
    scale = least = reach * reach
    nearest: Found | None = None
    for one in found:
        dx = one.x - x
        if -reach < dx < reach:
            dy = one.y - y
            off = dx * dx + dy * dy
            if off < least and height <= ALIKE * one.height and one.height <= ALIKE * height:
                least, nearest = off, one
    return (nearest.x - x, nearest.y - y, 1.0 - least / scale, scale) if nearest else None


def vote(expected: list[Place], found: list[Place], standing: float) -> Move | None:
    """Let similar pairs propose their displacements; no shift at all has the support `standing`.

    A displacement supports only what is near it, by at most 1: where too few are near, none are asked.
    """
    moves = _moves(expected, found)
    candidates = [(x, y) for x, y, _ in moves if -REACH < x < REACH and -REACH < y < REACH][:CANDIDATES]
    moves.sort()
    xs = [x for x, _, _ in moves]
    reach = TOLERANCE * max([height for _, _, height in expected])
    most = max(0.4 * len(expected), WITNESSES - 1.5, CLEARLY * standing)
    witnesses: list[Witness] = []
    for x, y in candidates:
        low, high = y - reach, y + reach
        near = moves[bisect_left(xs, x - reach) : bisect_right(xs, x + reach)]
        near = [move for move in near if low < move[1] < high]
        if len(near) >= most:
            agreeing = _agreeing(x, y, near, expected)
            support = sum([witness[2] for witness in agreeing])
            if support >= most:
                most, witnesses = support, agreeing
    return refine(witnesses)


def _moves(expected: list[Place], found: list[Place]) -> list[Displacement]:
    """Of every similar pair that can support a shift within reach; by row."""
    moves: list[Displacement] = []
    for row, (x, y, height) in enumerate(expected):
        reach, least, most = REACH + TOLERANCE * height, height / ALIKE, height * ALIKE
        for found_x, found_y, found_height in found:
            dx, dy = found_x - x, found_y - y
            if -reach < dx < reach and -reach < dy < reach and least <= found_height <= most:
                moves.append((dx, dy, row))
    return moves


def _agreeing(x: float, y: float, near: list[Displacement], expected: list[Place]) -> list[Witness]:
    """Who moved by about (x, y): of each the displacement that is nearest to it."""
    witnesses: dict[int, Witness] = {}
    for dx, dy, row in near:
        reach = TOLERANCE * expected[row][2]
        scale = reach * reach
        support = 1.0 - ((dx - x) * (dx - x) + (dy - y) * (dy - y)) / scale
        if support > 0.0 and (row not in witnesses or witnesses[row][2] < support):
            witnesses[row] = dx, dy, support, scale
    return list(witnesses.values())


def refine(witnesses: list[Witness]) -> Move | None:
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
