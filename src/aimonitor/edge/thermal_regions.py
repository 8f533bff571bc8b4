"""Connected warm regions in a small thermal picture."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from aimonitor.edge.types import Box, Floats, Point

Mask = npt.NDArray[np.bool_]


class Region(Struct, frozen=True, gc=False):
    """One warm region: its box in fractions of the sensor's picture, its heat, and its share of the picture.

    reach: the longer side of the box
    """

    box: Box
    center: Point
    reach: float
    peak_celsius: float
    mean_celsius: float
    pixels: int
    area: float


class _Run(Struct, gc=False):
    """A stretch of one row, from column `first` to before `end`, and where its pixels begin among all of the mask."""

    row: int
    first: int
    end: int
    start: int


def regions(mask: Mask, celsius: Floats, *, limit: int) -> list[Region]:
    """The 8-connected regions of `mask`, hottest first, at most `limit`.

    By runs and union-find (Rosenfeld and Pfaltz, JACM 13(4), 1966): the work is in proportion to the runs of the mask,
    which are few, and not to the pixels.
    """
    runs = _runs(mask)
    members: dict[int, list[_Run]] = {}
    for label, run in zip(_labels(runs), runs, strict=True):
        members.setdefault(label, []).append(run)
    heat = celsius[mask].tolist()
    found = [_region(one, heat, *mask.shape) for one in members.values()]
    found.sort(key=lambda region: -region.peak_celsius)
    return found[:limit]


def _labels(runs: list[_Run]) -> list[int]:
    """For each run the label of its region: that of a run above it, made one with those of all others above it."""
    labels: list[int] = []
    parents: list[int] = []

    def root(label: int) -> int:
        while parents[label] != label:
            parents[label] = parents[parents[label]]
            label = parents[label]
        return label

    above = 0
    for index, run in enumerate(runs):
        row_above, label = run.row - 1, -1
        while above < index and (
            runs[above].row < row_above or (runs[above].row == row_above and runs[above].end < run.first)
        ):
            above += 1
        other = above
        while other < index and runs[other].row == row_above and runs[other].first <= run.end:
            if label < 0:
                label = labels[other]
            elif label != labels[other]:
                parents[root(label)] = root(labels[other])
            other += 1
        if label < 0:
            label = len(parents)
            parents.append(label)
        labels.append(label)
    roots = [root(label) for label in range(len(parents))]
    return [roots[label] for label in labels]


def _runs(mask: Mask) -> list[_Run]:
    """Every run of True, in reading order."""
    height, width = mask.shape
    step = width + 1
    padded = np.zeros(height * step + 1, np.bool_)  # each row begins with a False, and one ends them all
    padded[:-1].reshape(height, step)[:, 1:] = mask
    changes = (padded[1:] != padded[:-1]).nonzero()[0].tolist()
    runs, start = [], 0
    for begin, end in zip(changes[::2], changes[1::2], strict=True):
        row, first = divmod(begin, step)
        runs.append(_Run(row, first, first + end - begin, start))
        start += end - begin
    return runs


def _region(runs: list[_Run], heat: list[float], height: int, width: int) -> Region:
    left, right, top, bottom = width, 0, runs[0].row, runs[-1].row + 1
    columns = lines = 0.0
    values: list[float] = []
    for run in runs:
        first, end = run.first, run.end
        left, right = first if first < left else left, end if end > right else right
        columns += (first + end) / 2 * (end - first)
        lines += (run.row + 0.5) * (end - first)
        values += heat[run.start : run.start + end - first]
    n = len(values)
    box = Box(left / width, top / height, right / width, bottom / height)
    return Region(
        box,
        Point(columns / n / width, lines / n / height),
        max(box.width, box.height),
        max(values),
        sum(values) / n,
        n,
        n / (width * height),
    )
