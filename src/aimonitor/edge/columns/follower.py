"""Follows many objects from one picture to the next, in columns; see the module of the same name above."""

from collections.abc import Sequence
from itertools import repeat
from operator import gt
from typing import TypeVar

import numpy as np

from aimonitor.edge.columns.affinity import Expected, affinity, overlaps
from aimonitor.edge.columns.assignment import Edges, Pairs, match, match_edges
from aimonitor.edge.columns.camera_motion import camera_shift
from aimonitor.edge.columns.kalman import OUTWARD, TO_EDGES, VELOCITIES, BoxFilter, Columns, Rows, boxes, edges
from aimonitor.edge.columns.tracks import Seen, TrackTable, Vocabulary
from aimonitor.edge.follower import TrackerSettings
from aimonitor.edge.tracks import Target
from aimonitor.edge.types import Box, Detections, Point, Track


class Follower:
    """Does what `edge.follower.Follower` does, to the same decisions.

    last_id: the last id given
    """

    def __init__(self, settings: TrackerSettings, aspect: float, last_id: int) -> None:
        """`aspect` is width / height of the picture."""
        self.last_id = last_id
        self._settings, self._aspect = settings, aspect
        self._to_heights, self._to_picture = _to_heights(aspect), _to_picture(aspect)
        self._vocabulary = Vocabulary()
        self._filter = BoxFilter(settings.motion)
        self._table = TrackTable(self._vocabulary)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def targets(self) -> list[Target]:
        """Who is followed: the confirmed, by id, and those who still have to prove themselves."""
        return self._table.targets()

    @targets.setter
    def targets(self, targets: Sequence[Target]) -> None:
        self._table = TrackTable.of(targets, self._vocabulary)

    def rest(self, dt: float) -> None:
        """Nobody looked for `dt` seconds, because nothing moved."""
        self._filter.rest(self._table.state, dt)

    def look(self, detections: Detections, at: float, dt: float, missed_s: float) -> None:
        """Take in what was found at `at`, `dt` seconds after what came before; `missed_s` of them count as looking."""
        self._filter.predict(self._table.state, dt)
        self._table.unseen_s += missed_s
        self._pair(Seen.of(detections, self._to_heights, self._vocabulary), at)
        self._forget()

    def _pair(self, seen: Seen, at: float) -> None:
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
            self.last_id = table.confirm(limits.proof, self.last_id)

    def _first_round(self, strong: Seen, fresh: Rows, at: float) -> Pairs:
        """Every track and the strong detections, after the camera's own motion is taken out."""
        table, limits = self._table, self._settings
        places = boxes(table.state)
        shift = camera_shift(places if len(fresh) == len(table) else places.take(fresh, axis=2), strong.boxes)
        if shift:
            places[0] += np.array(shift)[:, None]
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
        scores, codes = seen.scores.take(found), seen.codes.take(found)
        blur = 1.0 / (0.25 + scores)
        if len(rows) == len(table):
            self._filter.correct(table.state, seen.boxes.take(found, axis=2), blur)
            table.see(_EVERYONE, scores, codes, at)
            return
        columns, blurs = np.zeros(len(table), np.intp), np.full(len(table), np.inf)
        columns[rows], blurs[rows] = found, blur
        self._filter.correct(table.state, seen.boxes.take(columns, axis=2), blurs)
        table.see(rows, scores, codes, at)

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
        unseen_s = table.unseen_s.tolist()
        if max(unseen_s, default=0.0) <= min(limits.lost_s, limits.exit_s, limits.tentative_s):
            return
        places = zip(*table.flat_state[:2].tolist(), strict=True)
        inside = [0.0 < x < self._aspect and 0.0 < y < 1.0 for x, y in places]
        patience_s = [limits.lost_s if known else limits.exit_s for known in inside]
        patience_s[table.known :] = repeat(limits.tentative_s, len(table) - table.known)
        if any(map(gt, unseen_s, patience_s)):
            table.keep([missing <= most for missing, most in zip(unseen_s, patience_s, strict=True)])

    def report(self, at: float) -> list[Track]:
        """Every confirmed track that is seen or expected, by id."""
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


_EVERYONE = slice(None)
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
