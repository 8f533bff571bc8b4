"""Have we seen it before: gives every object an identity that lasts as long as it can be followed.

Tracking by detection in two rounds (Zhang et al., ByteTrack, ECCV 2022): strong detections first, then the weak ones
for what is still missing, since a weak box where an object is expected is that object, half hidden. Time is real time:
every decision that others count in frames is in seconds here, because a cheap camera gives five frames a second, or
two, or none for a while. Why these numbers, and what was measured: docs/design/tracker.md.

Reading order: `tracks` (the tables), `kalman` (where things go), `camera_motion`, `affinity`, `assignment`, then this.
"""

from dataclasses import dataclass, field

import numpy as np

from aimonitor.edge.affinity import Expected, affinity, corners, iou
from aimonitor.edge.assignment import match
from aimonitor.edge.camera_motion import camera_shift
from aimonitor.edge.kalman import BoxFilter, Mask, MotionModel, Rows
from aimonitor.edge.tracks import Seen, TrackTable, Vocabulary
from aimonitor.edge.types import Box, Detections, Point, Track


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Scores and overlaps (IoU) are 0..1.

    strong, weak: least score for the first and the second round; a new track needs a strong detection
    agreement:    least affinity of a pair in the first round, which is IoU plus, for a confirmed
                  track, up to `nearness` for being close
    weak_overlap: least IoU of a pair in the second round
    proof:        sum of scores that confirms a track: one sure detection, or two doubtful ones
    lost_s:       how long a track can be missing in pictures that were looked at; `exit_s` when it has left the
                  picture, `tentative_s` before it is confirmed
    shown_s:      how long of that it is reported, coasting
    glance_s:     how much missing one look can add after a time in which nobody looked
    twin_overlap: IoU above which a second detection of the same kind is the same object
    """

    strong: float = 0.4
    weak: float = 0.1
    agreement: float = 0.1
    nearness: float = 0.3
    weak_overlap: float = 0.4
    proof: float = 0.7
    lost_s: float = 2.0
    exit_s: float = 0.4
    tentative_s: float = 0.3
    shown_s: float = 0.6
    glance_s: float = 0.5
    twin_overlap: float = 0.8
    motion: MotionModel = field(default_factory=MotionModel)


class Tracker:
    """Follows the objects of one camera. Not thread-safe; owned by the camera's analyzing thread."""

    def __init__(self, settings: TrackerSettings | None = None, *, aspect: float = 4 / 3, after_id: int = 0) -> None:
        """`aspect` is width / height of the picture: it makes lengths in x and in y comparable.

        `after_id` is the last id that a tracker before this one gave, so that none is given again.
        """
        if not 0.1 <= aspect <= 10:
            raise ValueError(f"expected an aspect (width / height) of 0.1 to 10, got {aspect}")
        self._settings = settings or TrackerSettings()
        self._to_heights = np.array([aspect, 1.0, aspect, 1.0])
        self._vocabulary = Vocabulary()
        self._filter = BoxFilter(self._settings.motion)
        self._table = TrackTable()
        self._last_id = after_id
        self._at: float | None = None
        self._looked_at = 0.0

    def update(self, detections: Detections | None, at: float) -> list[Track]:
        """Follow on to monotonic time `at`; return every confirmed track that is seen or expected, by id.

        None means that nobody looked, which is no evidence of absence: tracks are kept and come back `coasting`, like
        those that a detection was missing for. Detections that are not finite or have no area are no evidence either.
        Raises ValueError when time runs backwards.
        """
        dt = self._advance(at)
        if detections is None:
            self._filter.rest(dt)
        else:
            self._filter.predict(dt)
            self._table.unseen_s += max(dt, min(at - self._looked_at, self._settings.glance_s))
            self._looked_at = at
            self._look(Seen(detections, self._to_heights, self._vocabulary), at)
            self._forget()
        return self._report(at)

    def _advance(self, at: float) -> float:
        if self._at is None:
            self._at = self._looked_at = at
        if not at >= self._at:
            raise ValueError(f"time passes forwards: expected at >= {self._at}, got {at}")
        dt, self._at = at - self._at, at
        return dt

    def _look(self, seen: Seen, at: float) -> None:
        limits, table = self._settings, self._table
        fresh = table.confirmed & (table.unseen_s <= limits.shown_s)
        strong = (seen.scores >= limits.strong).nonzero()[0]
        if len(table) and len(strong):
            self._first_round(seen, strong, fresh, at)
        weak = ((seen.scores >= limits.weak) & (seen.scores < limits.strong)).nonzero()[0]
        if len(weak):
            self._second_round(seen, weak, (fresh & (table.unseen_s > 0)).nonzero()[0], at)
        self._begin(seen, at)
        self._confirm()

    def _first_round(self, seen: Seen, strong: Rows, fresh: Mask, at: float) -> None:
        """Every track and the strong detections, after the camera's own motion is taken out."""
        table, limits, boxes = self._table, self._settings, seen.boxes[strong]
        self._filter.box[:, :2] += camera_shift(self._filter.box[fresh], boxes)
        expected = Expected(self._filter.box, self._filter.spread())
        nearness = np.where(table.confirmed, limits.nearness, 0.0)
        gain = affinity(expected, boxes, nearness)
        gain -= limits.agreement
        if len(self._vocabulary.labels) > 1:
            gain *= table.kinds[:, None] == seen.kinds[strong]
        pairs = match(gain)
        self._join(pairs.rows, strong[pairs.columns], seen, at)

    def _second_round(self, seen: Seen, weak: Rows, missing: Rows, at: float) -> None:
        overlap = iou(corners(self._filter.box[missing]), corners(seen.boxes[weak]))
        same_kind = self._table.kinds[missing][:, None] == seen.kinds[weak]
        pairs = match((overlap - self._settings.weak_overlap) * same_kind)
        self._join(missing[pairs.rows], weak[pairs.columns], seen, at)

    def _join(self, rows: Rows, found: Rows, seen: Seen, at: float) -> None:
        """Give each of the tracks `rows` its detection of `found`."""
        scores = seen.scores[found]
        self._filter.correct(rows, seen.boxes[found], 0.25 + scores)
        self._table.see(rows, scores, seen.codes[found], at)
        seen.taken[found] = True

    def _begin(self, seen: Seen, at: float) -> None:
        """Start tracks from strong detections that are nobody's, and no twin of one that is somebody's or stronger."""
        free = (~seen.taken & (seen.scores >= self._settings.strong)).nonzero()[0]
        if not len(free):
            return
        free = free[np.argsort(-seen.scores[free], kind="stable")]
        rivals = np.concatenate((seen.taken.nonzero()[0], free))
        overlap = iou(corners(seen.boxes[free]), corners(seen.boxes[rivals]))
        overlap *= seen.kinds[free][:, None] == seen.kinds[rivals]
        earlier = np.tril(overlap, len(rivals) - len(free) - 1)
        free = free[(earlier <= self._settings.twin_overlap).all(axis=1)]
        self._filter.append(seen.boxes[free])
        self._table.append(seen, free, at)

    def _confirm(self) -> None:
        table = self._table
        proven = ((table.proof >= self._settings.proof) & ~table.confirmed).nonzero()[0]
        if not len(proven):
            return
        table.ids[proven] = self._last_id + 1 + np.arange(len(proven))
        self._last_id += len(proven)

    def _forget(self) -> None:
        limits, table, (x, y) = self._settings, self._table, self._filter.box.T[:2]
        if not table.unseen_s.any():
            return
        inside = (x > 0) & (x < self._to_heights[0]) & (y > 0) & (y < 1)
        patience = np.where(inside, limits.lost_s, limits.exit_s)
        alive = table.unseen_s <= np.where(table.confirmed, patience, limits.tentative_s)
        if not alive.all():
            self._filter.keep(alive)
            table.keep(alive)

    def _report(self, at: float) -> list[Track]:
        table, labels = self._table, self._vocabulary.labels
        edges = corners(self._filter.box) / self._to_heights
        np.maximum(edges, 0.0, out=edges)
        np.minimum(edges, 1.0, out=edges)
        in_picture = (edges[:, 2] > edges[:, 0]) & (edges[:, 3] > edges[:, 1])
        rows = (in_picture & table.confirmed & (table.unseen_s <= self._settings.shown_s)).nonzero()[0]
        rows = rows[np.argsort(table.ids[rows])]
        velocities = self._filter.velocity[rows, :2] / self._to_heights[:2]
        return [
            Track(track_id, labels[code], score, Box(*box), Point(*velocity), first_at, seen_at, seen_at != at)
            for track_id, code, score, box, velocity, first_at, seen_at in zip(
                table.ids[rows].tolist(),
                table.codes[rows].tolist(),
                table.scores[rows].tolist(),
                edges[rows].tolist(),
                velocities.tolist(),
                table.first_at[rows].tolist(),
                table.seen_at[rows].tolist(),
                strict=True,
            )
        ]
