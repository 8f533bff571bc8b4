"""What is found in a picture, and what is followed, in columns; see the module of the same name above."""

from collections.abc import Sequence
from itertools import chain, compress, repeat
from math import isfinite

import numpy as np

from aimonitor.edge.columns.kalman import NUMBERS, Columns, Mask, Rows
from aimonitor.edge.kalman import LEAST_SIDE, Motion
from aimonitor.edge.tracks import Target, kind_of
from aimonitor.edge.types import ANIMALS, VEHICLES, Detections

_STATE = 2 * NUMBERS


class Vocabulary:
    """Numbers for labels, and kinds: labels that a detector takes for one another are of one kind."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._codes: dict[str, int] = {}
        self._codes_and_kinds = np.zeros((2, 0))
        self._last: tuple[Sequence[str], Columns] = (), self._codes_and_kinds

    def encode(self, labels: Sequence[str]) -> Columns:
        """(2, m): code and kind of each label; new ones are added."""
        if labels == self._last[0]:
            return self._last[1]
        try:
            codes = [self._codes[label] for label in labels]
        except KeyError:
            for label in sorted(set(labels) - self._codes.keys(), key=labels.index):
                self._add(label)
            return self.encode(labels)
        self._last = labels, self._codes_and_kinds.take(codes, axis=1)
        return self._last[1]

    def _add(self, label: str) -> None:
        family = next((family for family in (VEHICLES, ANIMALS) if label in family), frozenset({label}))
        code = len(self.labels)
        kind = next((known for known, other in enumerate(self.labels) if other in family), code)
        self._codes[label] = code
        self._codes_and_kinds = np.append(self._codes_and_kinds, [[code], [kind]], axis=1)
        self.labels.append(label)


class Seen:
    """Detections of one frame, m of them, all in one block of memory.

    edges:    (4, m) low x and y and minus the high ones, in heights of the image
    boxes:    (2, 2, m) center and size, x and y, the same
    features: (12, m) what a distance is made of: the box times -2, its squares, and four times 1
    """

    __slots__ = ("block", "boxes", "codes", "edges", "features", "kinds", "scores")

    def __init__(self, block: Columns) -> None:
        self.block = block
        self.edges: Columns = block[:4]
        self.boxes: Columns = block[4:8].reshape(2, 2, -1)
        self.features: Columns = block[8:20]
        self.scores: Columns = block[20]
        self.codes: Columns = block[21]
        self.kinds: Columns = block[22]

    def __len__(self) -> int:
        return int(self.block.shape[1])

    @classmethod
    def of(cls, detections: Detections, to_heights: Columns, vocabulary: Vocabulary) -> "Seen":
        """The valid ones of `detections`; `to_heights` (12, 4) makes what is linear in them of corners in fractions."""
        scores, words = detections.scores, vocabulary.encode(detections.labels)
        corners = detections.boxes.T.astype(np.float64, order="C")
        every = corners.ravel()
        if not isfinite(every.dot(every) + scores.dot(scores)):
            valid = np.isfinite(corners).all(axis=0) & np.isfinite(scores)
            corners, scores, words = corners[:, valid], scores[valid], words[:, valid]
        block = np.empty((23, len(scores)))
        np.dot(to_heights, corners, out=block[:12])
        np.square(block[4:8], out=block[12:16])
        block[16:20], block[20], block[21:] = 1.0, scores, words
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

    The first tracks are confirmed and in the order of their `ids`, and are told with their `labels`; after them come
    those that are still to prove themselves and have no id yet. `votes` stand behind the label's code; `unseen_s`
    counts only when somebody looked.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.ids: list[int] = []
        self._lay(np.zeros((_STATE + 8, 0)))

    @classmethod
    def of(cls, targets: Sequence[Target], vocabulary: Vocabulary) -> "TrackTable":
        """The same in columns; the confirmed ones come first."""
        table = cls(vocabulary)
        table.ids = [target.track_id for target in targets if target.track_id]
        block = np.empty((_STATE + 8, len(targets)))
        for column, target in enumerate(targets):
            block[:_STATE, column] = *_numbers(target.center), *_numbers(target.size)
            block[_STATE : _STATE + 4, column] = target.score, target.first_at, target.seen_at, target.unseen_s
            block[_STATE + 6 :, column] = target.votes, target.proof
        codes, kinds = vocabulary.encode([target.label for target in targets])
        block[_STATE + 4], block[_STATE + 5] = kinds, codes
        table._lay(block)
        return table

    def targets(self) -> list[Target]:
        """The same as objects."""
        targets = []
        ids = chain(self.ids, repeat(0))
        for numbers, track_id in zip(self.block.T.tolist(), ids, strict=False):
            score, first_at, seen_at, unseen_s, _, code, votes, proof = numbers[_STATE:]
            label = self._vocabulary.labels[int(code)]
            center, size = _motion(numbers[:NUMBERS]), _motion(numbers[NUMBERS:_STATE])
            told = score, label, kind_of(label), first_at, seen_at
            targets.append(Target(center, size, *told, votes, proof, unseen_s, track_id))
        return targets

    def _lay(self, block: Columns) -> None:
        self.block = block
        self.flat_state: Columns = block[:_STATE]
        self.state: Columns = block[:_STATE].reshape(2, NUMBERS, -1)
        self.told: Columns = block[_STATE : _STATE + 3]
        self.scores, self.first_at, self.seen_at = self.told
        self.unseen_s, self.kinds, self._codes, self._votes, self._proof = block[_STATE + 3 :]
        self._name()

    def _name(self) -> None:
        self.labels = [self._vocabulary.labels[int(code)] for code in self._codes[: self.known].tolist()]

    def __len__(self) -> int:
        return int(self.block.shape[1])

    @property
    def known(self) -> int:
        """How many are confirmed."""
        return len(self.ids)

    def see(self, rows: Rows | slice, scores: Columns, codes: Columns, at: float) -> None:
        """A detection was found for each of `rows`.

        The label is the majority's (Boyer and Moore, 1981), by score.
        """
        self.scores[rows] = scores
        self.seen_at[rows] = at
        self.unseen_s[rows] = 0.0
        self._proof[rows] += scores
        agrees = codes == self._codes[rows]
        if np.count_nonzero(agrees) == len(agrees):
            self._votes[rows] += scores
            return
        votes = self._votes[rows] + np.where(agrees, scores, -scores)
        self._codes[rows] = np.where(votes < 0, codes, self._codes[rows])
        self._votes[rows] = np.abs(votes)
        self._name()

    def append(self, state: Columns, seen: Seen, at: float) -> None:
        """Begin a track with each of the detections `seen`."""
        new = np.zeros((len(self.block), len(seen)))
        new[:_STATE] = state.reshape(_STATE, -1)
        self._lay(np.concatenate((self.block, new), axis=1))
        begun = slice(len(self) - len(seen), None)
        self.kinds[begun], self._codes[begun] = seen.kinds, seen.codes
        self.scores[begun] = self._votes[begun] = self._proof[begun] = seen.scores
        self.first_at[begun] = self.seen_at[begun] = at

    def confirm(self, proof: float, last_id: int) -> int:
        """Give ids after `last_id` to those who have proven themselves; returns the last id given."""
        proven = self._proof[self.known :] >= proof
        count = int(np.count_nonzero(proven))
        if count:
            order = np.argsort(~proven, kind="stable") + self.known
            self.block[:, self.known :] = self.block[:, order]
            self.ids += range(last_id + 1, last_id + 1 + count)
            self._name()
        return last_id + count

    def keep(self, alive: list[bool]) -> None:
        """Forget every track that is not `alive`."""
        self.ids = list(compress(self.ids, alive))
        self._lay(self.block.compress(alive, axis=1))


def _numbers(motion: Motion) -> tuple[float, ...]:
    """One part of a column of the state."""
    place, speed = (motion.x, motion.y), (motion.x_velocity, motion.y_velocity)
    return *place, motion.position_var, motion.covariance, *speed, motion.covariance, motion.velocity_var, 1.0


def _motion(numbers: Sequence[float]) -> Motion:
    x, y, position_var, covariance, x_velocity, y_velocity, _, velocity_var, _ = numbers
    return Motion(x, y, position_var, velocity_var, x_velocity, y_velocity, covariance)
