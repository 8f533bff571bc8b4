"""What viewers' wishes ask of the edges: an `Attention` when it changes, and again before it lapses."""

from collections.abc import Callable
from dataclasses import dataclass

from aimonitor.contract import messages
from aimonitor.hub.cameras import Edge

LEASE_S = 15.0
_RENEW_S = LEASE_S / 3


@dataclass(frozen=True, slots=True)
class _Said:
    rung: str
    at: float


class AttentionDesk:
    """Knows what each camera was told last."""

    def __init__(self, rung_of: Callable[[str], str]) -> None:
        self._rung_of = rung_of
        self._said: dict[str, _Said] = {}

    def due(self, edge: Edge, at: float) -> list[messages.Attention]:
        """What to tell `edge` now; what is returned counts as told."""
        due = []
        for camera_id, camera in edge.cameras.items():
            rung = self._rung_of(camera.source)
            said = self._said.get(camera.source, _Said("metadata", at))
            if rung == said.rung and (rung == "metadata" or at - said.at < _RENEW_S):
                continue
            self._said[camera.source] = _Said(rung, at)
            due.append(messages.Attention(camera_id, rung, LEASE_S))
        return due

    def forget(self, edge: Edge) -> None:
        """The edge has a new connection, and knows nothing of what was said on the old one."""
        for camera in edge:
            self._said.pop(camera.source, None)
