"""From the picture to the ground: a plane homography from four points and a distance, with its own uncertainty.

The four points are the corners of any rectangle on the ground (a parking bay, a paved yard), in order around it, and
the distance is the length of its first side. The other side follows from perspective when pixels are square and the
optical axis passes through the middle of the picture (Zhang and He, "Whiteboard scanning and image enhancement",
Digital Signal Processing 17, 2007); seen from straight above there is no perspective, and none is needed. Where the
second side is known too, or all four positions are, they are used as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from aimonitor.edge.types import Point, Size

Matrix = npt.NDArray[np.float64]
Solver = Callable[[Matrix], Matrix]
"""From four points in pixels to the homography that maps them onto the ground."""

_COLUMNS, _ROWS = 32, 24
_MIN_AREA = 1e-4
_USELESS = 0.5
_PRUDENCE = 1.1
"""Towards the edges of the picture lengths scatter by a tenth more than errors of first order in the clicks say."""


class CalibrationError(ValueError):
    """The points do not make a ground plane; the text says which and why."""


class Spot(Struct, frozen=True, gc=False):
    """A place on the ground in metres, and the Jacobian: metres per fraction of the image, d(x, y) / d(u, v)."""

    x: float
    y: float
    xu: float
    xv: float
    yu: float
    yv: float


class Stretch(NamedTuple):
    """Relative standard deviation of a length, for lengths that lie across and along the view."""

    across: float
    along: float


class Scale(NamedTuple):
    """How long a small step (du, dv) of the image is on the ground, squared, and how far off half of that may be.

    metric:   squared length, of du du, du dv, dv dv
    variance: of half the squared length, of du^4, du^3 dv, du^2 dv^2, du dv^3, dv^4
    """

    metric: tuple[float, float, float]
    variance: tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """A calibrated ground plane.

    image_to_ground: nine numbers, row by row, from fractions of the image to metres
    scales: how long steps are and how uncertain that is, by cells of the image (24 rows of 32), from that of the clicks
    """

    image_to_ground: tuple[float, ...]
    scales: tuple[Scale, ...]

    def locate(self, u: float, v: float) -> Spot | None:
        """The place under the image point (u, v), or None at and above the horizon."""
        a, b, c, d, e, f, g, h, i = self.image_to_ground
        depth = g * u + h * v + i
        if depth <= 1e-6:
            return None
        x, y = (a * u + b * v + c) / depth, (d * u + e * v + f) / depth
        return Spot(x, y, (a - x * g) / depth, (b - x * h) / depth, (d - y * g) / depth, (e - y * h) / depth)

    def stretch(self, u: float, v: float, du: float, dv: float) -> float:
        """Relative standard deviation of a speed at (u, v), 0..1, whose direction in the image is (du, dv)."""
        column = int(u * _COLUMNS) if u < 1.0 else _COLUMNS - 1
        row = int(v * _ROWS) if v < 1.0 else _ROWS - 1
        (p, q, r), (v4, v3, v2, v1, v0) = self.scales[row * _COLUMNS + column]
        if du == 0.0 == dv:
            return min(1.0, max(sqrt(v4) / p, sqrt(v0) / r))
        length2 = p * du * du + q * du * dv + r * dv * dv
        variance = (((v4 * du + v3 * dv) * du + v2 * dv * dv) * du + v1 * dv**3) * du + v0 * dv**4
        if variance <= 0.0:
            return 0.0
        stretch = sqrt(variance) / length2
        return stretch if stretch < 1.0 else 1.0


def calibrate(
    corners: Sequence[Point],
    side_m: float,
    size: Size,
    *,
    second_m: float | None = None,
    click_px: float = 1.0,
    side_error: float = 0.02,
) -> Ground:
    """The ground plane from the corners of a rectangle and the length of the side from the first to the second.

    corners: four, in order around the rectangle, in fractions of the image; size: of the picture, for square pixels
    second_m: length of the side from the second to the third corner, where it was measured too
    click_px, side_error: one standard deviation of a corner in pixels, and of every length (relative): the tape
    measure, and a ground that is no perfect plane before a lens that is no perfect pinhole
    Raises CalibrationError when the points cannot be a rectangle on the ground.
    """
    pixels = _checked(corners, size)
    if not side_m > 0 or (second_m is not None and not second_m > 0):
        raise CalibrationError(f"expected a distance in metres above 0, got {side_m} and {second_m}")

    def solve(points: Matrix) -> Matrix:
        depth_m = second_m if second_m is not None else side_m * _aspect(points, size)
        return _homography(points, _rectangle(side_m, depth_m))

    return _with_uncertainty(solve, pixels, size, click_px, side_error)


def calibrate_points(
    image: Sequence[Point], ground_m: Sequence[Point], size: Size, *, click_px: float = 1.0, side_error: float = 0.0
) -> Ground:
    """The ground plane from four image points whose places in metres are known. Raises CalibrationError."""
    pixels = _checked(image, size)
    if len(ground_m) != 4:
        raise CalibrationError(f"expected 4 places on the ground, got {len(ground_m)}")
    target = np.array(ground_m, np.float64)
    return _with_uncertainty(lambda points: _homography(points, target), pixels, size, click_px, side_error)


def _checked(corners: Sequence[Point], size: Size) -> Matrix:
    if len(corners) != 4:
        raise CalibrationError(f"expected 4 points, got {len(corners)}")
    pixels = np.array(corners, np.float64) * (size.width, size.height)
    if not np.isfinite(pixels).all():
        raise CalibrationError("expected finite points, got NaN or infinity")
    for index in range(4):
        p, q, r = (Point(*corners[(index + step) % 4]) for step in range(3))
        turn = (q.x - p.x) * (r.y - q.y) - (q.y - p.y) * (r.x - q.x)
        if abs(turn) < _MIN_AREA:
            raise CalibrationError(f"points {index + 1} to {(index + 2) % 4 + 1} lie on one line or on each other")
        if index == 0:
            first = turn
        elif turn * first < 0:
            raise CalibrationError("the points cross over: give the corners in order around the rectangle")
    return pixels


def _rectangle(width_m: float, depth_m: float) -> Matrix:
    return np.array([(0, 0), (width_m, 0), (width_m, depth_m), (0, depth_m)], np.float64)


def _aspect(pixels: Matrix, size: Size) -> float:
    """Second side over first of the rectangle seen at `pixels` (Zhang and He 2007, equations 11 to 20)."""
    middle = np.array([size.width / 2, size.height / 2])
    m1, m2, m4, m3 = (np.array([*(point - middle), 1.0]) for point in pixels)
    opposite = np.cross(m1, m4)
    k2 = float(opposite @ m3) / float(np.cross(m2, m4) @ m3)
    k3 = float(opposite @ m2) / float(np.cross(m3, m4) @ m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    perspective = n2[2] * n3[2]
    if abs(perspective) < 1e-6:
        # At least one pair of sides is parallel in the picture: no focal length to be had, none needed when both are.
        if max(abs(n2[2]), abs(n3[2])) < 0.02:
            return float(hypot(n3[0], n3[1]) / hypot(n2[0], n2[1]))
        raise CalibrationError(
            "one pair of sides is parallel in the picture, so the second side cannot be worked out: measure it as well"
        )
    focal2 = -(n2[0] * n3[0] + n2[1] * n3[1]) / perspective
    if focal2 <= 0:
        raise CalibrationError("these points are no rectangle seen in perspective: check them, or measure both sides")
    weights = np.array([1 / focal2, 1 / focal2, 1.0])
    return sqrt(float((n3 * n3) @ weights) / float((n2 * n2) @ weights))


def _homography(source: Matrix, target: Matrix) -> Matrix:
    """The 3x3 matrix that maps four points onto four others (direct linear transform)."""
    rows = []
    for (u, v), (x, y) in zip(source, target, strict=True):
        rows.append([u, v, 1, 0, 0, 0, -x * u, -x * v])
        rows.append([0, 0, 0, u, v, 1, -y * u, -y * v])
    try:
        solved = np.linalg.solve(np.array(rows, np.float64), target.reshape(8))
    except np.linalg.LinAlgError as error:
        raise CalibrationError("the points do not span a plane") from error
    return np.array([*solved, 1.0]).reshape(3, 3)


def _with_uncertainty(solve: Solver, pixels: Matrix, size: Size, click_px: float, side_error: float) -> Ground:
    scale = np.diag([size.width, size.height, 1.0])
    best = solve(pixels) @ scale
    middle = pixels.mean(axis=0) / (size.width, size.height)
    if best[2] @ (*middle, 1.0) < 0:
        best = -best
    u, v = np.meshgrid((np.arange(_COLUMNS) + 0.5) / _COLUMNS, (np.arange(_ROWS) + 0.5) / _ROWS)
    exact = _jacobian(best, u, v)
    metric = _half_change(exact, exact)
    changes = [side_error * metric]
    for corner in range(4):
        for axis in range(2):
            moved = pixels.copy()
            moved[corner, axis] += _PRUDENCE * click_px
            try:
                changes.append(_half_change(exact, _jacobian(solve(moved) @ scale, u, v) - exact))
            except CalibrationError:  # one pixel away there is no answer: nothing is certain here
                changes.append(metric)
    ground = Ground(tuple(float(value) for value in best.reshape(9)), _scales(metric, np.array(changes)))
    if (worst := ground.stretch(float(middle[0]), float(middle[1]), 0.0, 0.0)) > _USELESS:
        raise CalibrationError(
            f"with clicks right to {click_px:g} px, lengths there are right to {worst:.0%} only: "
            "take a larger rectangle, or measure both sides"
        )
    return ground


def _jacobian(matrix: Matrix, u: Matrix, v: Matrix) -> Matrix:
    """Metres per fraction of the image, d(x, y) / d(u, v), (2, 2, rows, columns): first x and y, then to u and to v."""
    depth = matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2]
    x = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) / depth
    y = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) / depth
    return np.array(
        [[(matrix[row, axis] - place * matrix[2, axis]) / depth for axis in (0, 1)] for row, place in ((0, x), (1, y))]
    )


def _half_change(exact: Matrix, change: Matrix) -> Matrix:
    """(3, rows, columns): by how much half the squared length of a step changes; of du du, du dv, dv dv."""
    product = np.einsum("kirc,kjrc->ijrc", exact, change)
    return np.array([product[0, 0], product[0, 1] + product[1, 0], product[1, 1]])


def _scales(metric: Matrix, changes: Matrix) -> tuple[Scale, ...]:
    """One scale for each cell, from the changes (n, 3, rows, columns) that independent errors of one sigma make."""
    a, b, c = changes.swapaxes(0, 1)
    variance = np.array([(a * a), 2 * a * b, b * b + 2 * a * c, 2 * b * c, c * c]).sum(axis=1)
    known = np.isfinite(metric).all(axis=0) & np.isfinite(variance).all(axis=0) & (metric[0] > 0) & (metric[2] > 0)
    nothing = Scale((1.0, 0.0, 1.0), (1.0, 0.0, 2.0, 0.0, 1.0))
    return tuple(
        Scale(tuple(metric[:, row, column].tolist()), tuple(variance[:, row, column].tolist()))
        if known[row, column]
        else nothing
        for row, column in np.ndindex(_ROWS, _COLUMNS)
    )
