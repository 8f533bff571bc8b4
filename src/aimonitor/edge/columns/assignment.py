"""The best matching, of edges in columns; see the module of the same name above."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aimonitor.edge.assignment import augment

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
    chosen = 3.0 * gain > np.bincount(rows, gain).take(rows) + np.bincount(columns, gain).take(columns)
    if np.count_nonzero(chosen) == len(chosen):
        return Pairs(rows, columns)
    settled = np.bincount(rows, chosen).take(rows) + np.bincount(columns, chosen).take(columns)
    left = (settled == 0.0).nonzero()[0]
    if len(left):
        chosen[left] = augment(list(zip(*(part.take(left).tolist() for part in edges), strict=True)))
    taken = chosen.nonzero()[0]
    return Pairs(rows.take(taken), columns.take(taken))
