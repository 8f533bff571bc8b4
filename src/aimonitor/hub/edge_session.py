"""What each message of a connected v2 edge does."""

from collections.abc import Callable

import aimonitor
from aimonitor.contract import codec, delta, messages, seal
from aimonitor.contract.errors import ContractError
from aimonitor.contract.overlays import Layout, Thermogram
from aimonitor.hub.cameras import Edge
from aimonitor.hub.clock_offset import measure
from aimonitor.hub.commands import KNOWN
from aimonitor.hub.connection import Connection
from aimonitor.hub.intake import Intake
from aimonitor.hub.limits import POLICY_VIOLATION
from aimonitor.hub.outlet import LINE
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.roster import declare
from aimonitor.hub.stores.base import NewEvent
from aimonitor.hub.switchboard import EARLY_S, MISSED_HEARTBEATS, Switchboard

_RETURNING_PER_S = 12.0
"""Edges that a hub lets come back in a second on average; a crowd is asked to spread over as long as that takes."""
_SPREAD_CAP_S = 10.0
_SPREAD_NEWS_S = 0.5
_OFFSET_NEWS_S = 0.05
"""Viewers are told when an edge's clock offset has moved by this much."""


class EdgeSession:
    """One connection of an edge after its Hello: an EdgeLink for the hub, a Listener for the connection."""

    def __init__(
        self, edge: Edge, connection: Connection, intake: Intake, switchboard: Switchboard, *, sealed: bool
    ) -> None:
        """sealed: events and what acknowledges them carry a checksum on this connection."""
        self._sealed = sealed
        self._edge = edge
        self._connection = connection
        self._intake = intake
        self._switchboard = switchboard
        self._clock = switchboard.clock
        self._pinged_at = self._heard_at = self._clock.monotonic()
        self._acked_seq = 0
        self._spread_s = 0.0
        self._told_offset_s: float | None = None
        self._told_trouble = False
        self._actions: dict[type, Callable[..., None]] = {
            messages.Observation: self._observation,
            messages.Delta: self._delta,
            messages.Status: self._status,
            Layout: self._layout,
            Thermogram: self._thermogram,
            messages.Event: self._event,
            messages.Ping: self._ping,
            messages.Pong: self._pong,
            messages.CommandResult: self._result,
            messages.Cameras: self._cameras,
        }

    def welcome(self) -> None:
        """Answer the Hello, and later say anew how far the edges are to spread when they come back."""
        self._acked_seq = self._intake.acked_seq
        self._spread_s = self._crowd_s
        welcome = messages.Welcome(
            software=f"aimonitor-{aimonitor.__version__}",
            at=self._clock.utc(),
            edge_id=self._edge.edge_id,
            heartbeat_s=self._switchboard.heartbeat_s,
            acked_seq=self._acked_seq,
            commands=KNOWN,
            spread_s=self._spread_s,
        )
        self.send(seal.seal(welcome) if self._sealed else welcome)

    @property
    def _crowd_s(self) -> float:
        return min(_SPREAD_CAP_S, self._switchboard.roster.online / _RETURNING_PER_S)

    # --- EdgeLink ---------------------------------------------------------------------------------------------------

    def send(self, message: messages.AnyMessage) -> None:
        """Send a message in its turn; of attention for one camera the newest wins."""
        parcel = Parcel(codec.encode(message))
        if isinstance(message, messages.Attention):
            self._put(f"attention {self._edge.edge_id}/{message.camera_id}", parcel)
        else:
            written = self._connection.outlet.say(parcel)
            self._switchboard.counters.sent(LINE, len(parcel.wire), written)

    def _put(self, slot: str, parcel: Parcel) -> None:
        written = self._connection.outlet.put(slot, parcel)
        self._switchboard.counters.sent(slot, len(parcel.wire), written)

    def stored(self, seq: int) -> None:
        """The store has event `seq`: acknowledge as far as there is no gap. Acks overtake each other."""
        acked_seq = self._intake.acked_seq
        if acked_seq != self._acked_seq or seq <= acked_seq:
            self._acked_seq = acked_seq
            ack = messages.Ack(acked_seq)
            self._put(f"ack {self._edge.edge_id}", Parcel(codec.encode(seal.seal(ack) if self._sealed else ack)))

    def tick(self, at: float) -> None:
        """Ping, ask for missing events, and let go of a silent edge."""
        heartbeat_s = self._switchboard.heartbeat_s
        if at - self._heard_at > MISSED_HEARTBEATS * heartbeat_s:
            self._switchboard.counters.edges_silent += 1
            self._connection.close(POLICY_VIOLATION, f"silent for {MISSED_HEARTBEATS} heartbeats")
            self._switchboard.edge_left(self._edge, self)
            return
        if at - self._pinged_at >= heartbeat_s - EARLY_S:
            self._pinged_at = at
            if abs(self._crowd_s - self._spread_s) > _SPREAD_NEWS_S:
                self.welcome()
            self._put(f"ping {self._edge.edge_id}", Parcel(codec.encode(messages.Ping(self._clock.utc()))))
        self._mind_events(at)

    def _mind_events(self, at: float) -> None:
        """Ask for what is missing, acknowledge what was found to be there; or say once that the store is in trouble."""
        trouble = self._switchboard.history.trouble
        if trouble and not self._intake.lacks_some:
            trouble = ""
        if trouble and not self._told_trouble:
            self.send(messages.Refusal("$.seq", "a store that can take it: keep it", trouble[:1000]))
        self._told_trouble = bool(trouble)
        if trouble:
            return
        refill = self._intake.refill(at, self._heard_at)
        if refill is not None:
            self._switchboard.counters.refills_asked += 1
            self.send(refill)
        self._switchboard.counters.events_unavailable += self._intake.unavailable
        self._intake.unavailable = 0
        if self._intake.acked_seq > self._acked_seq:
            self.stored(0)

    def close(self, code: int, reason: str) -> None:
        """Let the connection go."""
        self._connection.close(code, reason)

    # --- Listener ---------------------------------------------------------------------------------------------------

    def take(self, data: str | bytes, at: float) -> None:
        """One message of the edge; raises ContractError."""
        self._heard_at = self._edge.heard_at = at
        traffic = self._switchboard.counters.traffic
        if isinstance(data, bytes):
            source = self._switchboard.picture(self._edge, data, at)
            traffic.came(f"picture {source}", data, at)
            return
        message = codec.decode(data)
        if isinstance(message, codec.Unknown):
            self._switchboard.counters.unknown_messages += 1
            return
        action = self._actions.get(type(message))
        if action is None:
            raise ContractError("$.type", "a message that an edge sends", type(message).__name__.lower())
        action(message, data)
        source = getattr(message, "source", self._edge.edge_id)
        traffic.came(f"{_heading(message)} {source}", data, at)

    def refuse(self, error: ContractError) -> None:
        """Tell the edge why a message was not accepted."""
        self.send(messages.Refusal(error.field[:1000], error.expected[:1000], error.got[:1000]))

    def _observation(self, said: messages.Observation, text: str) -> None:
        self._switchboard.observation(self._edge, said, text)

    def _delta(self, short: messages.Delta, _: str) -> None:
        """Figures as what changed: made whole again for viewers; of no use without the ones before."""
        camera = self._edge.cameras.get(short.source.partition("/")[2])
        whole = delta.apply(camera.said, short) if camera is not None and camera.said is not None else None
        if whole is None:
            self._switchboard.counters.deltas_lost += 1
        else:
            self._switchboard.observation(self._edge, whole, codec.encode(whole))

    def _status(self, status: messages.Status, text: str) -> None:
        self._switchboard.status(self._edge, status, text)

    def _layout(self, said: Layout, text: str) -> None:
        self._switchboard.layout(self._edge, said.source, text)

    def _thermogram(self, said: Thermogram, text: str) -> None:
        self._switchboard.thermogram(self._edge, said.source, text)

    def _event(self, event: messages.Event, text: str) -> None:
        edge_id = event.source.partition("/")[0]
        if edge_id != self._edge.edge_id:
            raise ContractError("$.source", f"{self._edge.edge_id}/<camera_id>", repr(event.source))
        seal.verify(event, text, required=self._sealed)
        self._intake.came(event.seq, self._clock.monotonic())
        self._switchboard.history.submit(NewEvent(edge_id, event.seq, event.source, self._clock.utc(), text))

    def _ping(self, ping: messages.Ping, _: str) -> None:
        now = self._clock.utc()
        self._put(f"pong {self._edge.edge_id}", Parcel(codec.encode(messages.Pong(ping.sent_at, now, now))))

    def _pong(self, pong: messages.Pong, _: str) -> None:
        self._edge.clock.add(measure(pong.sent_at, pong.received_at, pong.replied_at, self._clock.utc()))
        offset_s, told_s = self._edge.clock.offset_s, self._told_offset_s
        if offset_s is not None and (told_s is None or abs(offset_s - told_s) > _OFFSET_NEWS_S):
            self._told_offset_s = offset_s
            self._switchboard.show_presence(self._edge)

    def _cameras(self, said: messages.Cameras, _: str) -> None:
        declare(self._edge, said.cameras)
        self._switchboard.show_presence(self._edge)

    def _result(self, result: messages.CommandResult, _: str) -> None:
        self._switchboard.result(self._edge, result)


def _heading(message: messages.AnyMessage | codec.Unknown) -> str:
    """The kind of a message on the receipt."""
    match message:
        case messages.Observation():
            return "figures"
        case messages.Status() | messages.Event() | Layout() | Thermogram():
            return type(message).__name__.lower()
        case _:
            return "control"
