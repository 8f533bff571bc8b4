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
    layers: tuple[str, ...]
    at: float


class AttentionDesk:
    """Knows what each camera was told last."""

    def __init__(self, rung_of: Callable[[str], str], layers_of: Callable[[str], tuple[str, ...]]) -> None:
        self._rung_of = rung_of
        self._layers_of = layers_of
        self._said: dict[str, _Said] = {}

    def due(self, edge: Edge, at: float) -> list[messages.Attention]:
        """What to tell `edge` now; what is returned counts as told."""
        due = []
        for camera_id, camera in edge.cameras.items():
            rung, layers = self._rung_of(camera.source), self._layers_of(camera.source)
            said = self._said.get(camera.source, _Said("metadata", (), at))
            lapses = rung != "metadata" or layers != ()
            if (rung, layers) == (said.rung, said.layers) and not (lapses and at - said.at >= _RENEW_S):
                continue
            self._said[camera.source] = _Said(rung, layers, at)
            due.append(messages.Attention(camera_id, rung, LEASE_S, layers))
        return due

    def forget(self, edge: Edge) -> None:
        """The edge has a new connection, and knows nothing of what was said on the old one."""
        for camera in edge:
            self._said.pop(camera.source, None)
