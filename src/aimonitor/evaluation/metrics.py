"""MOTA, IDF1 and HOTA by their reference definitions.

MOTA: Bernardin and Stiefelhagen, Evaluating Multiple Object Tracking Performance, EURASIP J. Image Video Proc., 2008.
IDF1: Ristani et al., Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking, ECCVW 2016.
HOTA: Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking, IJCV 129, 2021.

Ties and matching follow TrackEval, the reference implementation of the last: counts are summed over sequences, and
HOTA's association terms are weighted by true positives, before any ratio is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aimonitor.edge.columns.affinity import iou
from aimonitor.edge.columns.assignment import Floats, match

ALPHAS: Floats = np.arange(0.05, 0.99, 0.05)
"""The 19 thresholds of IoU that HOTA averages over."""

_SAME = 0.5
"""IoU from which MOTA and IDF1 call two boxes the same."""

_ROUNDING = np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of one frame: `ids` (n,) whole numbers, no id twice; `corners` (n, 4) x1 y1 x2 y2 with area."""

    ids: npt.NDArray[np.int64]
    corners: Floats


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one or more sequences. Arrays have one entry for each of ALPHAS."""

    truths: int
    found: int
    misses: int
    false_positives: int
    switches: int
    identity_hits: int
    hits: Floats
    association: Floats

    @property
    def mota(self) -> float:
        """1 minus misses, false positives and identity switches per true box; can be negative."""
        return 1.0 - (self.misses + self.false_positives + self.switches) / max(1, self.truths)

    @property
    def idf1(self) -> float:
        """Share of boxes, true and found, that lie on the one best pairing of identities."""
        return 2.0 * self.identity_hits / max(1, self.truths + self.found)

    @property
    def hota(self) -> float:
        """Geometric mean of detection and association accuracy, averaged over ALPHAS."""
        return float(np.sqrt(self._detection() * self._association()).mean())

    @property
    def deta(self) -> float:
        return float(self._detection().mean())

    @property
    def assa(self) -> float:
        return float(self._association().mean())

    def _detection(self) -> Floats:
        return self.hits / np.maximum(1.0, self.truths + self.found - self.hits)

    def _association(self) -> Floats:
        return self.association / np.maximum(1.0, self.hits)


def combine(tallies: Iterable[Tally]) -> Tally:
    """The tally of all sequences together (at least one)."""
    parts = list(tallies)
    return Tally(
        sum(part.truths for part in parts),
        sum(part.found for part in parts),
        sum(part.misses for part in parts),
        sum(part.false_positives for part in parts),
        sum(part.switches for part in parts),
        sum(part.identity_hits for part in parts),
        np.sum([part.hits for part in parts], axis=0),
        np.sum([part.association for part in parts], axis=0),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame with ids counted from 0: rows of `similarity` are true boxes, columns are found ones."""

    true_ids: npt.NDArray[np.intp]
    found_ids: npt.NDArray[np.intp]
    similarity: Floats


def tally(truth: Sequence[Boxes], found: Sequence[Boxes]) -> Tally:
    """Compare one sequence, frame by frame. Raises ValueError when the lengths differ."""
    if len(truth) != len(found):
        raise ValueError(f"expected as many frames found as true ({len(truth)}), got {len(found)}")
    true_ids, n_true = _from_zero(truth)
    found_ids, n_found = _from_zero(found)
    frames = [
        _Frame(t_ids, f_ids, iou(t.corners, f.corners))
        for t, f, t_ids, f_ids in zip(truth, found, true_ids, found_ids, strict=True)
    ]
    misses, false_positives, switches = _clear(frames, n_true)
    hits, association = _higher_order(frames, n_true, n_found)
    return Tally(
        sum(len(ids) for ids in true_ids),
        sum(len(ids) for ids in found_ids),
        misses,
        false_positives,
        switches,
        _identity_hits(frames, n_true, n_found),
        hits,
        association,
    )


def _from_zero(sequence: Sequence[Boxes]) -> tuple[list[npt.NDArray[np.intp]], int]:
    """Ids of each frame renumbered 0, 1, ..., and how many there are."""
    every = np.concatenate([boxes.ids for boxes in sequence]) if sequence else np.zeros(0, np.int64)
    known, numbers = np.unique(every, return_inverse=True)
    ends = np.cumsum([len(boxes.ids) for boxes in sequence])
    return np.split(numbers.astype(np.intp), ends[:-1]), len(known)


def _clear(frames: Sequence[_Frame], n_true: int) -> tuple[int, int, int]:
    """Misses, false positives, switches. A pair of the last frame is kept while its boxes still overlap enough."""
    misses = false_positives = switches = 0
    last_frame = np.full(n_true, -1)
    last_known = np.full(n_true, -1)
    for frame in frames:
        continued = frame.found_ids[None, :] == last_frame[frame.true_ids][:, None]
        good = frame.similarity >= _SAME - _ROUNDING
        pairs = match(np.where(good, 1000.0 * continued + frame.similarity, 0.0))
        true_ids, found_ids = frame.true_ids[pairs.rows], frame.found_ids[pairs.columns]
        before = last_known[true_ids]
        switches += int(np.count_nonzero((before >= 0) & (before != found_ids)))
        last_known[true_ids] = found_ids
        last_frame[:] = -1
        last_frame[true_ids] = found_ids
        misses += len(frame.true_ids) - len(true_ids)
        false_positives += len(frame.found_ids) - len(found_ids)
    return misses, false_positives, switches


def _identity_hits(frames: Sequence[_Frame], n_true: int, n_found: int) -> int:
    """Boxes on the one-to-one pairing of whole identities that has most of them."""
    together = np.zeros((n_true, n_found))
    for frame in frames:
        rows, columns = np.nonzero(frame.similarity >= _SAME)
        np.add.at(together, (frame.true_ids[rows], frame.found_ids[columns]), 1.0)
    pairs = match(together)
    return int(together[pairs.rows, pairs.columns].sum())


def _higher_order(frames: Sequence[_Frame], n_true: int, n_found: int) -> tuple[Floats, Floats]:
    """HOTA's true positives and the sum over them of association accuracy, for each of ALPHAS."""
    true_count, found_count = np.zeros(n_true), np.zeros(n_found)
    together = np.zeros((n_true, n_found))
    for frame in frames:
        true_count[frame.true_ids] += 1
        found_count[frame.found_ids] += 1
        rivals = frame.similarity.sum(0)[None, :] + frame.similarity.sum(1)[:, None] - frame.similarity
        share = np.divide(frame.similarity, rivals, out=np.zeros_like(rivals), where=rivals > _ROUNDING)
        together[np.ix_(frame.true_ids, frame.found_ids)] += share
    either = true_count[:, None] + found_count[None, :]
    alignment = together / np.maximum(_ROUNDING, either - together)
    matched = np.zeros((len(ALPHAS), n_true, n_found))
    for frame in frames:
        pairs = match(alignment[np.ix_(frame.true_ids, frame.found_ids)] * frame.similarity)
        similarity = frame.similarity[pairs.rows, pairs.columns]
        good = similarity[None, :] >= ALPHAS[:, None] - _ROUNDING
        matched[:, frame.true_ids[pairs.rows], frame.found_ids[pairs.columns]] += good
    accuracy = matched / np.maximum(1.0, either[None] - matched)
    return matched.sum(axis=(1, 2)), (matched * accuracy).sum(axis=(1, 2))
