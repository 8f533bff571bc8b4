"""What is known of detections and tracks, in columns: the tracker's tables, row by row with its filter."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aimonitor.edge.kalman import Columns, Mask, Rows
from aimonitor.edge.types import ANIMALS, VEHICLES, Detections

Codes = npt.NDArray[np.int64]


class Vocabulary:
    """Numbers for labels, and kinds: labels that a detector takes for one another are of one kind."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._codes: dict[str, int] = {}
        self._kinds = np.zeros(0, np.int64)

    def encode(self, labels: Sequence[str]) -> Codes:
        """One code for each label; new ones are added."""
        codes = self._codes
        for label in set(labels) - codes.keys():
            self._add(label)
        return np.array([codes[label] for label in labels], np.int64)

    def kinds(self, codes: Codes) -> Codes:
        return self._kinds[codes]

    def _add(self, label: str) -> None:
        family = next((family for family in (VEHICLES, ANIMALS) if label in family), frozenset({label}))
        code = len(self.labels)
        kind = next((known for known, other in enumerate(self.labels) if other in family), code)
        self._codes[label] = code
        self._kinds = np.append(self._kinds, kind)
        self.labels.append(label)


class Seen:
    """The valid detections of one frame in heights of the image, and which of them are `taken` by a track."""

    def __init__(self, detections: Detections, to_heights: Columns, vocabulary: Vocabulary) -> None:
        edges = detections.boxes * to_heights
        sides = edges[:, 2:] - edges[:, :2]
        self.codes = vocabulary.encode(detections.labels)
        self.scores = detections.scores.astype(np.float64)
        self.boxes = np.concatenate((edges[:, :2] + sides * 0.5, sides), axis=1)
        width, height = sides[:, 0], sides[:, 1]
        valid = (width > 0) & (height > 0) & np.isfinite(width * height + self.scores)
        if not valid.all():
            self.codes, self.scores, self.boxes = self.codes[valid], self.scores[valid], self.boxes[valid]
        self.kinds = vocabulary.kinds(self.codes)
        self.taken = np.zeros(len(self.codes), np.bool_)


class TrackTable:
    """One row for each track; id 0 is one that is still to prove itself. `votes` stand behind the label's `code`."""

    def __init__(self) -> None:
        self.ids: Codes = np.zeros(0, np.int64)
        self.kinds: Codes = np.zeros(0, np.int64)
        self.codes: Codes = np.zeros(0, np.int64)
        self.votes = np.zeros(0)
        self.scores = np.zeros(0)
        self.proof = np.zeros(0)
        self.first_at = np.zeros(0)
        self.seen_at = np.zeros(0)
        self.unseen_s = np.zeros(0)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def confirmed(self) -> Mask:
        return self.ids > 0

    def see(self, rows: Rows, scores: Columns, codes: Codes, at: float) -> None:
        """A detection was found for each of `rows`. The label is the majority's (Boyer and Moore, 1981), by score."""
        self.scores[rows] = scores
        self.proof[rows] += scores
        self.seen_at[rows] = at
        self.unseen_s[rows] = 0.0
        votes = self.votes[rows] + np.where(codes == self.codes[rows], scores, -scores)
        overruled = votes < 0
        self.codes[rows] = np.where(overruled, codes, self.codes[rows])
        self.votes[rows] = np.abs(votes)

    def append(self, seen: Seen, rows: Rows, at: float) -> None:
        """Begin a track with each of the detections `rows`."""
        now, scores = np.full(len(rows), at), seen.scores[rows]
        self.ids = np.concatenate((self.ids, np.zeros(len(rows), np.int64)))
        self.kinds = np.concatenate((self.kinds, seen.kinds[rows]))
        self.codes = np.concatenate((self.codes, seen.codes[rows]))
        self.votes = np.concatenate((self.votes, scores))
        self.scores = np.concatenate((self.scores, scores))
        self.proof = np.concatenate((self.proof, scores))
        self.first_at = np.concatenate((self.first_at, now))
        self.seen_at = np.concatenate((self.seen_at, now))
        self.unseen_s = np.concatenate((self.unseen_s, now * 0.0))

    def keep(self, mask: Mask) -> None:
        """Forget every track that is not in `mask` (n,)."""
        self.ids, self.kinds, self.codes = self.ids[mask], self.kinds[mask], self.codes[mask]
        self.votes, self.scores, self.proof = self.votes[mask], self.scores[mask], self.proof[mask]
        self.first_at, self.seen_at, self.unseen_s = self.first_at[mask], self.seen_at[mask], self.unseen_s[mask]
