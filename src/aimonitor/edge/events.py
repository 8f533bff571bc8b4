"""When is it news: an incident opens once, is updated, and closes once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aimonitor.edge.risk_policy import EventPolicy
from aimonitor.edge.types import LEVELS, Event, Factor, Level, Phase, Risk, Scene

RISK = "risk"
"""Kind of an incident that has no single cause: the level says so."""

_TRACK_LIMIT = 32
_OPEN_LIMIT = 64


@dataclass(slots=True)
class _Incident:
    """Something that goes on. It is a candidate until it is open, and then has an id."""

    kind: str
    zone: str
    first_at: float
    last_at: float
    incident_id: str = ""
    opened_utc: float = 0.0
    updated_at: float = 0.0
    words: str = ""
    level: Level = "NORMAL"
    score: float = 0.0
    track_ids: set[int] = field(default_factory=set)
    factors: tuple[Factor, ...] = ()
    has_news: bool = False


class EventJudge:
    """Incidents of one camera, by kind and zone: whoever loiters in the same zone belongs to the same incident.

    Ids are unique in the camera, across restarts too: the UTC time of opening and a count. At most 64 go on at a time;
    `ignored` counts how often another one was not begun. Owned by one thread.
    """

    def __init__(self, policy: EventPolicy | None = None) -> None:
        self._policy = policy or EventPolicy()
        self._incidents: dict[tuple[str, str], _Incident] = {}
        self._count = 0
        self.ignored = 0

    def adopt(self, policy: EventPolicy) -> None:
        """Judge by another policy from now on; open incidents go on."""
        self._policy = policy

    def update(self, scene: Scene, risk: Risk, at: float, utc: float) -> list[Event]:
        """What is new at time `at`: for each incident opened, then updated any number of times, then closed."""
        news, least = self._policy.news, self._policy.least
        for factor in risk.factors:
            if not factor.fading and factor.cause in news and factor.contribution >= least:
                self._note((factor.cause, factor.zone), [factor], self._involved(factor, scene), risk, at)
        if self._is_risky(risk):
            words = [factor for factor in risk.factors if factor.contribution > 0][:3]
            involved = [factor.track_id for factor in words if factor.track_id is not None]
            self._note((RISK, ""), words, involved, risk, at)
        return [event for key in list(self._incidents) if (event := self._step(key, at, utc))]

    def _is_risky(self, risk: Risk) -> bool:
        """The level asks for an incident, and there is none with a better name, nor one about to open."""
        if LEVELS.index(risk.level) < LEVELS.index(self._policy.level):
            return False
        return all(kind == RISK for kind, _ in self._incidents)

    def _involved(self, factor: Factor, scene: Scene) -> Sequence[int]:
        if factor.track_id is not None:
            return (factor.track_id,)
        groups = (group for group in scene.groups if group.kind == factor.cause and group.zone == factor.zone)
        return [track_id for group in groups for track_id in group.track_ids]

    def _note(
        self, key: tuple[str, str], why: Sequence[Factor], involved: Iterable[int], risk: Risk, at: float
    ) -> None:
        """It goes on at time `at`."""
        incident = self._incidents.get(key)
        if incident is None:
            if len(self._incidents) >= _OPEN_LIMIT:
                self.ignored += 1
                return
            incident = self._incidents[key] = _Incident(*key, at, at)
        incident.last_at = at
        incident.words = "; ".join([factor.words for factor in why])
        incident.factors = risk.factors
        incident.score = max(incident.score, risk.score)
        if risk.level != incident.level and LEVELS.index(risk.level) > LEVELS.index(incident.level):
            incident.level, incident.has_news = risk.level, True
        new = [track_id for track_id in involved if track_id not in incident.track_ids]
        for track_id in new[: _TRACK_LIMIT - len(incident.track_ids)]:
            incident.track_ids.add(track_id)
            incident.has_news = True

    def _step(self, key: tuple[str, str], at: float, utc: float) -> Event | None:
        policy, incident = self._policy, self._incidents[key]
        gone_s = at - incident.last_at
        if not incident.incident_id:
            if incident.last_at - incident.first_at >= policy.open_after_s or incident.kind in _MOMENTARY:
                return self._open(incident, at, utc)
            if gone_s > policy.open_after_s:
                del self._incidents[key]
            return None
        if gone_s > policy.close_after_s:
            del self._incidents[key]
            return self._event(incident, "closed", at, utc)
        since_s = at - incident.updated_at
        if gone_s == 0 and (since_s >= policy.update_every_s or (incident.has_news and since_s >= 1.0)):
            return self._event(incident, "updated", at, utc)
        return None

    def _open(self, incident: _Incident, at: float, utc: float) -> Event:
        self._count += 1
        opened = datetime.fromtimestamp(utc, UTC)
        incident.incident_id = f"{opened:%Y%m%dT%H%M%S}.{opened.microsecond // 1000:03d}Z-{self._count}"
        incident.opened_utc = utc
        return self._event(incident, "opened", at, utc)

    def _event(self, incident: _Incident, phase: Phase, at: float, utc: float) -> Event:
        incident.updated_at, incident.has_news = at, False
        words = incident.words
        if phase == "closed":
            place = f" in {incident.zone}" if incident.zone else ""
            lasted_s = max(0.0, incident.last_at - incident.first_at)
            words = f"{incident.kind.replace('_', ' ')}{place} ended after {lasted_s:.0f} s"
        return Event(
            incident.incident_id,
            incident.kind,
            phase,
            at,
            utc,
            incident.opened_utc,
            incident.level,
            incident.score,
            words,
            incident.factors,
            tuple(sorted(incident.track_ids)),
            incident.zone,
        )


_MOMENTARY = frozenset({"line_crossing", "wrong_way", "object_removed"})
"""Kinds that are over as soon as they happened: they need not hold to be news."""
