"""What the hub counts. Every drop, refusal and limit has a number here; names are the metric names."""

from dataclasses import dataclass, field, fields

from aimonitor.common.histogram import Histogram
from aimonitor.hub.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Waits:
    """How long things take, in seconds.

    stored: from the arrival of an event until the store has it
    under_way: from the capture of a picture until it is here, where the edge's clock offset is known
    tick: how late the event loop came to a tick that was due
    """

    stored: Histogram = field(default_factory=Histogram)
    under_way: Histogram = field(default_factory=Histogram)
    tick: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Counters:
    """Totals since the start; written by the event loop only."""

    edges_connected: int = 0
    edges_refused: int = 0
    edges_replaced: int = 0
    edges_silent: int = 0
    viewers_connected: int = 0
    viewers_refused: int = 0
    viewers_stalled: int = 0
    frames_in: int = 0
    observations_in: int = 0
    founding_in: int = 0
    messages_out: int = 0
    messages_replaced: int = 0
    """Pictures and figures that a newer one replaced before a slow viewer could take them."""
    messages_held: int = 0
    """Pictures that waited because the viewer had not yet acknowledged the ones before."""
    messages_dropped: int = 0
    """Lines that fell out of a full outbox of a slow viewer."""
    unknown_messages: int = 0
    contract_errors: int = 0
    rate_limited: int = 0
    events_stored: int = 0
    events_duplicate: int = 0
    events_early: int = 0
    deltas_lost: int = 0
    """Figures that told only what changed since others that never came."""
    events_refused: int = 0
    """Events that the store could not take; not acknowledged, so the edge keeps them."""
    events_unavailable: int = 0
    """Events that an edge numbered but can no longer resend."""
    events_lost_by_store: int = 0
    """Events that the store had and has no more; their edges are asked for them."""
    journals_forgotten: int = 0
    """Numberings of absent edges that the store is asked for anew when they come back: there were too many."""
    refills_asked: int = 0
    samples_stored: int = 0
    samples_dropped: int = 0
    """Seconds of figures that fell out while the store was away for long."""
    media_asked: int = 0
    """Files of incidents that an edge was asked for."""
    media_stored: int = 0
    media_served: int = 0
    push_sent: int = 0
    """Notices that push services took (web push)."""
    push_failed: int = 0
    """Notices that no push service took, tried three times where that could help."""
    push_dropped: int = 0
    """Notices that fell out because a browser's push service was too slow."""
    push_unsubscribed: int = 0
    """Notices for browsers that the push service no longer knows; they are told nothing more."""
    commands: int = 0
    commands_failed: int = 0

    traffic: Traffic = field(default_factory=Traffic)
    waits: Waits = field(default_factory=Waits)

    def sent(self, slot: str, size: int, messages: int = 1) -> None:
        """`messages` messages of `size` bytes each went out."""
        self.messages_out += messages
        self.traffic.went(slot, size, messages)

    def snapshot(self) -> dict[str, int]:
        """All counters by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("traffic", "waits")}
