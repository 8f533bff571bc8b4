"""Have we seen it before: gives every object an identity that lasts as long as it can be followed.

Tracking by detection in two rounds (Zhang et al., ByteTrack, ECCV 2022): strong detections first, then the weak ones
for what is still missing, since a weak box where an object is expected is that object, half hidden. Time is real time:
every decision that others count in frames is in seconds here, because a cheap camera gives five frames a second, or
two, or none for a while. Why these numbers, and what was measured: docs/design/tracker.md.

Reading order: `tracks` (the tables), `kalman` (where things go), `camera_motion`, `affinity`, `assignment`, then this.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import TypeVar

import numpy as np

from aimonitor.edge.affinity import Expected, affinity, overlaps
from aimonitor.edge.assignment import Edges, Pairs, match, match_edges
from aimonitor.edge.camera_motion import camera_shift
from aimonitor.edge.kalman import OUTWARD, TO_EDGES, VELOCITIES, BoxFilter, Columns, MotionModel, Rows, boxes, edges
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
        self._aspect = aspect
        self._to_heights, self._to_picture = _to_heights(aspect), _to_picture(aspect)
        self._vocabulary = Vocabulary()
        self._filter = BoxFilter(self._settings.motion)
        self._table = TrackTable(self._vocabulary.labels)
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
            self._filter.rest(self._table.state, dt)
        else:
            self._filter.predict(self._table.state, dt)
            self._table.unseen_s += max(dt, min(at - self._looked_at, self._settings.glance_s))
            self._looked_at = at
            self._look(Seen.of(detections, self._to_heights, self._vocabulary), at)
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
        fresh = (table.unseen_s[: table.known] <= limits.shown_s).nonzero()[0]
        is_strong = seen.scores >= limits.strong
        strong = seen.where(is_strong)
        first = self._first_round(strong, fresh, at) if len(table) and len(strong) else _NOBODY
        taken = [(strong, first)]
        if len(strong) < len(seen):
            weak = seen.where(~is_strong & (seen.scores >= limits.weak))
            taken.append((weak, self._second_round(weak, fresh, at)))
        if len(first.columns) < len(strong):
            self._begin(strong.without(first.columns), [some.take(pairs.columns) for some, pairs in taken], at)
        if table.known < len(table):
            self._last_id = table.confirm(limits.proof, self._last_id)

    def _first_round(self, strong: Seen, fresh: Rows, at: float) -> Pairs:
        """Every track and the strong detections, after the camera's own motion is taken out."""
        table, limits = self._table, self._settings
        places = boxes(table.state)
        shift = camera_shift(places if len(fresh) == len(table) else places.take(fresh, axis=2), strong.boxes)
        if shift is not None:
            places[0] += shift[:, None]
        expected = Expected(places, self._filter.doubt(table.state))
        overlap = overlaps(edges(table.flat_state), strong.edges)
        rows, columns, gain = affinity(expected, strong.features, overlap, limits.nearness, table.known)
        gain -= limits.agreement
        likely = gain > 0
        if len(self._vocabulary.labels) > 1:
            likely &= table.kinds[rows] == strong.kinds[columns]
        pairs = match_edges(Edges(rows, columns, gain).where(likely))
        self._join(pairs, strong, at)
        return pairs

    def _second_round(self, weak: Seen, fresh: Rows, at: float) -> Pairs:
        """Tracks that are still missing and weak detections, by overlap."""
        table = self._table
        missing = fresh[table.unseen_s[fresh] > 0]
        if not len(weak) or not len(missing):
            return _NOBODY
        gain = overlaps(edges(table.flat_state[:, missing]), weak.edges) - self._settings.weak_overlap
        gain *= table.kinds[missing][:, None] == weak.kinds
        found = match(gain)
        pairs = Pairs(missing[found.rows], found.columns)
        self._join(pairs, weak, at)
        return pairs

    def _join(self, pairs: Pairs, seen: Seen, at: float) -> None:
        """Give each track its detection of `seen`."""
        table, (rows, found) = self._table, pairs
        if not len(rows):
            return
        everyone, scores = len(rows) == len(table), seen.scores.take(found)
        state = table.state if everyone else table.state.take(rows, axis=2)
        self._filter.correct(state, seen.boxes.take(found, axis=2), 0.25 + scores)
        if not everyone:
            table.state[:, :, rows] = state
        table.see(slice(None) if everyone else rows, scores, seen.codes.take(found), at)

    def _begin(self, free: Seen, taken: Sequence[Seen], at: float) -> None:
        """Start tracks from detections that are nobody's, and no twin of one that is somebody's or stronger."""
        free = free.take(np.argsort(-free.scores, kind="stable"))
        rivals = Seen.all_of((*taken, free))
        overlap = overlaps(free.edges, rivals.edges)
        overlap *= free.kinds[:, None] == rivals.kinds
        earlier = np.tril(overlap, len(rivals) - len(free) - 1)
        free = free.take((earlier.max(axis=1) <= self._settings.twin_overlap).nonzero()[0])
        self._table.append(self._filter.begin(free.boxes), free, at)

    def _forget(self) -> None:
        limits, table = self._settings, self._table
        if not len(table) or table.unseen_s.max() <= min(limits.lost_s, limits.exit_s, limits.tentative_s):
            return
        x, y = boxes(table.state)[0]
        inside = (x > 0) & (x < self._aspect) & (y > 0) & (y < 1)
        patience = np.where(inside, limits.lost_s, limits.exit_s)
        patience[table.known :] = limits.tentative_s
        alive = table.unseen_s <= patience
        if not alive.all():
            table.keep(alive)

    def _report(self, at: float) -> list[Track]:
        table = self._table
        picture, told = self._to_picture.dot(table.flat_state[:, : table.known]), table.told[:, : table.known]
        ids, labels = table.ids, table.labels
        corners = picture[:4]
        corners.clip(0.0, 1.0, out=corners)
        shown = table.unseen_s[: table.known] <= self._settings.shown_s
        shown &= np.logical_and(*(corners[2:] > corners[:2]))
        if np.count_nonzero(shown) < table.known:
            rows = shown.nonzero()[0]
            picture, told = picture.take(rows, axis=1), told.take(rows, axis=1)
            kept = rows.tolist()
            ids, labels = [ids[row] for row in kept], [labels[row] for row in kept]
        scores, first_at, seen_at = told.tolist()
        x1, y1, x2, y2, vx, vy = picture.tolist()
        return list(
            map(
                Track,
                ids,
                labels,
                scores,
                _made(Box, x1, y1, x2, y2),
                _made(Point, vx, vy),
                first_at,
                seen_at,
                [last_at != at for last_at in seen_at],
            )
        )


_Named = TypeVar("_Named", Box, Point)


def _made(kind: type[_Named], *columns: list[float]) -> "map[_Named]":
    """What `kind._make` does to each row, without a call into Python."""
    return map(tuple.__new__, repeat(kind), zip(*columns, strict=True))


_NOBODY = Pairs(np.zeros(0, np.intp), np.zeros(0, np.intp))


def _to_heights(aspect: float) -> Columns:
    """(12, 4): from corners in fractions of the picture to what is linear in `Seen`, in its heights."""
    corners = np.diag([aspect, 1.0, aspect, 1.0])
    low, high = corners[:2], corners[2:]
    box = np.concatenate(((low + high) / 2, high - low))
    return np.concatenate((OUTWARD * corners, box, -2.0 * box))


def _to_picture(aspect: float) -> Columns:
    """(6, 18): from the flat state to corners and velocity in fractions of the picture."""
    to_picture = np.concatenate((TO_EDGES, VELOCITIES)).reshape(3, 2, -1)
    to_picture[:, 0] /= aspect
    return to_picture.reshape(6, -1)
