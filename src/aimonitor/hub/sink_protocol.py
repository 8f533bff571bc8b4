"""uvicorn's WebSocket protocol with a Sink, so that an encoded frame is written past the server's message path.

It overrides nothing but the public callbacks of asyncio protocols, and the only internal that it touches is the
constructor's signature (held by a test; uvicorn is pinned). Under another server there is no sink in
`websocket.state`, and the hub falls back to `outlet.Mailbox`.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from aimonitor.hub.sink import Sink

STATE = "sink"


class SinkProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, with a sink in `websocket.state`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._sink = Sink()
        super().__init__(config, server_state, {**app_state, STATE: self._sink}, _loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sink.bind(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.unbind()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self._sink.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sink.resume()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            self._sink.unbind()

    def shutdown(self) -> None:
        self._sink.unbind()
        super().shutdown()
