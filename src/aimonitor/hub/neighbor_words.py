"""What hubs say to each other.

On the wire: channel `all` carries JSON with `hub` (who says it) and one of `wants` (every two seconds, with the
`edges` at its door), `asks` (introduce yourself, or what I lack of you), `presence`, `status`, `layout`, `news`,
`marked`, `command`, `result`; channels `figures <source>`, `picture <source>` and `thermogram <source>` carry messages
as the edge sent them.
"""

import msgspec

from aimonitor.contract import messages
from aimonitor.contract.overlays import Layout


class Wants(msgspec.Struct, frozen=True):
    """What the viewers of a hub want of edges elsewhere: rung by source, and of everything; layers by source."""

    by_source: dict[str, str] = {}
    everything: str = ""
    layers: dict[str, tuple[str, ...]] = {}


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line on the common channel: from `hub`, and only to the hub `to` where that is given.

    lacks: of the edges that were named, those of which `hub` has heard nothing; a hub that does not know this field
    tells everything
    """

    hub: str
    to: str = ""
    wants: Wants | None = None
    edges: tuple[str, ...] = ()
    asks: bool = False
    lacks: tuple[str, ...] = ()
    presence: messages.Presence | None = None
    status: messages.Status | None = None
    layout: Layout | None = None
    news: str = ""
    marked: str = ""
    command: messages.Command | None = None
    result: messages.CommandResult | None = None
    edge: str = ""


DECODER = msgspec.json.Decoder(Said)
