"""The end of a WebSocket that dials: apart from `common/websocket.py`, for a hub is only ever dialed."""

from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol

from aimonitor.common.websocket import CloseAtAnyTime


class _Client(CloseAtAnyTime, ClientProtocol):
    """The side that dials."""


class HubConnection(ClientConnection):
    """For `connect(create_connection=HubConnection)`: a connection that takes a close at any time."""

    def __init__(self, protocol: ClientProtocol, **options: Any) -> None:  # noqa: ANN401  # handed on untouched
        ours = _Client(
            protocol.uri,
            extensions=protocol.available_extensions,
            subprotocols=protocol.available_subprotocols,
            max_size=(protocol.max_message_size, protocol.max_fragment_size),
            logger=protocol.logger,
        )
        super().__init__(ours, **options)
