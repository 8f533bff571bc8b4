"""What is known of detections and tracks, in columns: the tracker's tables."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aimonitor.edge.kalman import LEAST_SIDE, NUMBERS, Columns, Mask, Rows
from aimonitor.edge.types import ANIMALS, VEHICLES, Detections

Codes = npt.NDArray[np.intp]

_STATE = 2 * NUMBERS


class Vocabulary:
    """Numbers for labels, and kinds: labels that a detector takes for one another are of one kind."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._codes: dict[str, int] = {}
        self._kinds = np.zeros(0)
        self._last: tuple[Sequence[str], Codes] = (), np.zeros(0, np.intp)

    def encode(self, labels: Sequence[str]) -> Codes:
        """One code for each label; new ones are added."""
        if labels == self._last[0]:
            return self._last[1]
        try:
            found = np.array([self._codes[label] for label in labels], np.intp)
        except KeyError:
            for label in sorted(set(labels) - self._codes.keys(), key=labels.index):
                self._add(label)
            return self.encode(labels)
        self._last = labels, found
        return found

    def kinds(self, codes: Codes) -> Columns:
        return self._kinds[codes]

    def _add(self, label: str) -> None:
        family = next((family for family in (VEHICLES, ANIMALS) if label in family), frozenset({label}))
        code = len(self.labels)
        kind = next((known for known, other in enumerate(self.labels) if other in family), code)
        self._codes[label] = code
        self._kinds = np.append(self._kinds, kind)
        self.labels.append(label)


class Seen:
    """Detections of one frame, m of them, all in one block of memory.

    edges:    (2, 2, m) low and high, x and y, in heights of the image
    boxes:    (2, 2, m) center and size, x and y, the same
    features: (9, m) what a distance is made of: the box, its squares, and a 1
    """

    __slots__ = ("block", "boxes", "codes", "edges", "features", "kinds", "scores")

    def __init__(self, block: Columns) -> None:
        self.block = block
        self.edges: Columns = block[:4].reshape(2, 2, -1)
        self.boxes: Columns = block[4:8].reshape(2, 2, -1)
        self.features: Columns = block[4:13]
        self.scores: Columns = block[13]
        self.codes: Columns = block[14]
        self.kinds: Columns = block[15]

    def __len__(self) -> int:
        return int(self.block.shape[1])

    @classmethod
    def of(cls, detections: Detections, to_heights: Columns, vocabulary: Vocabulary) -> "Seen":
        """The valid ones of `detections`; `to_heights` (8, 4) makes edges and boxes of corners in fractions."""
        scores, codes = detections.scores, vocabulary.encode(detections.labels)
        corners = detections.boxes.T.astype(np.float64, order="C")
        is_number = np.isfinite(corners)
        if np.count_nonzero(is_number) < is_number.size or np.count_nonzero(np.isfinite(scores)) < len(scores):
            valid = is_number.all(axis=0) & np.isfinite(scores)
            corners, scores, codes = corners[:, valid], scores[valid], codes[valid]
        block = np.empty((16, len(scores)))
        np.dot(to_heights, corners, out=block[:8])
        np.square(block[4:8], out=block[8:12])
        block[12] = 1.0
        block[13], block[14], block[15] = scores, codes, vocabulary.kinds(codes)
        has_area = block[6:8] >= LEAST_SIDE
        if np.count_nonzero(has_area) < has_area.size:
            block = block[:, has_area.all(axis=0)]
        return cls(block)

    def where(self, mask: Mask) -> "Seen":
        """Those in `mask` (m,)."""
        return self if np.count_nonzero(mask) == len(mask) else self.take(mask.nonzero()[0])

    def take(self, rows: Rows) -> "Seen":
        """Those of `rows`, in that order."""
        return Seen(self.block.take(rows, axis=1))

    def without(self, rows: Rows) -> "Seen":
        """All but `rows`."""
        return Seen(np.delete(self.block, rows, axis=1))

    @classmethod
    def all_of(cls, several: Sequence["Seen"]) -> "Seen":
        """One after the other."""
        return cls(np.concatenate([some.block for some in several], axis=1))


class TrackTable:
    """One column for each track, all in one block of memory; `state` (2, 9, n) is the filter's.

    The first `known` tracks are confirmed and in the order of their ids; after them come those that are still to prove
    themselves and have no id yet. `votes` stand behind the label's `code`; `unseen_s` counts only when somebody looked.
    """

    def __init__(self, block: Columns | None = None) -> None:
        self.known = 0
        self._lay(np.zeros((_STATE + 9, 0)) if block is None else block)

    def _lay(self, block: Columns) -> None:
        self.block = block
        self.flat_state: Columns = block[:_STATE]
        self.state: Columns = block[:_STATE].reshape(2, NUMBERS, -1)
        self.told: Columns = block[_STATE : _STATE + 5]
        self.ids, self.codes, self.scores, self.first_at, self.seen_at = self.told
        self.unseen_s, self.kinds, self.votes, self.proof = block[_STATE + 5 :]

    def __len__(self) -> int:
        return int(self.block.shape[1])

    def take(self, rows: Rows) -> "TrackTable":
        """A copy of `rows`, ascending; the table itself where that is all of it. `put` brings it back."""
        if len(rows) == len(self):
            return self
        return TrackTable(self.block.take(rows, axis=1))

    def put(self, rows: Rows, some: "TrackTable") -> None:
        """What was taken becomes what is known."""
        if some is not self:
            self.block[:, rows] = some.block

    def see(self, scores: Columns, codes: Columns, at: float) -> None:
        """A detection was found for every track.

        The label is the majority's (Boyer and Moore, 1981), by score.
        """
        self.scores[:] = scores
        self.proof += scores
        self.seen_at[:] = at
        self.unseen_s[:] = 0.0
        agrees = codes == self.codes
        if np.count_nonzero(agrees) == len(agrees):
            self.votes += scores
            return
        self.votes += np.where(agrees, scores, -scores)
        np.copyto(self.codes, codes, where=self.votes < 0)
        np.abs(self.votes, out=self.votes)

    def append(self, state: Columns, seen: Seen, at: float) -> None:
        """Begin a track with each of the detections `seen`."""
        new = np.zeros((len(self.block), len(seen)))
        new[:_STATE] = state.reshape(_STATE, -1)
        self._lay(np.concatenate((self.block, new), axis=1))
        begun = slice(len(self) - len(seen), None)
        self.kinds[begun], self.codes[begun] = seen.kinds, seen.codes
        self.scores[begun] = self.votes[begun] = self.proof[begun] = seen.scores
        self.first_at[begun] = self.seen_at[begun] = at

    def confirm(self, proof: float, last_id: int) -> int:
        """Give ids after `last_id` to those who have proven themselves; returns the last id given."""
        waiting = slice(self.known, None)
        proven = self.proof[waiting] >= proof
        count = int(np.count_nonzero(proven))
        if count:
            order = np.argsort(~proven, kind="stable") + self.known
            self.block[:, waiting] = self.block[:, order]
            self.ids[self.known : self.known + count] = last_id + 1 + np.arange(count)
            self.known += count
        return last_id + count

    def keep(self, mask: Mask) -> None:
        """Forget every track that is not in `mask` (n,)."""
        self.known = int(np.count_nonzero(mask[: self.known]))
        self._lay(self.block[:, mask])
