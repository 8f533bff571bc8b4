"""`/ws`: the door for viewers. No subprotocol: founding JSON; `aimonitor.v2`: everything as the edges sent it."""

from starlette.websockets import WebSocket

import aimonitor
from aimonitor.contract import codec, messages
from aimonitor.contract.errors import ContractError
from aimonitor.hub.audience import LAYERS, Wish
from aimonitor.hub.cameras import Camera
from aimonitor.hub.commands import KNOWN, OPERATORS
from aimonitor.hub.connection import Connection
from aimonitor.hub.founding_bridge import Pair
from aimonitor.hub.identity.attendance import Present
from aimonitor.hub.identity.guard import Guard, deny
from aimonitor.hub.identity.roles import Refused, Role
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.relay import Viewer
from aimonitor.hub.settings import HubSettings
from aimonitor.hub.switchboard import Switchboard

_LEASE_MIN_S = 1.0
_LEASE_MAX_S = 300.0


class ViewerDoor:
    """Lets viewers in."""

    def __init__(self, switchboard: Switchboard, guard: Guard, settings: HubSettings) -> None:
        self._switchboard = switchboard
        self._guard = guard
        self._settings = settings

    def adopt(self, settings: HubSettings) -> None:
        """Follow edited settings, for connections to come."""
        self._settings = settings

    async def serve(self, websocket: WebSocket) -> None:
        """One viewer from its handshake to its end."""
        try:
            caller = await self._guard.viewer(websocket)
        except Refused as refusal:
            self._switchboard.counters.viewers_refused += 1
            await deny(websocket, refusal)
            return
        ours = messages.SUBPROTOCOL in websocket.scope["subprotocols"]
        await websocket.accept(messages.SUBPROTOCOL if ours else None)
        board = self._switchboard
        connection = Connection(websocket, board.clock, board.counters, self._settings.viewer_messages_per_s)
        viewer = board.relay.join(connection.address, connection.outlet, connection.close, founding=not ours)
        board.counters.viewers_connected += 1
        with self._guard.identity.attendance.present(caller, connection.close) as present:
            session = ViewerSession(viewer, present, connection, board) if ours else _Deaf(board)
            (self._greet if ours else self._greet_founding)(viewer)
            board.follow_viewers()
            try:
                await connection.run(connection.listen(session))
            finally:
                board.relay.leave(viewer)
                board.follow_viewers()

    def _greet(self, viewer: Viewer) -> None:
        """What a viewer of ours is told at first: every edge, and the newest of every camera."""
        board = self._switchboard
        welcome = messages.Welcome(
            software=f"aimonitor-{aimonitor.__version__}",
            at=board.clock.utc(),
            heartbeat_s=board.heartbeat_s,
            commands=KNOWN,
        )
        viewer.outlet.say(Parcel(codec.encode(welcome)))
        for edge in board.roster:
            viewer.outlet.put(f"presence {edge.edge_id}", Parcel(codec.encode(edge.presence())))
            for camera in edge:
                _show_newest(viewer, camera)

    def _greet_founding(self, viewer: Viewer) -> None:
        """The newest founding message of every camera that is online."""
        for edge in self._switchboard.roster:
            for camera in edge if edge.online else ():
                text = camera.founding_text
                if not text and camera.said and camera.header:
                    header = camera.header
                    text = Pair(camera.said, header.frame_id, header.captured_at, camera.jpeg()).compose()
                if text:
                    viewer.outlet.put(f"founding {camera.source}", Parcel(text))


def _show_newest(viewer: Viewer, camera: Camera) -> None:
    camera.translate()
    source = camera.source
    if camera.status:
        viewer.outlet.put(f"status {source}", Parcel(codec.encode(camera.status)))
    if camera.layout_text:
        viewer.outlet.put(f"layout {source}", Parcel(camera.layout_text))
    if camera.said:
        viewer.outlet.put(f"figures {source}", Parcel(camera.said_text))
    if camera.frame:
        viewer.outlet.put(f"picture {source}", Parcel(camera.frame))


class _Deaf:
    """Founding viewers have nothing to say; what they say anyway is counted."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._counters = switchboard.counters

    def take(self, data: str | bytes, at: float) -> None:
        self._counters.unknown_messages += 1

    def refuse(self, error: ContractError) -> None:
        """Nothing is ever refused."""


class ViewerSession:
    """What each message of a v2 viewer does."""

    def __init__(self, viewer: Viewer, present: Present, connection: Connection, switchboard: Switchboard) -> None:
        self._viewer = viewer
        self._present = present
        self._connection = connection
        self._switchboard = switchboard
        self._clock = switchboard.clock

    def take(self, data: str | bytes, at: float) -> None:
        """One message of the viewer; raises ContractError."""
        if isinstance(data, bytes):
            raise ContractError("$", "a text message", f"{len(data)} binary bytes")
        match codec.decode(data):
            case messages.Seen(source=source, frame_id=frame_id):
                self._switchboard.relay.seen(self._viewer, source, frame_id, at)
            case messages.Subscribe() as wanted:
                self._subscribe(wanted)
            case messages.Command() as command:
                self._command(command)
            case messages.Ping(sent_at=sent_at):
                now = self._clock.utc()
                self._connection.say(codec.encode(messages.Pong(sent_at, now, now)))
            case codec.Unknown():
                self._switchboard.counters.unknown_messages += 1
            case other:
                raise ContractError("$.type", "a message that a viewer sends", type(other).__name__.lower())

    def refuse(self, error: ContractError) -> None:
        """Tell the viewer why a message was not accepted."""
        self._connection.say(
            codec.encode(messages.Refusal(error.field[:1000], error.expected[:1000], error.got[:1000]))
        )

    def _command(self, command: messages.Command) -> None:
        caller = self._present.caller
        who = self._viewer.address if caller.kind == "local" else caller.name
        needed = Role.OPERATOR if command.name in OPERATORS else Role.ADMIN
        if caller.may(needed):
            self._switchboard.command(self._viewer, command, who)
        else:
            words = f"only for {needed} or above; {caller.name} is {caller.role}"
            self._switchboard.refuse_command(self._viewer, command, who, words, "forbidden")

    def _subscribe(self, wanted: messages.Subscribe) -> None:
        lease_s = min(max(wanted.lease_s, _LEASE_MIN_S), _LEASE_MAX_S)
        until, layers = self._clock.monotonic() + lease_s, LAYERS.intersection(wanted.layers)
        wish = Wish(frozenset(wanted.sources), wanted.everything, wanted.rung, until, layers)
        self._switchboard.subscribe(self._viewer, wish)
