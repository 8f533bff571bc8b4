"""Follows objects from one picture to the next: predict, pair, correct, begin and forget.

Tracking by detection in two rounds (Zhang et al., ByteTrack, ECCV 2022): strong detections first, then the weak ones
for what is still missing, since a weak box where an object is expected is that object, half hidden. Time is real time:
every decision that others count in frames is in seconds here, because a cheap camera gives five frames a second, or
two, or none for a while. Why these numbers, and what was measured: docs/design/tracker.md.

Reading order: `kalman` (where things go), `tracks`, `camera_motion`, `affinity`, `assignment`, then this.
"""

from dataclasses import dataclass, field

from aimonitor.edge.affinity import affinity, overlap
from aimonitor.edge.assignment import match
from aimonitor.edge.camera_motion import camera_shift
from aimonitor.edge.kalman import BoxFilter, MotionModel
from aimonitor.edge.tracks import Found, Reader, Target
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


class Follower:
    """Follows the objects of one camera, number by number; `columns.Follower` is quicker for many.

    last_id: the last id given
    """

    def __init__(self, settings: TrackerSettings, aspect: float, last_id: int) -> None:
        """`aspect` is width / height of the picture."""
        self.last_id = last_id
        self._settings, self._aspect = settings, aspect
        self._filter = BoxFilter(settings.motion)
        self._reader = Reader(aspect)
        self._known: list[Target] = []
        self._tentative: list[Target] = []

    def __len__(self) -> int:
        return len(self._known) + len(self._tentative)

    @property
    def targets(self) -> list[Target]:
        """Who is followed: the confirmed, by id, and those who still have to prove themselves."""
        return self._known + self._tentative

    @targets.setter
    def targets(self, targets: list[Target]) -> None:
        self._known = [target for target in targets if target.track_id]
        self._tentative = [target for target in targets if not target.track_id]

    def rest(self, dt: float) -> None:
        """Nobody looked for `dt` seconds, because nothing moved."""
        targets = self.targets
        self._filter.rest([target.center for target in targets], [target.size for target in targets], dt)

    def look(self, detections: Detections, at: float, dt: float, missed_s: float) -> None:
        """Take in what was found at `at`, `dt` seconds after what came before; `missed_s` of them count as looking."""
        targets = self.targets
        self._filter.predict([target.center for target in targets], [target.size for target in targets], dt)
        for target in targets:
            target.unseen_s += missed_s
        self._pair(targets, self._reader.read(detections), at)
        self._forget()

    def _pair(self, targets: list[Target], found: list[Found], at: float) -> None:
        limits = self._settings
        strong = [one for one in found if one.score >= limits.strong]
        fresh = [target for target in self._known if target.unseen_s <= limits.shown_s]
        taken = self._first_round(targets, fresh, strong, at) if targets and strong else []
        begun = len(taken) < len(strong)
        if len(strong) < len(found):
            weak = [one for one in found if limits.weak <= one.score < limits.strong]
            taken += self._second_round(fresh, weak, at)
        if begun:
            self._begin(strong, taken, at)
        if self._tentative:
            self._confirm()

    def _first_round(self, targets: list[Target], fresh: list[Target], strong: list[Found], at: float) -> list[Found]:
        """Every track and the strong detections, after the camera's own motion is taken out. Returns who was taken."""
        limits = self._settings
        shift = camera_shift(fresh, strong)
        if shift:
            for target in targets:
                target.center.x += shift[0]
                target.center.y += shift[1]
        likely = affinity(targets, strong, self._filter.noise, limits.nearness, limits.agreement)
        pairs = match(likely)
        for row, column in pairs:
            self._join(targets[row], strong[column], at)
        return [strong[column] for _, column in pairs]

    def _second_round(self, fresh: list[Target], weak: list[Found], at: float) -> list[Found]:
        """Tracks that are still missing and weak detections, by overlap. Returns who was taken."""
        missing = [target for target in fresh if target.unseen_s > 0.0]
        likely = [
            (row, column, shared - self._settings.weak_overlap)
            for row, target in enumerate(missing)
            for column, one in enumerate(weak)
            if target.kind == one.kind and (shared := overlap(target.shape, one)) > self._settings.weak_overlap
        ]
        pairs = match(likely)
        for row, column in pairs:
            self._join(missing[row], weak[column], at)
        return [weak[column] for _, column in pairs]

    def _join(self, target: Target, one: Found, at: float) -> None:
        self._filter.correct(target.center, target.size, one.shape, 0.25 + one.score)
        target.see(one.score, one.label, at)

    def _begin(self, strong: list[Found], taken: list[Found], at: float) -> None:
        """Start tracks from detections that are nobody's, and no twin of one that is somebody's or stronger."""
        rivals = list(taken)
        free = [one for one in strong if not any(one is other for other in taken)]
        for one in sorted(free, key=lambda one: -one.score):
            if not any(self._twins(one, other) for other in rivals):
                center, size = self._filter.begin(one.x, one.y, one.width, one.height)
                self._tentative.append(Target.begin(center, size, one, at))
            rivals.append(one)

    def _twins(self, one: Found, other: Found) -> bool:
        return one.kind == other.kind and overlap(one.shape, other) > self._settings.twin_overlap

    def _confirm(self) -> None:
        """Give ids to those who have proven themselves."""
        proof = self._settings.proof
        for target in self._tentative:
            if target.proof >= proof:
                self.last_id = target.track_id = self.last_id + 1
                self._known.append(target)
        self._tentative = [target for target in self._tentative if not target.track_id]

    def _forget(self) -> None:
        limits = self._settings
        if self._tentative:
            self._tentative = [target for target in self._tentative if target.unseen_s <= limits.tentative_s]
        least = min(limits.lost_s, limits.exit_s)
        self._known = [
            target for target in self._known if target.unseen_s <= least or target.unseen_s <= self._patience_s(target)
        ]

    def _patience_s(self, target: Target) -> float:
        inside = 0.0 < target.center.x < self._aspect and 0.0 < target.center.y < 1.0
        return self._settings.lost_s if inside else self._settings.exit_s

    def report(self, at: float) -> list[Track]:
        """Every confirmed track that is seen or expected, by id."""
        shown_s, aspect = self._settings.shown_s, self._aspect
        tracks: list[Track] = []
        for target in self._known:
            center, size = target.center, target.size
            x, y, half_width, half_height = center.x / aspect, center.y, 0.5 * size.x / aspect, 0.5 * size.y
            x1, y1, x2, y2 = x - half_width, y - half_height, x + half_width, y + half_height
            if target.unseen_s <= shown_s and x1 < 1.0 and y1 < 1.0 and x2 > 0.0 and y2 > 0.0:
                box = Box(
                    x1 if x1 > 0.0 else 0.0, y1 if y1 > 0.0 else 0.0, x2 if x2 < 1.0 else 1.0, y2 if y2 < 1.0 else 1.0
                )
                velocity = Point(center.x_velocity / aspect, center.y_velocity)
                label, score, first_at, seen_at = target.label, target.score, target.first_at, target.seen_at
                tracks.append(Track(target.track_id, label, score, box, velocity, first_at, seen_at, seen_at != at))
        return tracks
