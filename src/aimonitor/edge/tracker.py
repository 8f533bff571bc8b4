"""Have we seen it before: gives every object an identity that lasts as long as it can be followed.

How is told in `follower`; the same is there in `columns`, for many objects where Python is interpreted. One keeps the
time here, and chooses.
"""

from typing import Final

from aimonitor.edge import follower
from aimonitor.edge.columns.follower import Follower as ColumnsFollower
from aimonitor.edge.follower import Follower, TrackerSettings
from aimonitor.edge.types import Detections, Track

__all__ = ["COMPILED", "Tracker", "TrackerSettings"]

COMPILED: Final = not str(follower.__file__).endswith(".py")
"""Whether the follower is machine code, which is quicker than columns for any number of objects."""

_MANY: Final = 20
"""Interpreted, columns are quicker from so many objects on (docs/design/tracker.md)."""


class Tracker:
    """Follows the objects of one camera. Not thread-safe; owned by the camera's analyzing thread."""

    def __init__(
        self,
        settings: TrackerSettings | None = None,
        *,
        aspect: float = 4 / 3,
        after_id: int = 0,
        columns_from: int | None = None if COMPILED else _MANY,
    ) -> None:
        """`aspect` is width / height of the picture: it makes lengths in x and in y comparable.

        `after_id` is the last id that a tracker before this one gave, so that none is given again. From `columns_from`
        objects on it works in columns, from three quarters of that down in numbers again; None: never.
        """
        if not 0.1 <= aspect <= 10:
            raise ValueError(f"expected an aspect (width / height) of 0.1 to 10, got {aspect}")
        self._settings, self._aspect, self._columns_from = settings or TrackerSettings(), aspect, columns_from
        self._follower: Follower | ColumnsFollower = Follower(self._settings, aspect, after_id)
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
            self._follower.rest(dt)
        else:
            if self._columns_from is not None:
                self._choose(max(len(detections), len(self._follower)), self._columns_from)
            missed_s = max(dt, min(at - self._looked_at, self._settings.glance_s))
            self._looked_at = at
            self._follower.look(detections, at, dt, missed_s)
        return self._follower.report(at)

    def _advance(self, at: float) -> float:
        if self._at is None:
            self._at = self._looked_at = at
        if not at >= self._at:
            raise ValueError(f"time passes forwards: expected at >= {self._at}, got {at}")
        dt, self._at = at - self._at, at
        return dt

    def _choose(self, objects: int, many: int) -> None:
        """Hand over to the follower that is quicker for so many objects."""
        before = self._follower
        if objects >= many and isinstance(before, Follower):
            self._follower = ColumnsFollower(self._settings, self._aspect, before.last_id)
            self._follower.targets = before.targets
        elif 4 * objects <= 3 * many and isinstance(before, ColumnsFollower):
            self._follower = Follower(self._settings, self._aspect, before.last_id)
            self._follower.targets = before.targets
