"""What RFC 6455 allows and websockets refuses: a close frame between the fragments of a message (Autobahn 7.1.5)."""

from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol


class CloseAtAnyTime(Protocol):
    """Answers a close frame in the middle of a message as any other (section 5.4); what was begun is forgotten."""

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


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
