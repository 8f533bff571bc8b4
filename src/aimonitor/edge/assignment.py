"""Who belongs to whom: the exact maximum-weight matching of a sparse bipartite graph.

In a picture nearly every track has one candidate; only where people overlap is there a choice. So pairs without rivals
are taken at once, vectorised, and what is left is solved by shortest augmenting paths with potentials (Jonker and
Volgenant, Computing 38, 1987; in the form of Edmonds and Karp, JACM 19, 1972) over the sparse graph.
"""

from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Pairs(NamedTuple):
    """Matched rows and columns, of equal length, rows ascending."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


def match(gain: Floats) -> Pairs:
    """Choose pairs so that the sum of `gain` (n, m) is greatest, no row or column twice.

    Pairs with a gain of 0 or less are never taken; neither rows nor columns must be matched. Ties go to the lower row.
    """
    n, m = gain.shape
    flat = (gain.ravel() > 0).nonzero()[0]
    if not len(flat):
        return Pairs(flat, flat)
    rows, columns = np.divmod(flat, m)
    contested = (np.bincount(rows, minlength=n)[rows] > 1) | (np.bincount(columns, minlength=m)[columns] > 1)
    if not contested.any():
        return Pairs(rows, columns)
    weights = gain[rows[contested], columns[contested]].tolist()
    chosen = _augment(rows[contested].tolist(), columns[contested].tolist(), weights)
    clear = ~contested
    rows = np.concatenate((rows[clear], np.fromiter(chosen.values(), np.intp, len(chosen))))
    columns = np.concatenate((columns[clear], np.fromiter(chosen.keys(), np.intp, len(chosen))))
    order = np.argsort(rows)
    return Pairs(rows[order], columns[order])


Edges = dict[int, list[tuple[int, float]]]


def _augment(rows: list[int], columns: list[int], weights: list[float]) -> dict[int, int]:
    """Column -> row of the best matching of the graph given by its edges, all weights > 0.

    Every row owns a private way out of cost 0 (to stay alone); an edge costs -weight. Rows enter one by one, each by
    the shortest path to a free column or to some row's way out. Offsets and prices keep reduced costs at 0 or above, as
    Dijkstra needs.
    """
    edges: Edges = {}
    for row, column, weight in zip(rows, columns, weights, strict=True):
        edges.setdefault(row, []).append((column, -weight))
    row_of: dict[int, int] = {}
    price = dict.fromkeys(columns, 0.0)
    offset = {row: min(cost for _, cost in edges[row]) for row in edges}
    for row in edges:
        _enter(row, edges, row_of, price, offset)
    return row_of


def _enter(start: int, edges: Edges, row_of: dict[int, int], price: dict[int, float], offset: dict[int, float]) -> None:
    """Bring row `start` into the matching along the cheapest alternating path; see `_augment`."""
    rows: dict[int, float] = {}
    columns: dict[int, float] = {}
    settled: set[int] = set()
    column_of: dict[int, int] = {}
    came_by: dict[int, int] = {}
    queue: list[tuple[float, int]] = []
    row, length = start, 0.0
    shortest, end = -offset[start], -1
    while True:
        rows[row] = length
        if length - offset[row] < shortest:
            shortest, end = length - offset[row], column_of[row]
        for column, cost in edges[row]:
            through = length + cost - offset[row] - price[column]
            if column not in settled and through < columns.get(column, shortest):
                columns[column], came_by[column] = through, row
                heappush(queue, (through, column))
        length, column = _nearest(queue, settled)
        if length >= shortest:
            break
        if column not in row_of:
            shortest, end = length, column
            break
        settled.add(column)
        row = row_of[column]
        column_of[row] = column
    for row, length in rows.items():
        offset[row] += shortest - length
    for column, length in columns.items():
        price[column] -= max(0.0, shortest - length)
    _flip(start, end, came_by, column_of, row_of)


def _nearest(queue: list[tuple[float, int]], settled: set[int]) -> tuple[float, int]:
    """The next column by distance; entries that a shorter path made stale are passed over."""
    while queue:
        length, column = heappop(queue)
        if column not in settled:
            return length, column
    return inf, -1


def _flip(start: int, end: int, came_by: dict[int, int], column_of: dict[int, int], row_of: dict[int, int]) -> None:
    """Swap matched and unmatched edges along the path back from column `end`; -1 leaves `start` alone."""
    column = end
    while column >= 0:
        row = came_by[column]
        row_of[column] = row
        column = -1 if row == start else column_of[row]
