"""Who belongs to whom: the exact maximum-weight matching of a sparse bipartite graph.

In a picture nearly every track has one candidate; only where people overlap is there a choice, and mostly a plain one.
So pairs that gain more than all else at both their ends are taken at once, and what is left is solved by shortest
augmenting paths with potentials (Jonker and Volgenant, Computing 38, 1987; in the form of Edmonds and Karp, JACM 19,
1972) over the sparse graph.
"""

from heapq import heappop, heappush
from math import inf

Edge = tuple[int, int, float]
"""A pair that is possible: row, column, and what it gains, above 0."""


Pair = tuple[int, int]
"""Row and column."""


def match(edges: list[Edge]) -> list[Pair]:
    """Choose pairs so that the sum of their gains is greatest, no row or column twice; in any order.

    Each possible pair is there once. Neither rows nor columns must be matched. Ties go to the lower row.
    """
    of_row = [0.0] * (max([row for row, _, _ in edges], default=-1) + 1)
    of_column = [0.0] * (max([column for _, column, _ in edges], default=-1) + 1)
    for row, column, gain in edges:
        of_row[row] += gain
        of_column[column] += gain
    # Some best matching has every pair that gains more than all else at both ends, for swapping it in costs at most one
    # other edge of either. No two such pairs share an end.
    sure = [(row, column) for row, column, gain in edges if 3.0 * gain > of_row[row] + of_column[column]]
    if len(sure) == len(edges):
        return sure
    for row, column in sure:
        of_row[row] = of_column[column] = 0.0
    left = [edge for edge in edges if of_row[edge[0]] and of_column[edge[1]]]
    if left:
        sure += [(row, column) for (row, column, _), chosen in zip(left, augment(left), strict=True) if chosen]
    return sure


_Neighbors = dict[int, list[tuple[int, float]]]


def augment(left: list[Edge]) -> list[bool]:
    """Which of the edges of a graph are in its best matching.

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
    return [row_of.get(column) == row for row, column, _ in left]


def _enter(
    start: int, edges: _Neighbors, row_of: dict[int, int], price: dict[int, float], offset: dict[int, float]
) -> None:
    """Bring row `start` into the matching along the cheapest alternating path; see `augment`."""
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
