"""From what was understood to what is said: Observation -> contract messages, and how often.

Pure: decides, does not send. One Publisher per camera; `rung` is how closely the camera is watched now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from aimonitor.contract import frames, messages
from aimonitor.contract.overlays import Thermogram
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.thermogram import Thermograms
from aimonitor.edge.types import Event, Evidence, Factor, Observation, Risk, Scene, Speed, ThermalReading

Rung = Literal["metadata", "thumbnail", "slow", "full"]
RUNGS: tuple[Rung, ...] = ("metadata", "thumbnail", "slow", "full")

PICTURE_EVERY_S: dict[Rung, float] = {"metadata": float("inf"), "thumbnail": 10.0, "slow": 1.0, "full": 0.0}
"""Seconds between pictures on each rung of the ladder."""

METADATA_EVERY_S: dict[Rung, float] = {"metadata": 0.5, "thumbnail": 0.5, "slow": 0.5, "full": 0.0}
"""Seconds between observations on each rung."""

_LONG_AGO = -1e12  # finite, so that it is not later than "never"
Ceiling = Callable[[], Rung]
_WORRYING = ("ALERT", "CRITICAL")
_SLACK_S = 0.02
"""A frame this much too early still counts as due: cameras are not metronomes."""


class Due(Enum):
    """What a frame is worth saying."""

    NOTHING = 0
    FIGURES = 1
    THUMBNAIL = 2
    PICTURE = 3


@dataclass(frozen=True, slots=True)
class Shot:
    """What to say of one frame: the observation always, the picture when the rung asks for it.

    at: the monotonic time of capture: whoever sends the picture knows its true age by it
    resting: nobody watches, so that figures may be told as what changed
    thumbnail: the picture is smaller than the camera's
    thermogram: what the thermal sensor feels, where somebody wants to see it
    """

    observation: messages.Observation
    at: float
    jpeg: bytes = b""
    resting: bool = False
    thumbnail: bool = False
    thermogram: Thermogram | None = None

    def frame(self, now: float) -> bytes:
        """The picture as a binary message that leaves at monotonic time `now`."""
        said = self.observation
        header = frames.FrameHeader(
            said.source,
            said.frame_id,
            said.captured_at,
            said.width,
            said.height,
            age_s=max(0.0, now - self.at),
            thumbnail=self.thumbnail,
        )
        return frames.encode(header, self.jpeg)


@dataclass(frozen=True, slots=True)
class Hold:
    """At least `rung` before monotonic time `until`, although nobody watches."""

    rung: Rung
    until: float


class Ladder:
    """How closely one camera is watched now, and what is therefore due. Pure; asked once a frame."""

    def __init__(self, resting: Rung = "thumbnail", ceiling: Ceiling = lambda: "full") -> None:
        """`ceiling` tells the highest rung that the budget allows at this moment."""
        self._resting: Rung = resting
        self._ceiling = ceiling
        self._rung: Rung = resting
        self._lapses_at = _LONG_AGO
        self._hold = Hold(resting, _LONG_AGO)
        self._said_at = _LONG_AGO
        self._shown_at = _LONG_AGO
        self._level = "NORMAL"
        self._picture_asked = False
        self._least_s = 0.0

    def limit(self, fps: float) -> None:
        """At most `fps` (> 0) pictures a second, on every rung."""
        self._least_s = 1.0 / fps

    def attend(self, rung: str, at: float, lease_s: float) -> None:
        """Somebody watches at `rung` until `at + lease_s`; an unknown rung counts as `slow`, a lower one rests."""
        known: Rung = rung if rung in RUNGS else "slow"
        self._rung = max(known, self._resting, key=RUNGS.index)
        self._lapses_at = at + lease_s

    def hold(self, hold: Hold) -> None:
        """Follow a command, in place of the one before."""
        self._hold = hold

    def show_next(self) -> None:
        """The next frame goes out with its picture, whatever the rung."""
        self._picture_asked = True

    def rung(self, at: float) -> Rung:
        """The rung in force at `at`: what viewers want or a command holds, one a second while the risk is high, within
        the budget.
        """
        wanted = self._rung if at <= self._lapses_at else self._resting
        if at < self._hold.until:
            wanted = max(wanted, self._hold.rung, key=RUNGS.index)
        if self._level in _WORRYING:
            wanted = max(wanted, "slow", key=RUNGS.index)
        return min(wanted, self._ceiling(), key=RUNGS.index)

    @property
    def is_spent(self) -> bool:
        """Whether the budget allows figures alone."""
        return self._ceiling() == "metadata"

    def rests(self, at: float) -> bool:
        """Whether nobody looks: figures may be told as what changed, pictures as thumbnails."""
        return self.rung(at) in ("metadata", "thumbnail")

    def step(self, level: str, now: float) -> Due:
        """What is due of a frame of this risk level at monotonic time `now`; counts as done."""
        told, self._level = self._level, level
        rung = self.rung(now)
        every_s = max(self._least_s, PICTURE_EVERY_S[rung])
        picture = self._picture_asked or now - self._shown_at >= every_s - _SLACK_S
        figures = level != told or now - self._said_at >= METADATA_EVERY_S[rung] - _SLACK_S
        if not (picture or figures):
            return Due.NOTHING
        self._said_at = now
        if not picture:
            return Due.FIGURES
        asked, self._shown_at, self._picture_asked = self._picture_asked, now, False
        return Due.PICTURE if asked or not self.rests(now) else Due.THUMBNAIL


class Publisher:
    """Decides for each frame of one camera whether it is said at all, and whether with its picture."""

    def __init__(self, source: str, resting: Rung = "thumbnail", ceiling: Ceiling = lambda: "full") -> None:
        self._source = source
        self._thermograms = Thermograms(source)
        self._alignment = Alignment()
        self.ladder = Ladder(resting, ceiling)

    def attend(self, attention: messages.Attention, at: float) -> None:
        """Somebody watches from monotonic time `at` on."""
        self.ladder.attend(attention.rung, at, attention.lease_s)
        self._thermograms.attend(attention.layers, at, attention.lease_s)

    def feel(self, reading: ThermalReading | None, alignment: Alignment) -> None:
        """What the thermal sensor said with the frame to be published, and where that lies on the picture."""
        self._thermograms.feel(reading)
        self._alignment = alignment

    def publish(self, observation: Observation, *, fps: float, dropped: int, now: float) -> Shot | None:
        """What to send of `observation`, or None. `now` is the monotonic time of sending; raises PictureError."""
        due = self.ladder.step(observation.risk.level, now)
        if due is Due.NOTHING:
            return None
        message = to_message(self._source, observation, fps=fps, dropped=dropped)
        frame, rests = observation.frame, self.ladder.rests(now)
        picture = b""
        if due is Due.THUMBNAIL:
            picture = frame.picture.thumbnail()
        elif due is Due.PICTURE:
            picture = frame.picture.jpeg()
        felt = None
        if not self.ladder.is_spent:
            felt = self._thermograms.tell(observation, self._alignment, resting=rests, now=now)
        return Shot(message, frame.at, picture, resting=rests, thumbnail=due is Due.THUMBNAIL, thermogram=felt)


def to_message(source: str, observation: Observation, *, fps: float, dropped: int) -> messages.Observation:
    """The observation in the words of the contract."""
    frame = observation.frame
    return messages.Observation(
        source=source,
        frame_id=frame.frame_id,
        captured_at=round(frame.utc, 3),
        width=frame.picture.width,
        height=frame.picture.height,
        risk=_risk(observation.risk),
        scene=_scene(observation.scene),
        tracks=tuple(
            _track(each, frame.at, observation.risk.by_track.get(each.track.track_id, 0.0))
            for each in observation.scene.evidence
        ),
        fps=round(fps, 1),
        analyzed=observation.analyzed,
        dropped=dropped,
    )


def to_event(source: str, event: Event, seq: int, frame_id: int) -> messages.Event:
    """The event in the words of the contract, with its number in the journal."""
    return messages.Event(
        source=source,
        seq=seq,
        incident_id=event.incident_id,
        kind=event.kind,
        phase=event.phase,
        at=round(event.utc, 3),
        opened_at=round(event.opened_utc, 3),
        level=event.level,
        score=round(event.score, 3),
        words=event.words,
        factors=_factors(event.factors),
        track_ids=event.track_ids,
        zone=event.zone,
        frame_id=frame_id,
    )


def _risk(risk: Risk) -> messages.RiskView:
    return messages.RiskView(round(risk.score, 3), risk.level, _factors(risk.factors))


def _factors(factors: tuple[Factor, ...]) -> tuple[messages.Factor, ...]:
    return tuple(
        messages.Factor(
            cause=factor.cause,
            contribution=round(factor.contribution, 4),
            words=factor.words,
            track_id=factor.track_id,
            zone=factor.zone,
            value=None if factor.value is None else round(factor.value, 2),
        )
        for factor in factors
    )


def _scene(scene: Scene) -> messages.SceneView:
    return messages.SceneView(
        vehicles=scene.vehicles,
        persons=scene.persons,
        animals=scene.animals,
        avg_speed=_speed(scene.avg_speed),
        convoy_detected=any(group.kind == "convoy" for group in scene.groups),
        thermal_active=scene.thermal_active,
    )


def _speed(speed: Speed) -> messages.Speed:
    return messages.Speed(round(speed.value, 2), speed.unit, round(speed.error, 2))


def _track(evidence: Evidence, at: float, risk: float) -> messages.TrackView:
    track, behavior, celsius = evidence.track, evidence.behavior, evidence.hottest_celsius
    x1, y1, x2, y2 = track.box
    return messages.TrackView(
        track_id=track.track_id,
        label=track.label,
        box=(round(x1, 4), round(y1, 4), round(x2, 4), round(y2, 4)),
        score=round(track.score, 2),
        speed=_speed(behavior.speed) if behavior else None,
        heading_deg=None if behavior is None or behavior.heading_deg is None else round(behavior.heading_deg),
        age_s=round(max(0.0, at - track.first_at), 1),
        coasting=track.coasting,
        doing=tuple(doing.kind for doing in behavior.doing) if behavior else (),
        zones=tuple(behavior.dwell_s) if behavior else (),
        hottest_celsius=None if celsius is None else round(celsius, 1),
        risk=round(risk, 3),
    )
