"""Several hubs as one: an edge or viewer may be at any of them.

Every hub says to the others, on the common channel, which edges are at its door and what its viewers want of edges
that are at another's. Figures and pictures are said on a channel of their own, only where somebody wants them. To the
rest of the hub an edge elsewhere is an edge whose link is a `FarLink`, and the viewers elsewhere are one viewer for
each hub and rung, whose way out is the bus.
"""

import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.contract import codec, messages
from aimonitor.contract.errors import ContractError
from aimonitor.contract.overlays import Layout, Thermogram
from aimonitor.hub.audience import LAYERS, RUNGS, Wish
from aimonitor.hub.buses import Bus
from aimonitor.hub.cameras import Edge
from aimonitor.hub.limits import REPLACED
from aimonitor.hub.neighbor_words import DECODER, Said, Wants
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.relay import Viewer
from aimonitor.hub.roster import RosterFullError, declare
from aimonitor.hub.sink import Sink, no_change
from aimonitor.hub.switchboard import Switchboard

_SAY_EVERY_S = 2.0
_GONE_AFTER_S = 7.0
_STILL_S = 10.0
"""For so long pictures of a camera elsewhere are wanted after somebody asked here for one."""
_LINES_AT_ONCE = 500
"""Fewer than wait at the bus: of more, the oldest would be lost, and asked for again for ever."""
_SOURCE = re.compile(r'"source":"([^"/]+)/')
_MARKED = b'{"type":"marked"'
"""Said by the hub where the mark was made (`tell`), which need not be the one that the edge is at."""


class FarLink:
    """The way to an edge that is at another hub's door: commands only, everything else is its own hub's business."""

    def __init__(self, neighbors: "Neighbors", hub: str) -> None:
        self._neighbors = neighbors
        self.hub = hub

    def send(self, message: messages.AnyMessage) -> None:
        if isinstance(message, messages.Command):
            self._neighbors.forward(self.hub, message)

    def stored(self, seq: int) -> None:
        """Its own hub acknowledges."""

    def tick(self, at: float) -> None:
        """Its own hub keeps the heartbeat."""

    def close(self, code: int, reason: str) -> None:
        """Its own hub holds the connection."""


class _Outward:
    """The outlet of the viewers elsewhere: says each message once on the bus, however many hubs want it."""

    def __init__(self, neighbors: "Neighbors") -> None:
        self._neighbors = neighbors
        self._last: dict[str, Parcel] = {}
        self.sink = Sink()  # never ready: everything goes through `put`
        self.stalled_since: float | None = None
        self.on_stall: Callable[[], None] = no_change

    def put(self, slot: str, parcel: Parcel) -> bool:
        if self._last.get(slot) is not parcel:
            self._last[slot] = parcel
            self._neighbors.pass_on(slot, parcel.payload)
        return True

    def say(self, parcel: Parcel) -> bool:
        if self._last.get("news") is not parcel:
            self._last["news"] = parcel
            self._neighbors.pass_on("news", parcel.payload)
        return True

    def forget(self) -> None:
        """Let go of what was handed to every hub long ago: it may be pictures of cameras that are gone."""
        self._last.clear()


_Seat = tuple[str, tuple[str, ...]]
"""Rung and layers."""


@dataclass(slots=True)
class _Neighbor:
    heard_at: float
    wants: Wants = field(default_factory=Wants)
    viewers: dict[_Seat, Viewer] = field(default_factory=dict)


class Neighbors:
    """This hub among others. Every method is called on the event loop and returns at once."""

    def __init__(self, switchboard: Switchboard, bus: Bus, clock: Clock) -> None:
        self._board = switchboard
        self._bus = bus
        self._clock = clock
        self._hub = f"h{secrets.token_hex(4)}"
        self._others: dict[str, _Neighbor] = {}
        self._outward = _Outward(self)
        switchboard.relay.join("other hubs", self._outward, _stay, founding=False)  # presence, status and news, always
        self._said_at = float("-inf")
        self._wants = Wants()
        self._stills: dict[str, float] = {}
        """Until when stills of a source elsewhere are wanted."""

    async def run(self) -> None:
        """Live among the others until cancelled."""
        await self._bus.run(self.hear, self._returned)

    def _returned(self) -> None:
        """The bus carries again: the others were not silent, they could not be heard."""
        for other in self._others.values():
            other.heard_at = self._clock.monotonic()
        self.introduce()

    @property
    def connected(self) -> bool:
        return self._bus.connected

    @property
    def guests(self) -> int:
        """How many of the relay's viewers are hubs."""
        return 1 + sum(len(other.viewers) for other in self._others.values())

    # --- what we say ------------------------------------------------------------------------------------------------

    def introduce(self, edge_ids: Collection[str] = ()) -> None:
        """Tell the others about our edges, or about these, and what we want. They ask for what was too much at once."""
        lines = 0
        for edge in self._board.roster:
            if edge.hub or (edge_ids and edge.edge_id not in edge_ids):
                continue
            lines += self._introduce(edge)
            if lines >= _LINES_AT_ONCE:
                break
        self._say_wants()

    def _introduce(self, edge: Edge) -> int:
        """Tell the others about an edge; returns in how many lines."""
        about = [Said(self._hub, presence=edge.presence())]
        for camera in edge:
            if camera.status is not None:
                about.append(Said(self._hub, status=camera.status))
            if camera.layout_text:
                about.append(Said(self._hub, layout=msgspec.json.decode(camera.layout_text, type=Layout)))
            if camera.said_text:
                self._bus.say(f"figures {camera.source}", camera.said_text.encode())
        for line in about:
            self._say(line)
        return len(about)

    def _say_wants(self) -> None:
        ours = tuple(edge.edge_id for edge in self._board.roster if edge.online and not edge.hub)
        self._said_at = self._clock.monotonic()
        self._say(Said(self._hub, wants=self._wants, edges=ours))

    def pass_on(self, slot: str, payload: str | bytes) -> None:
        """A message that the relay has for viewers elsewhere; said only when it is of an edge at our door."""
        data = payload.encode() if isinstance(payload, str) else payload
        kind, _, about = slot.partition(" ")
        if kind == "news":
            found = _SOURCE.search(data.decode())
            if found and self._is_ours(found[1]) and not data.startswith(_MARKED):
                self._say(Said(self._hub, news=data.decode()))
            return
        if not self._is_ours(about.partition("/")[0]):
            return
        if kind in ("figures", "picture", "thermogram"):
            self._bus.say(slot, data)
        elif kind == "presence":
            self._say(Said(self._hub, presence=msgspec.json.decode(data, type=messages.Presence)))
        elif kind == "status":
            self._say(Said(self._hub, status=msgspec.json.decode(data, type=messages.Status)))
        elif kind == "layout":
            self._say(Said(self._hub, layout=msgspec.json.decode(data, type=Layout)))

    def tell(self, marked: str) -> None:
        """A mark that was made here, for the viewers of all hubs."""
        self._say(Said(self._hub, marked=marked))

    def forward(self, hub: str, command: messages.Command) -> None:
        """A command for an edge at another hub's door; its number carries our name, so that the result finds back."""
        if command.name == "snapshot":
            self.want_still(command.source)
        numbered = msgspec.structs.replace(command, command_id=f"{self._hub}.{command.command_id}")
        self._say(Said(self._hub, to=hub, command=numbered))

    def want_still(self, source: str) -> None:
        """Somebody here looks for the newest picture of a camera, without watching it: have them come for a while."""
        edge = self._board.roster.get(source.partition("/")[0])
        if edge is not None and edge.hub:
            self._stills[source] = self._clock.monotonic() + _STILL_S
            self._wants, channels = self._our_wants()
            self._bus.listen_to(channels)
            self._say_wants()

    def result(self, edge_id: str, result: messages.CommandResult) -> None:
        """An edge at our door answers a command that nobody here asked."""
        hub, dot, number = result.command_id.partition(".")
        if dot and hub in self._others:
            answer = msgspec.structs.replace(result, command_id=number)
            self._say(Said(self._hub, to=hub, result=answer, edge=edge_id))

    def _say(self, said: Said) -> None:
        self._bus.say("all", msgspec.json.encode(said))

    def _is_ours(self, edge_id: str) -> bool:
        edge = self._board.roster.get(edge_id)
        return edge is not None and not edge.hub

    # --- what we hear -----------------------------------------------------------------------------------------------

    def hear(self, channel: str, data: bytes) -> None:
        """Something was said on a channel that we listen to."""
        try:
            if channel == "all":
                self._hear_line(DECODER.decode(data))
            elif not self._is_ours(channel.partition(" ")[2].partition("/")[0]):
                self._hear_edge(channel, data)
        except (msgspec.MsgspecError, ContractError, RosterFullError):
            self._board.counters.contract_errors += 1

    def _hear_edge(self, channel: str, data: bytes) -> None:
        edge = self._board.roster.get(channel.partition(" ")[2].partition("/")[0])
        if edge is None:
            return
        if channel.startswith("picture "):
            self._board.picture(edge, data, self._clock.monotonic())
            return
        said = codec.decode(data)
        if isinstance(said, messages.Observation):
            self._board.observation(edge, said, data.decode())
        elif isinstance(said, Thermogram):
            self._board.thermogram(edge, said.source, data.decode())

    def _hear_line(self, said: Said) -> None:
        if said.hub == self._hub or said.to not in ("", self._hub):
            return
        other = self._others.get(said.hub)
        if other is None:
            other = self._others[said.hub] = _Neighbor(self._clock.monotonic())
            self.introduce()
        other.heard_at = self._clock.monotonic()
        if said.asks:
            self.introduce(frozenset(said.lacks))
        if said.wants is not None:
            other.wants = said.wants
            self._seat(said.hub, other)
            self._compare(said.hub, set(said.edges))
        if said.presence is not None:
            self._hear_presence(said.hub, said.presence)
        if said.status is not None and (edge := self._edge_at(said.hub, said.status.source)):
            self._board.status(edge, said.status, codec.encode(said.status))
        if said.layout is not None and (edge := self._edge_at(said.hub, said.layout.source)):
            self._board.layout(edge, said.layout.source, codec.encode(said.layout))
        for line in filter(None, (said.news, said.marked)):
            self._board.relay.tell_all(line)
        self._hear_command(said)

    def _edge_at(self, hub: str, source: str) -> Edge | None:
        edge = self._board.roster.get(source.partition("/")[0])
        return edge if edge is not None and edge.hub == hub else None

    def _compare(self, hub: str, named: set[str]) -> None:
        """Know of exactly the edges that another hub names: what was said while we were away is made good."""
        known = {edge.edge_id for edge in self._board.roster if edge.hub == hub and edge.online}
        for edge_id in known - named:
            edge = self._board.roster.get(edge_id)
            if edge is not None:
                self._lose(edge)
        lacks = tuple(edge_id for edge_id in named - known if not self._is_ours_now(edge_id))
        if lacks:
            self._say(Said(self._hub, to=hub, asks=True, lacks=lacks))

    def _is_ours_now(self, edge_id: str) -> bool:
        edge = self._board.roster.get(edge_id)
        return edge is not None and not edge.hub and edge.online

    def _hear_presence(self, hub: str, presence: messages.Presence) -> None:
        edge = self._board.roster.edge(presence.edge_id, presence.since)
        if not presence.online:
            if edge.hub == hub:
                self._lose(edge)
            return
        if not edge.hub and edge.links:
            if presence.since < edge.since:  # said before that hub heard of its move to us
                return
            for link in tuple(edge.links):  # it has moved, and its old connection to us is dead
                link.close(REPLACED, "the edge is at another hub now")
        edge.hub, edge.links = hub, [FarLink(self, hub)]
        edge.online, edge.since, edge.protocol = True, presence.since, "v2"
        edge.far_offset_s, edge.far_protocol = presence.clock_offset_s, presence.protocol
        edge.trouble = presence.trouble
        declare(edge, presence.cameras)
        self._board.show_presence(edge)

    def _hear_command(self, said: Said) -> None:
        if said.command is not None:
            edge = self._board.roster.get(said.command.source.partition("/")[0])
            if edge is not None and edge.links and not edge.hub:
                if said.command.name == "snapshot":
                    for viewer in self._others[said.hub].viewers.values():
                        viewer.shown_at.pop(said.command.source, None)  # the next picture is the one that was asked for
                edge.links[-1].send(said.command)
        if said.result is not None:
            edge = self._board.roster.get(said.edge)
            if edge is not None:
                self._board.result(edge, said.result)

    def _lose(self, edge: Edge) -> None:
        edge.links.clear()
        self._board.edge_left(edge, None)

    # --- viewers elsewhere, and ours of edges elsewhere -------------------------------------------------------------

    def _seat(self, hub: str, other: _Neighbor) -> None:
        """Give the viewers of another hub their seats here: one for all who want the same, of edges at our door."""
        at = self._clock.monotonic()
        seats: dict[_Seat, set[str]] = {}
        for edge in self._board.roster:
            for camera in edge if not edge.hub else ():
                wanted = {other.wants.everything, other.wants.by_source.get(camera.source, "")} & set(RUNGS)
                if wanted:
                    seat = max(wanted, key=RUNGS.index), other.wants.layers.get(camera.source, ())
                    seats.setdefault(seat, set()).add(camera.source)
        for seat in other.viewers.keys() - seats.keys():
            self._board.relay.leave(other.viewers.pop(seat))
        for seat, sources in seats.items():
            viewer = other.viewers.get(seat)
            if viewer is None:
                viewer = self._board.relay.join(hub, self._outward, _stay, founding=False)
                other.viewers[seat] = viewer
            rung, layers = seat[0], LAYERS.intersection(seat[1])
            wish = Wish(frozenset(sources), rung=rung, until=at + _GONE_AFTER_S, layers=layers)
            self._board.relay.want(viewer, wish)

    def tick(self, at: float) -> None:
        """Say what we want when it changed or is due, seat the others anew, forget the silent ones."""
        self._outward.forget()
        wants, channels = self._our_wants()
        self._bus.listen_to(channels)
        if wants != self._wants or at - self._said_at >= _SAY_EVERY_S:
            self._wants = wants
            self._say_wants()
            for hub, other in self._others.items():
                self._seat(hub, other)
        if not self._bus.connected:
            return
        for hub, other in list(self._others.items()):
            if at - other.heard_at > _GONE_AFTER_S:
                del self._others[hub]
                self._forget(hub, other)

    def _forget(self, hub: str, other: _Neighbor) -> None:
        for viewer in other.viewers.values():
            self._board.relay.leave(viewer)
        for edge in list(self._board.roster):
            if edge.hub == hub:
                self._lose(edge)

    def _our_wants(self) -> tuple[Wants, set[str]]:
        """What our viewers want of edges elsewhere, and the channels where it is said."""
        relay, channels, by_source = self._board.relay, {"all"}, {}
        layers: dict[str, tuple[str, ...]] = {}
        now = self._clock.monotonic()
        self._stills = {source: until for source, until in self._stills.items() if until > now}
        for edge in self._board.roster:
            for camera in edge if edge.hub else ():
                rung, still = relay.rung(camera.source), camera.source in self._stills
                if still and rung == "metadata":
                    rung = "thumbnail"
                if still or relay.watched(camera.source) or relay.founding_viewers:
                    by_source[camera.source] = rung
                    channels.add(f"figures {camera.source}")
                    if rung != "metadata":
                        channels.add(f"picture {camera.source}")
                    if wanted := relay.layers(camera.source):
                        layers[camera.source] = wanted
                        channels.add(f"thermogram {camera.source}")
        return Wants(by_source, layers=layers), channels


def _stay(_code: int, _reason: str) -> None:
    """There is no connection that could be closed."""
