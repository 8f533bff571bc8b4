"""Which of the hub's settings an edit of the file changes while it runs, and how; the rest waits for a restart."""

from pathlib import Path

import msgspec

from aimonitor.hub.edge_socket import EdgeDoor
from aimonitor.hub.identity.tokens import Tokens
from aimonitor.hub.limits import Places
from aimonitor.hub.settings import HubSettings
from aimonitor.hub.switchboard import Switchboard
from aimonitor.hub.viewer_socket import ViewerDoor

KEYS = frozenset(
    {
        "tokens",
        "max_connections",
        "max_connections_per_address",
        "stalled_viewer_s",
        "edge_messages_per_s",
        "viewer_messages_per_s",
    }
)


def state_file(settings: HubSettings) -> Path | None:
    """The file beside which the hub keeps a copy of its settings; None for a hub without a disk."""
    return None if settings.history_path == ":memory:" else Path(settings.history_path.removeprefix("sqlite:///"))


class Live(msgspec.Struct, frozen=True):
    """The parts that can change. Connections that are there keep their pace; those of a token that is gone end."""

    board: Switchboard
    tokens: Tokens
    places: Places
    edge_door: EdgeDoor
    viewer_door: ViewerDoor

    def adopt(self, settings: HubSettings) -> None:
        """Follow `settings` as far as KEYS go."""
        self.tokens.set_fixed(settings.tokens)
        self.places.resize(settings.max_connections, settings.connections_per_address)
        self.board.stalled_viewer_s = settings.stalled_viewer_s
        self.edge_door.adopt(settings)
        self.viewer_door.adopt(settings)
