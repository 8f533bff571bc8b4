"""uvicorn's WebSocket protocol with a Sink and an Inlet, so that frames are written and messages taken past the
server's message path, with our own framing, and with an end to its patience.

It overrides the public callbacks of asyncio protocols; the only internals that it touches are the constructor's
signature, the attribute `conn`, `handle_ping` and `send_receive_event_to_app`, by which messages leave for the queue
(held by a test; uvicorn is pinned). Under another server there is neither in `websocket.state`, and the hub falls back
to `outlet.Mailbox` and the queue.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode
from websockets.protocol import State

from aimonitor.common.websocket import ServerFraming
from aimonitor.hub.inlet import Inlet
from aimonitor.hub.limits import POLICY_VIOLATION, Stall
from aimonitor.hub.patience import Patience, Swept
from aimonitor.hub.sink import Sink

STATE = "sink"
INLET = "inlet"
STALL_S = 30.0
"""Seconds for which a client may take nothing of what waits for it."""
MESSAGE_S = 60.0
"""Seconds that one message may take to come."""
PING_S = 20.0
"""Seconds from one ping to the next; who says nothing in between, not even `pong`, is gone."""
_EARLY_S = 0.5
"""A look that comes so much too early for a ping still sends it, for the next one is `PING_S` away."""
_PING = b"\x89\x00"
_PONGS_LIMIT = 64 * 1024
"""Bytes of answers to a client's pings that it does not take."""


class SinkProtocol(WebSocketsSansIOProtocol, Swept):
    """uvicorn's WebSocket protocol, with a sink and an inlet in `websocket.state`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._sink = Sink()
        self._inlet = Inlet(config.ws_max_size)
        self._stall = Stall(STALL_S)
        self._untaken_pongs = 0
        self._messages, self._message_since = 0, 0.0
        self._heard, self._pinged_at = True, 0.0
        super().__init__(config, server_state, {**app_state, STATE: self._sink, INLET: self._inlet}, _loop)
        self.conn.parser.close()  # it refers to what it is part of, and would wait for the garbage collector
        self.conn = self._framing = ServerFraming(config.ws_max_size, self.logger)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._message_since = self._pinged_at = self.loop.time()
        self._patience.seldom.join(self)
        self._sink.bind(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.unbind()
        self._patience.seldom.leave(self)
        self._patience.often.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self._patience.often.join(self)
        self._sink.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._untaken_pongs = 0
        self._sink.resume()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._inlet.hear(data):
            return
        super().data_received(data)
        self._inlet.unfinished = self._framing.unfinished
        if self._inlet.unfinished and self not in self._patience.often:
            self._message_since = self.loop.time()
            self._patience.often.join(self)
        if self.transport.is_closing():
            self._sink.unbind()
        elif self._untaken_pongs > _PONGS_LIMIT:
            self._sink.abort()

    def handle_ping(self) -> None:
        before = self.transport.get_write_buffer_size()
        super().handle_ping()
        self._untaken_pongs += self.transport.get_write_buffer_size() - before

    def send_receive_event_to_app(self) -> None:
        if self._inlet.take is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        self._inlet.take(data.decode() if self.curr_msg_data_type == "text" else data)

    def sweep(self, at: float) -> None:
        """Ping; end the connection when nobody is at the other side or reads there, or a message never ends."""
        waiting, unfinished = self.transport.get_write_buffer_size(), self._framing.unfinished
        if self._framing.messages != self._messages or not unfinished:
            self._messages, self._message_since = self._framing.messages, at
        if self._stall.too_long(waiting, at):
            self._sink.abort()
        elif at - self._message_since > MESSAGE_S and not self.transport.is_closing():
            self._fail(POLICY_VIOLATION, f"expected the end of the message within {MESSAGE_S:.0f} s")
        elif at - self._pinged_at >= PING_S - _EARLY_S and self._framing.state is State.OPEN:
            self._ping(at, waiting)
        if waiting or unfinished:
            self._patience.often.join(self)
        else:
            self._patience.often.leave(self)

    def _ping(self, at: float, waiting: int) -> None:
        """uvicorn has two timers a connection for this, which wake the hub for each of them. What waits comes first."""
        if not self._heard:
            self._fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
        elif waiting == 0:
            self.transport.write(_PING)
            self._heard, self._pinged_at = False, at

    def _fail(self, code: int, reason: str) -> None:
        self._sink.unbind()
        self._framing.fail(code, reason)
        self.transport.write(b"".join(self._framing.data_to_send()))
        self.transport.close()

    def shutdown(self) -> None:
        self._sink.unbind()
        super().shutdown()
