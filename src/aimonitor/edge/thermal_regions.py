"""Connected warm regions in a small thermal picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aimonitor.edge.types import Box, Floats, Point

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """One warm region: its box in fractions of the sensor's picture, its heat, and its share of the picture."""

    box: Box
    center: Point
    peak_celsius: float
    mean_celsius: float
    pixels: int
    area: float


def regions(mask: Mask, celsius: Floats, *, limit: int) -> list[Region]:
    """The 8-connected regions of `mask`, hottest first, at most `limit`.

    By runs and union-find (Rosenfeld and Pfaltz, JACM 13(4), 1966): the work is in proportion to the runs of the mask,
    which are few, and not to the pixels.
    """
    rows, first, last = _runs(mask)
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    above = 0
    for run, row in enumerate(rows):
        while above < run and (rows[above] < row - 1 or (rows[above] == row - 1 and last[above] < first[run] - 1)):
            above += 1
        other = above
        while other < run and rows[other] == row - 1 and first[other] <= last[run] + 1:
            parents[root(run)] = root(other)
            other += 1
    members: dict[int, list[int]] = {}
    for run in range(len(rows)):
        members.setdefault(root(run), []).append(run)
    found = [_region(runs, rows, first, last, celsius) for runs in members.values()]
    found.sort(key=lambda region: -region.peak_celsius)
    return found[:limit]


def _runs(mask: Mask) -> tuple[list[int], list[int], list[int]]:
    """Row, first and last column of every run of True, in reading order."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, first = np.nonzero(steps == 1)
    _, after = np.nonzero(steps == -1)
    return rows.tolist(), first.tolist(), (after - 1).tolist()


def _region(runs: list[int], rows: list[int], first: list[int], last: list[int], celsius: Floats) -> Region:
    height, width = celsius.shape
    values = np.concatenate([celsius[rows[run], first[run] : last[run] + 1] for run in runs])
    left, right = min(first[run] for run in runs), max(last[run] for run in runs) + 1
    top, bottom = min(rows[run] for run in runs), max(rows[run] for run in runs) + 1
    columns = sum((first[run] + last[run] + 1) / 2 * (last[run] - first[run] + 1) for run in runs)
    lines = sum((rows[run] + 0.5) * (last[run] - first[run] + 1) for run in runs)
    n = len(values)
    return Region(
        Box(left / width, top / height, right / width, bottom / height),
        Point(columns / n / width, lines / n / height),
        float(np.maximum.reduce(values)),
        float(np.add.reduce(values)) / n,
        n,
        n / (width * height),
    )
