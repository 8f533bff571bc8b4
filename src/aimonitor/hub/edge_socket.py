"""`/ws/laptop`: the door for edges. Decides who it is and which format it speaks, then hands over to a session."""

import asyncio
import logging

from starlette.websockets import WebSocket

from aimonitor.contract import codec, founding, messages, seal
from aimonitor.contract.errors import ContractError
from aimonitor.hub.connection import Connection
from aimonitor.hub.edge_session import EdgeSession
from aimonitor.hub.founding_session import DEFAULT_EDGE, FoundingSession
from aimonitor.hub.identity.guard import Guard, deny
from aimonitor.hub.identity.roles import Caller, Refused
from aimonitor.hub.identity.secret import token_of
from aimonitor.hub.intake import Intake
from aimonitor.hub.limits import POLICY_VIOLATION, REPLACED, TRY_AGAIN_LATER
from aimonitor.hub.roster import RosterFullError, declare, own_camera
from aimonitor.hub.settings import HubSettings
from aimonitor.hub.switchboard import Switchboard

log = logging.getLogger(__name__)

_FIRST_MESSAGE_S = 10.0
_FOUNDING_LINKS = 8
"""Connections of one founding client: nothing tells a new one from the one that it replaces."""


class EdgeDoor:
    """Lets edges in."""

    def __init__(self, switchboard: Switchboard, guard: Guard, settings: HubSettings) -> None:
        self._switchboard = switchboard
        self._guard = guard
        self._settings = settings

    def adopt(self, settings: HubSettings) -> None:
        """Follow edited settings, for connections to come."""
        self._settings = settings

    async def serve(self, websocket: WebSocket) -> None:
        """One edge from its handshake to its end."""
        try:
            self._guard.check_edge_socket(websocket)
        except Refused as refusal:
            await deny(websocket, refusal)
            return
        ours = messages.SUBPROTOCOL in websocket.scope["subprotocols"]
        await websocket.accept(messages.SUBPROTOCOL if ours else None)
        board = self._switchboard
        connection = Connection(websocket, board.clock, board.counters, self._settings.edge_messages_per_s)
        serve = self._serve_ours if ours else self._serve_founding
        await connection.run(serve(connection, websocket))

    # --- our own format ---------------------------------------------------------------------------------------------

    async def _serve_ours(self, connection: Connection, websocket: WebSocket) -> None:
        hello = await self._first(connection)
        if hello is None:
            return
        try:
            message = _read_hello(hello)
        except ContractError as error:
            self._switchboard.counters.contract_errors += 1
            connection.say(codec.encode(messages.Refusal(error.field, error.expected, error.got)))
            connection.close(POLICY_VIOLATION, "expected hello first")
            return
        caller = await self._check(connection, websocket, message.token)
        if caller is not None:
            with self._guard.identity.attendance.present(caller, connection.close):
                await self._converse(connection, message, caller.edge(message.edge_id))

    async def _converse(self, connection: Connection, hello: messages.Hello, edge_id: str) -> None:
        board = self._switchboard
        have = await board.history.recall(edge_id)
        try:
            edge = board.roster.edge(edge_id, board.clock.utc())
        except RosterFullError as error:
            connection.close(TRY_AGAIN_LATER, str(error)[:120])
            return
        for old in edge.links:
            board.counters.edges_replaced += 1
            old.close(REPLACED, "replaced by a newer connection of the same edge")
        edge.links.clear()
        edge.protocol, edge.software, edge.boot_id = "v2", hello.software, hello.boot_id
        edge.trouble = hello.trouble
        if hello.trouble:
            log.error("edge %s: %r", edge_id, hello.trouble)
        declare(edge, hello.cameras)
        intake = Intake(have, hello, self._settings.kept_events, board.clock.monotonic())
        if hello.journal_last:
            board.history.keep_order(edge_id, intake.floor)
        session = EdgeSession(edge, connection, intake, board, sealed=hello.sealed)
        session.welcome()
        board.edge_arrived(edge, session)
        try:
            await connection.listen(session)
        finally:
            board.edge_left(edge, session)

    # --- the founding format ----------------------------------------------------------------------------------------

    async def _serve_founding(self, connection: Connection, websocket: WebSocket) -> None:
        text: str | bytes | None = token_of(websocket.headers)
        if not text and not self._guard.is_open_to_edge(websocket):
            text = await self._first(connection)
        if text is None:
            return
        caller = await self._check(connection, websocket, text if isinstance(text, str) else "")
        if caller is not None:
            with self._guard.identity.attendance.present(caller, connection.close):
                await self._converse_founding(connection, caller.edge(DEFAULT_EDGE))

    async def _converse_founding(self, connection: Connection, edge_id: str) -> None:
        board = self._switchboard
        try:
            edge = board.roster.edge(edge_id, board.clock.utc())
        except RosterFullError as error:
            connection.close(TRY_AGAIN_LATER, str(error)[:120])
            return
        if len(edge.links) >= _FOUNDING_LINKS:
            connection.close(TRY_AGAIN_LATER, f"expected at most {_FOUNDING_LINKS} connections of one founding edge")
            return
        await board.prepare_founding(edge)
        if not edge.online:
            edge.protocol = "v1"
        own_camera(edge, messages.source_of(edge.edge_id, founding.DEFAULT_CAMERA))
        session = FoundingSession(edge, connection, board)
        board.edge_arrived(edge, session)
        try:
            await connection.listen(session)
        finally:
            board.edge_left(edge, session)

    # --- both -------------------------------------------------------------------------------------------------------

    async def _first(self, connection: Connection) -> str | bytes | None:
        try:
            async with asyncio.timeout(_FIRST_MESSAGE_S):
                return await connection.receive()
        except TimeoutError:
            connection.close(POLICY_VIOLATION, f"expected a first message within {_FIRST_MESSAGE_S:.0f} s")
            return None

    async def _check(self, connection: Connection, websocket: WebSocket, token: str) -> Caller | None:
        """Who holds the token; closes with 4001 when it is wrong or its sender has guessed too often."""
        try:
            return await self._guard.edge(token, websocket)
        except Refused as refusal:
            self._switchboard.counters.edges_refused += 1
            if refusal.status == 503:
                connection.close(TRY_AGAIN_LATER, str(refusal)[:120])
            else:
                waits = f"too many wrong tokens, wait {refusal.wait_s:.0f} s"
                unknown = "wrong token" if token else "expected a token: aimonitor pair --hub <address> gets one"
                connection.close(founding.WRONG_TOKEN, waits if refusal.wait_s else unknown)
            return None


def _read_hello(data: str | bytes) -> messages.Hello:
    message = codec.decode(data)
    if not isinstance(message, messages.Hello):
        raise ContractError("$.type", '"hello" first', type(message).__name__.lower())
    seal.verify(message, data, required=message.sealed)
    return message
