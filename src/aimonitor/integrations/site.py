"""What is known of the cameras: the newest of everything that the hub said. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from aimonitor.contract import messages

LEVELS = ("NORMAL", "WATCH", "ALERT", "CRITICAL")


def at_least(level: str, least: str) -> bool:
    """Whether `level` is as high as `least`; a level that nobody knows is told rather than kept."""
    return level not in LEVELS or LEVELS.index(level) >= LEVELS.index(least)


@dataclass(frozen=True, slots=True)
class CameraNow:
    """One camera now. `state` is offline when its edge is, or while the hub is away."""

    source: str
    name: str
    state: str
    level: str = "NORMAL"
    risk_percent: int = 0
    persons: int = 0
    vehicles: int = 0
    reasons: str = ""

    @property
    def available(self) -> bool:
        return self.state != "offline"


@dataclass(slots=True)
class Site:
    """All cameras. `hub_connected` is set by who holds the connection."""

    hub_connected: bool = False
    _edges: dict[str, messages.Presence] = field(default_factory=dict)
    _statuses: dict[str, messages.Status] = field(default_factory=dict)
    _figures: dict[str, messages.Observation] = field(default_factory=dict)

    def hear(self, message: messages.AnyMessage) -> None:
        """Take over what the hub said; what is of no use here is ignored."""
        match message:
            case messages.Presence():
                self._edges[message.edge_id] = message
            case messages.Status():
                self._statuses[message.source] = message
            case messages.Observation():
                self._figures[message.source] = message

    def __iter__(self) -> Iterator[CameraNow]:
        """Every camera that an edge says it has."""
        for edge in self._edges.values():
            for info in edge.cameras:
                yield self._now(edge, info)

    def name(self, source: str) -> str:
        """What people call a camera."""
        return next((camera.name for camera in self if camera.source == source), source)

    def _now(self, edge: messages.Presence, info: messages.CameraInfo) -> CameraNow:
        source = messages.source_of(edge.edge_id, info.camera_id)
        status, seen = self._statuses.get(source), self._figures.get(source)
        name = (status.name if status else "") or info.name or source
        if not (edge.online and self.hub_connected):
            return CameraNow(source, name, "offline")
        state = status.state if status else "live" if seen else "connecting"
        if seen is None:
            return CameraNow(source, name, state)
        risk, scene = seen.risk, seen.scene
        reasons = "; ".join(factor.words for factor in risk.factors if factor.contribution > 0)[:250]
        return CameraNow(
            source, name, state, risk.level, round(100 * risk.score), scene.persons, scene.vehicles, reasons
        )
