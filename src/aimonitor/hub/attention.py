"""What viewers' wishes ask of the edges: an `Attention` when it changes, and again before it lapses."""

from collections.abc import Callable

import msgspec

from aimonitor.contract import messages
from aimonitor.hub.cameras import Edge

LEASE_S = 15.0
_RENEW_S = LEASE_S / 3


class _Said(msgspec.Struct, frozen=True):
    rung: str
    layers: tuple[str, ...]
    at: float


class AttentionDesk:
    """Knows what each camera of the edges that are here was told last."""

    def __init__(self, rung_of: Callable[[str], str], layers_of: Callable[[str], tuple[str, ...]]) -> None:
        self._rung_of = rung_of
        self._layers_of = layers_of
        self._said: dict[str, dict[str, _Said]] = {}
        """By edge and camera."""
        self._renew_at: dict[str, float] = {}
        """By edge: when the first of it is to be said again."""

    def renewal(self, edge: Edge, at: float) -> list[messages.Attention]:
        """As `due`, while nobody's wish has changed; costs next to nothing as long as nothing lapses."""
        if at < self._renew_at.get(edge.edge_id, at) and self._said[edge.edge_id].keys() == edge.cameras.keys():
            return []
        return self.due(edge, at)

    def due(self, edge: Edge, at: float) -> list[messages.Attention]:
        """What to tell `edge` now; what is returned counts as told."""
        before, self._said[edge.edge_id] = self._said.get(edge.edge_id, {}), {}
        due, renew_at = [], float("inf")
        for camera_id, camera in edge.cameras.items():
            rung, layers = self._rung_of(camera.source), self._layers_of(camera.source)
            said = before.get(camera_id, _Said("metadata", (), at))
            lapses = rung != "metadata" or layers != ()
            if (rung, layers) != (said.rung, said.layers) or (lapses and at - said.at >= _RENEW_S):
                said = _Said(rung, layers, at)
                due.append(messages.Attention(camera_id, rung, LEASE_S, layers))
            self._said[edge.edge_id][camera_id] = said
            renew_at = min(renew_at, said.at + _RENEW_S) if lapses else renew_at
        self._renew_at[edge.edge_id] = renew_at
        return due

    def forget(self, edge: Edge) -> None:
        """The edge is gone, or has a new connection and knows nothing of what was said on the old one."""
        self._said.pop(edge.edge_id, None)
        self._renew_at.pop(edge.edge_id, None)
