"""The founding rule: at 200 detections a status summary, once per crossing, armed again when things calm down.

Boxes are counted as the founding rule had it, and beside them what they amount to: objects (tracks) and incidents,
because one parked car makes 200 boxes in a minute. The bot watches figures at two observations a second and camera,
so that is what it counts. Pure; time is monotonic seconds.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

from aimonitor.contract import messages

_BUCKETS = 60
_OBJECTS = 20_000
_REARM_AT = 0.5


@dataclass(frozen=True, slots=True)
class Counts:
    """What was detected within the window."""

    boxes: int
    objects: int
    incidents: int


@dataclass(slots=True)
class _Bucket:
    number: int
    boxes: int = 0
    incidents: int = 0


class Tally:
    """Counts over the last `window_s` seconds, to a sixtieth of it, and says when `threshold` is crossed."""

    def __init__(self, threshold: int, window_s: float, counted: str = "boxes") -> None:
        self._threshold = threshold
        self._window_s = window_s
        self._counted = counted
        self._buckets: deque[_Bucket] = deque()
        self._objects: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._frames: dict[str, int] = {}
        self._armed = True

    def observe(self, said: messages.Observation, at: float) -> None:
        """Count one observation, once."""
        if not said.analyzed or self._frames.get(said.source) == said.frame_id:
            return
        self._frames[said.source] = said.frame_id
        seen = [track for track in said.tracks if not track.coasting]
        scene = said.scene
        self._bucket(at).boxes += len(seen) if said.tracks else scene.persons + scene.vehicles + scene.animals
        for track in seen:
            self._objects[said.source, track.track_id] = at
            self._objects.move_to_end((said.source, track.track_id))
        if len(self._objects) > _OBJECTS:
            self._objects.popitem(last=False)

    def incident(self, at: float) -> None:
        """Count an incident that opened."""
        self._bucket(at).incidents += 1

    def counts(self, at: float) -> Counts:
        """What there was within the window."""
        oldest = self._number(at) - _BUCKETS
        while self._buckets and self._buckets[0].number <= oldest:
            self._buckets.popleft()
        while self._objects and next(iter(self._objects.values())) <= at - self._window_s:
            self._objects.popitem(last=False)
        boxes = sum(bucket.boxes for bucket in self._buckets)
        return Counts(boxes, len(self._objects), sum(bucket.incidents for bucket in self._buckets))

    def crossed(self, at: float) -> Counts | None:
        """The counts when they have just reached the threshold; None until they fell to half of it in between."""
        counts = self.counts(at)
        figure = counts.boxes if self._counted == "boxes" else counts.incidents
        if figure >= self._threshold and self._armed:
            self._armed = False
            return counts
        if figure < self._threshold * _REARM_AT:
            self._armed = True
        return None

    def _bucket(self, at: float) -> _Bucket:
        number = self._number(at)
        if not self._buckets or self._buckets[-1].number < number:
            self._buckets.append(_Bucket(number))
        return self._buckets[-1]

    def _number(self, at: float) -> int:
        return int(at * _BUCKETS / self._window_s)
