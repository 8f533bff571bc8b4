"""uvicorn's WebSocket protocol with a Sink, so that an encoded frame is written past the server's message path, with
our own framing, and with an end to its patience.

It overrides nothing but the public callbacks of asyncio protocols; the only internals that it touches are the
constructor's signature and the attribute `conn` (held by a test; uvicorn is pinned). Under another server there is no
sink in `websocket.state`, and the hub falls back to `outlet.Mailbox`.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from aimonitor.common.websocket import ServerFraming
from aimonitor.hub.limits import POLICY_VIOLATION, Stall
from aimonitor.hub.patience import Swept
from aimonitor.hub.sink import Sink

STATE = "sink"
STALL_S = 30.0
"""Seconds for which a client may take nothing of what waits for it."""
MESSAGE_S = 60.0
"""Seconds that one message may take to come."""
_PONGS_LIMIT = 64 * 1024
"""Bytes of answers to a client's pings that it does not take."""


class SinkProtocol(WebSocketsSansIOProtocol, Swept):
    """uvicorn's WebSocket protocol, with a sink in `websocket.state`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._sink = Sink()
        self._stall = Stall(STALL_S)
        self._untaken_pongs = 0
        self._messages, self._message_since = 0, 0.0
        super().__init__(config, server_state, {**app_state, STATE: self._sink}, _loop)
        self.conn.parser.close()  # it refers to what it is part of, and would wait for the garbage collector
        self.conn = self._framing = ServerFraming(config.ws_max_size, self.logger)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._message_since = self.loop.time()
        self._sink.bind(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.unbind()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self._sink.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._untaken_pongs = 0
        self._sink.resume()

    def data_received(self, data: bytes) -> None:
        before = self.transport.get_write_buffer_size()
        super().data_received(data)
        if self.transport.is_closing():
            self._sink.unbind()
        elif not self._sink.ready:
            self._untaken_pongs += self.transport.get_write_buffer_size() - before
            if self._untaken_pongs > _PONGS_LIMIT:
                self._sink.abort()

    def sweep(self, at: float) -> None:
        """End the connection when nobody reads at the other side, or a message never ends; `at` is the loop's time."""
        if self._framing.messages != self._messages or not self._framing.unfinished:
            self._messages, self._message_since = self._framing.messages, at
        if self._stall.too_long(self.transport.get_write_buffer_size(), at):
            self._sink.abort()
        elif at - self._message_since > MESSAGE_S and not self.transport.is_closing():
            self._sink.unbind()
            self._framing.fail(POLICY_VIOLATION, f"expected the end of the message within {MESSAGE_S:.0f} s")
            self.transport.write(b"".join(self._framing.data_to_send()))
            self.transport.close()

    def shutdown(self) -> None:
        self._sink.unbind()
        super().shutdown()
