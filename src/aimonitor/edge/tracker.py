"""Have we seen it before: gives every object an identity that lasts as long as it can be followed.

Tracking by detection in two rounds (Zhang et al., ByteTrack, ECCV 2022): strong detections first, then the weak ones
for what is still missing, since a weak box where an object is expected is that object, half hidden. Time is real time:
every decision that others count in frames is in seconds here, because a cheap camera gives five frames a second, or
two, or none for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from aimonitor.edge.assignment import iou, match
from aimonitor.edge.kalman import BoxFilter, Columns, Mask, MotionModel, Rows
from aimonitor.edge.types import ANIMALS, VEHICLES, Box, Detections, Point, Track

Kinds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Scores are 0..1, overlaps IoU 0..1, times seconds. The plateau around each value is in docs/design/tracker.md."""

    strong: float = 0.4
    weak: float = 0.1
    birth: float = 0.4
    overlap: float = 0.15
    weak_overlap: float = 0.4
    proof: float = 0.9
    lost_s: float = 2.0
    shown_s: float = 0.6
    tentative_s: float = 0.3
    exit_s: float = 0.4
    twin_overlap: float = 0.8
    glance_s: float = 0.5
    motion: MotionModel = field(default_factory=MotionModel)


class Tracker:
    """Follows the objects of one camera. Not thread-safe; owned by the camera's analyzing thread."""

    def __init__(self, settings: TrackerSettings | None = None, *, aspect: float = 4 / 3) -> None:
        """`aspect` is width / height of the picture: it makes lengths in x and in y comparable."""
        if not 0.1 <= aspect <= 10:
            raise ValueError(f"expected an aspect (width / height) of 0.1 to 10, got {aspect}")
        self._settings = settings or TrackerSettings()
        self._to_heights = np.array([aspect, 1.0, aspect, 1.0])
        self._filter = BoxFilter(self._settings.motion)
        self._book = _Book()
        self._kinds = _Kinds()
        self._last_id = 0
        self._at: float | None = None
        self._looked_at = 0.0

    def update(self, detections: Detections | None, at: float) -> list[Track]:
        """Follow on to monotonic time `at`; return every confirmed track that is seen or expected, by id.

        None means that nobody looked, which is no evidence of absence: tracks are kept and come back `coasting`, like
        those that a detection was missing for. Detections that are not finite or have no area are no evidence either.
        Raises ValueError when time runs backwards.
        """
        dt = self._advance(at)
        self._filter.predict(dt)
        if detections is not None:
            blind_s = max(dt, min(at - self._looked_at, self._settings.glance_s))
            self._looked_at = at
            self._book.unseen_s += blind_s
            self._look(_Seen.of(detections, self._to_heights, self._kinds), at)
            self._forget()
        return self._report(at)

    def _advance(self, at: float) -> float:
        previous = at if self._at is None else self._at
        if not at >= previous:
            raise ValueError(f"time passes forwards: expected at >= {previous}, got {at}")
        if self._at is None:
            self._looked_at = at
        self._at = at
        return at - previous

    def _look(self, seen: "_Seen", at: float) -> None:
        limits = self._settings
        strong, weak = seen.scores >= limits.strong, (seen.scores >= limits.weak) & (seen.scores < limits.strong)
        everyone = np.arange(len(self._book))
        rows = self._join(everyone, seen, np.flatnonzero(strong), limits.overlap, at)
        missing = np.setdiff1d(everyone[self._book.confirmed & (self._book.unseen_s < limits.shown_s)], rows)
        self._join(missing, seen, np.flatnonzero(weak), limits.weak_overlap, at)
        self._begin(seen, at)

    def _join(self, rows: Rows, seen: "_Seen", candidates: Rows, least: float, at: float) -> Rows:
        """Match tracks `rows` with detections `candidates`; return the rows that found one."""
        if not len(rows) or not len(candidates):
            return rows[:0]
        overlap = iou(_corners(self._filter.box[rows]), seen.corners[candidates])
        same_kind = self._book.kinds[rows][:, None] == seen.kinds[candidates]
        pairs = match(np.where(same_kind, overlap - least, 0.0))
        rows, columns = rows[pairs.rows], candidates[pairs.columns]
        scores = seen.scores[columns]
        self._filter.correct(rows, seen.boxes[columns], 0.25 + scores)
        self._book.see(rows, scores, [seen.labels[i] for i in columns], at)
        seen.taken[columns] = True
        self._promote(self._book.proof >= self._settings.proof)
        return rows

    def _begin(self, seen: "_Seen", at: float) -> None:
        """Start tentative tracks from strong detections that are nobody's and no double of one that is somebody's."""
        free = np.flatnonzero(~seen.taken & (seen.scores >= self._settings.birth))
        if not len(free):
            return
        free = free[np.argsort(-seen.scores[free], kind="stable")]
        rivals = np.concatenate((np.flatnonzero(seen.taken), free))
        same_kind = seen.kinds[free][:, None] == seen.kinds[rivals]
        overlap = np.tril(iou(seen.corners[free], seen.corners[rivals]) * same_kind, len(rivals) - len(free) - 1)
        twin = (overlap > self._settings.twin_overlap).any(axis=1)
        free = free[~twin]
        self._filter.append(seen.boxes[free])
        self._book.append([seen.labels[i] for i in free], seen.kinds[free], seen.scores[free], at)
        self._promote(self._book.proof >= self._settings.proof)

    def _promote(self, proven: Mask) -> None:
        for row in np.flatnonzero(proven & ~self._book.confirmed):
            self._last_id += 1
            self._book.ids[row] = self._last_id

    def _forget(self) -> None:
        limits, book = self._settings, self._book
        inside = np.all((self._filter.box[:, :2] > 0) & (self._filter.box[:, :2] < self._to_heights[:2]), axis=1)
        patience = np.where(inside, limits.lost_s, limits.exit_s)
        patience = np.where(book.confirmed, patience, limits.tentative_s)
        alive = book.unseen_s <= patience
        if not alive.all():
            self._filter.keep(alive)
            book.keep(alive)

    def _report(self, at: float) -> list[Track]:
        book = self._book
        rows = np.flatnonzero(book.confirmed & (book.unseen_s <= self._settings.shown_s))
        corners = np.clip(_corners(self._filter.box[rows]) / self._to_heights, 0.0, 1.0)
        solid = np.all(corners[:, 2:] > corners[:, :2], axis=1)
        rows, corners = rows[solid], corners[solid]
        velocity = self._filter.velocity[rows, :2] / self._to_heights[:2]
        tracks = [
            Track(track_id, book.labels[row], score, Box(*box), Point(*speed), first_at, seen_at, seen_at != at)
            for row, track_id, score, box, speed, first_at, seen_at in zip(
                rows.tolist(),
                book.ids[rows].tolist(),
                book.scores[rows].tolist(),
                corners.tolist(),
                velocity.tolist(),
                book.first_at[rows].tolist(),
                book.seen_at[rows].tolist(),
                strict=True,
            )
        ]
        tracks.sort(key=lambda track: track.track_id)
        return tracks


class _Seen:
    """The valid detections of one frame, in heights of the image, and which of them a track has taken."""

    def __init__(self, corners: Columns, scores: Columns, labels: Sequence[str], kinds: Kinds) -> None:
        self.corners, self.scores, self.labels = corners, scores, labels
        self.boxes = np.concatenate(((corners[:, :2] + corners[:, 2:]) / 2.0, corners[:, 2:] - corners[:, :2]), axis=1)
        self.kinds = kinds
        self.taken = np.zeros(len(labels), np.bool_)

    @classmethod
    def of(cls, detections: Detections, to_heights: Columns, kinds: "_Kinds") -> "_Seen":
        boxes, scores = detections.boxes, detections.scores
        solid = np.isfinite(boxes).all(axis=1) & np.isfinite(scores) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        labels: Sequence[str] = detections.labels
        if not solid.all():
            boxes, scores = boxes[solid], scores[solid]
            labels = [label for label, valid in zip(labels, solid, strict=True) if valid]
        return cls(boxes * to_heights, scores.astype(np.float64), labels, kinds.of(labels))


class _Book:
    """What is known of each track besides its motion, in columns; row i is row i of the filter. Id 0 is tentative."""

    def __init__(self) -> None:
        self.ids: Kinds = np.zeros(0, np.int64)
        self.kinds: Kinds = np.zeros(0, np.int64)
        self.labels: list[str] = []
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

    def see(self, rows: Rows, scores: Columns, labels: Sequence[str], at: float) -> None:
        """A detection was found for each of `rows`. The label is the majority's (Boyer and Moore, 1981), by score."""
        self.scores[rows] = scores
        self.proof[rows] += scores
        self.seen_at[rows] = at
        self.unseen_s[rows] = 0.0
        for row, label, score in zip(rows.tolist(), labels, scores.tolist(), strict=True):
            agrees = label == self.labels[row]
            self.votes[row] += score if agrees else -score
            if self.votes[row] < 0:
                self.labels[row], self.votes[row] = label, score

    def append(self, labels: Sequence[str], kinds: Kinds, scores: Columns, at: float) -> None:
        n = len(labels)
        self.ids = np.concatenate((self.ids, np.zeros(n, np.int64)))
        self.kinds = np.concatenate((self.kinds, kinds))
        self.labels += labels
        self.votes = np.concatenate((self.votes, scores))
        self.scores = np.concatenate((self.scores, scores))
        self.proof = np.concatenate((self.proof, scores))
        self.first_at = np.concatenate((self.first_at, np.full(n, at)))
        self.seen_at = np.concatenate((self.seen_at, np.full(n, at)))
        self.unseen_s = np.concatenate((self.unseen_s, np.zeros(n)))

    def keep(self, mask: Mask) -> None:
        self.ids, self.kinds, self.votes, self.scores = (
            self.ids[mask], self.kinds[mask], self.votes[mask], self.scores[mask]
        )  # fmt: skip
        self.proof, self.first_at, self.seen_at, self.unseen_s = (
            self.proof[mask], self.first_at[mask], self.seen_at[mask], self.unseen_s[mask]
        )  # fmt: skip
        self.labels = [label for label, kept in zip(self.labels, mask.tolist(), strict=True) if kept]


class _Kinds:
    """Numbers for labels: those that a detector takes for one another share one, any other label has its own."""

    def __init__(self) -> None:
        self._numbers = {label: kind for kind, labels in enumerate((VEHICLES, ANIMALS)) for label in labels}

    def of(self, labels: Sequence[str]) -> Kinds:
        numbers = self._numbers
        return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)


def _corners(boxes: Columns) -> Columns:
    """Center and size to corners."""
    half = boxes[:, 2:] / 2.0
    return np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), axis=1)
