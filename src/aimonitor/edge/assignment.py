"""Who belongs to whom: the exact maximum-weight matching of a sparse bipartite graph.

In a picture nearly every track has one candidate; only where people overlap is there a choice, and mostly a plain one.
So pairs without rivals are taken at once, then pairs that are worth as much as the best alternatives of both their ends
together, and what is left is solved by shortest augmenting paths with potentials (Jonker and Volgenant, Computing 38,
1987; in the form of Edmonds and Karp, JACM 19, 1972) over the sparse graph.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


class Edges(NamedTuple):
    """Pairs that are possible, each once, with what each gains: three columns of equal length, rows ascending."""

    rows: Rows
    columns: Rows
    gain: Floats

    def where(self, mask: npt.NDArray[np.bool_]) -> "Edges":
        """Those in `mask`."""
        kept = mask.nonzero()[0]
        if len(kept) == len(mask):
            return self
        return Edges(self.rows.take(kept), self.columns.take(kept), self.gain.take(kept))


class Pairs(NamedTuple):
    """Matched rows and columns, of equal length, rows ascending."""

    rows: Rows
    columns: Rows


def match(gain: Floats) -> Pairs:
    """Choose pairs so that the sum of `gain` (n, m) is greatest, no row or column twice.

    Pairs with a gain of 0 or less are never taken; neither rows nor columns must be matched. Ties go to the lower row.
    """
    flat = (gain.ravel() > 0).nonzero()[0]
    rows, columns = np.divmod(flat, max(1, gain.shape[1]))
    return match_edges(Edges(rows, columns, gain.ravel()[flat]))


def match_edges(edges: Edges) -> Pairs:
    """The same where only some pairs are possible. Every gain is above 0."""
    rows, columns, gain = edges
    alone = np.bincount(rows).take(rows) + np.bincount(columns).take(columns) == 2
    among = (~alone).nonzero()[0]
    if not len(among):
        return Pairs(rows, columns)
    left = list(zip(rows.take(among).tolist(), columns.take(among).tolist(), gain.take(among).tolist(), strict=True))
    place = {(row, column): index for index, (row, column, _) in zip(among.tolist(), left, strict=True)}
    chosen, left = _plain_choices(left)
    if left:
        chosen |= _augment(left)
    alone[[place[row, column] for column, row in chosen.items()]] = True
    taken = alone.nonzero()[0]
    return Pairs(rows.take(taken), columns.take(taken))


_Edge = tuple[int, int, float]


def _plain_choices(edges: list[_Edge]) -> tuple[dict[int, int], list[_Edge]]:
    """Column -> row of the pairs that gain as much as their best alternatives together, and the edges that are left.

    Some best matching has every such pair: swapping it in costs at most one other edge of either end.
    """
    of_row = _best_two([(row, gain) for row, _, gain in edges])
    of_column = _best_two([(column, gain) for _, column, gain in edges])
    chosen: dict[int, int] = {}
    settled: set[int] = set()
    for row, column, gain in edges:
        best, second = of_row[row]
        its_best, its_second = of_column[column]
        is_plain = gain == best and gain == its_best and gain >= second + its_second
        if is_plain and row not in settled and column not in chosen:
            chosen[column] = row
            settled.add(row)
    return chosen, [edge for edge in edges if edge[0] not in settled and edge[1] not in chosen]


def _best_two(gains: Iterable[tuple[int, float]]) -> dict[int, tuple[float, float]]:
    """The greatest and the second greatest gain by key; 0 where there is none."""
    found: dict[int, tuple[float, float]] = {}
    for key, gain in gains:
        best, second = found.get(key, (0.0, 0.0))
        if gain > best:
            found[key] = gain, best
        elif gain > second:
            found[key] = best, gain
    return found


_Neighbors = dict[int, list[tuple[int, float]]]


def _augment(left: list[_Edge]) -> dict[int, int]:
    """Column -> row of the best matching of the graph given by its edges, all gains > 0.

    Every row owns a private way out of cost 0 (to stay alone); an edge costs -gain. Rows enter one by one, each by
    the shortest path to a free column or to some row's way out. Offsets and prices keep reduced costs at 0 or above, as
    Dijkstra needs.
    """
    edges: _Neighbors = {}
    for row, column, gain in left:
        edges.setdefault(row, []).append((column, -gain))
    row_of: dict[int, int] = {}
    price = {column: 0.0 for _, column, _ in left}
    offset = {row: min(cost for _, cost in edges[row]) for row in edges}
    for row in edges:
        _enter(row, edges, row_of, price, offset)
    return row_of


def _enter(
    start: int, edges: _Neighbors, row_of: dict[int, int], price: dict[int, float], offset: dict[int, float]
) -> None:
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
