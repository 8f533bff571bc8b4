"""What is usual at a camera: how many persons, vehicles and animals at this hour, in the picture and in each zone.

Once a minute the most that were there at once are counted and judged (`aimonitor.analytics.anomaly`). What is unusual
holds until the next minute is judged. No thread, no clock, no disk: time comes with the frames.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from aimonitor.analytics.anomaly import AnomalySettings, Baselines, SeriesKey
from aimonitor.edge.types import ANIMALS, PERSONS, VEHICLES, Observation, Unusual

MINUTE_S = 60.0
SAVE_EVERY_S = 600.0
_GAP_S = 10.0
"""After so long without a frame the minute begins anew: half a minute is not judged as a whole one."""
_SERIES = 256
_PLURALS = {"person": "persons", "vehicle": "vehicles", "animal": "animals"}
_CLASSES = {
    label: name for name, labels in zip(_PLURALS, (PERSONS, VEHICLES, ANIMALS), strict=True) for label in labels
}


class _What(NamedTuple):
    """What is counted: a class in a zone, or in the whole picture where `zone` is empty."""

    zone: str
    label: str


class Usual:
    """Learns one camera. Owned by its analyzing thread.

    Frames that are too dark for the camera to be relied on are not counted; a minute without any other is not judged.
    """

    def __init__(self, camera_id: str, settings: AnomalySettings | None = None) -> None:
        self._camera_id = camera_id
        self._settings = settings or AnomalySettings()
        self._baselines = Baselines(self._settings, limit=_SERIES)
        self._known = {_What("", label) for label in _PLURALS}
        self._most: dict[_What, int] = {}
        self._counted = 0
        self._began_at: float | None = None
        self._last_at = 0.0
        self._saved_at: float | None = None

    def take(self, observation: Observation) -> tuple[Unusual, ...] | None:
        """Count a frame; returns what is unusual when a minute is over, None in between."""
        at = observation.frame.at
        if self._began_at is None or at - self._last_at > _GAP_S:
            self._begin(at)
        self._last_at = at
        if not observation.scene.dark:
            self._count(observation)
        if self._began_at is not None and at - self._began_at < MINUTE_S:
            return None
        unusual = self._judge(observation.frame.utc) if self._counted else ()
        self._begin(at)
        return unusual

    def due(self, at: float) -> bool:
        """Whether what was learned is worth saving again; true once every ten minutes."""
        if self._saved_at is None:
            self._saved_at = at
        if at - self._saved_at < SAVE_EVERY_S:
            return False
        self._saved_at = at
        return True

    def learned(self) -> bytes:
        """Everything learned, as JSON."""
        return json.dumps(self._baselines.to_dict()).encode()

    def restore(self, learned: bytes) -> None:
        """Go on from what `learned` gave. Raises ValueError, and stays as it was, when it is something else."""
        try:
            state = json.loads(learned)
            baselines = Baselines.from_dict(state, self._settings, limit=_SERIES)
            known = {_What(str(zone), str(label)) for _, zone, label, _ in state["series"] if label in _PLURALS}
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"expected what a camera has learned, got something else: {error}") from None
        self._baselines = baselines
        self._known |= known

    def _begin(self, at: float) -> None:
        self._began_at, self._counted = at, 0
        self._most.clear()

    def _count(self, observation: Observation) -> None:
        counts: dict[_What, int] = {}
        for evidence in observation.scene.evidence:
            name = _CLASSES.get(evidence.track.label)
            if name is None or evidence.behavior is None:
                continue
            for zone in ("", *evidence.behavior.dwell_s):
                what = _What(zone, name)
                counts[what] = counts.get(what, 0) + 1
        for what, count in counts.items():
            self._most[what] = max(count, self._most.get(what, 0))
        self._counted += 1

    def _judge(self, utc: float) -> tuple[Unusual, ...]:
        if len(self._known) < _SERIES:
            self._known.update(self._most)
        found = list(self._unusual(utc))
        # A zone names the place better than the picture does.
        placed = {one.label for one in found if one.zone}
        return tuple(one for one in found if one.zone or one.label not in placed)

    def _unusual(self, utc: float) -> Iterator[Unusual]:
        for what in sorted(self._known):
            count = self._most.get(what, 0)
            anomaly = self._baselines.update(SeriesKey(self._camera_id, what.zone, what.label), count, utc)
            if anomaly.unusual:
                yield Unusual(what.label, what.zone, anomaly.score, count, f"{_PLURALS[what.label]}: {anomaly.words}")
