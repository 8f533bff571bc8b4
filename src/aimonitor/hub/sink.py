"""Straight to the transport: an encoded frame is written to every socket as it is, past the server's message path.

`SinkProtocol` is uvicorn's WebSocket protocol with a `Sink` in the connection's state. It overrides nothing but the
public callbacks of asyncio protocols, and the only internal that it touches is the constructor's signature (held by a
test; uvicorn is pinned). Under another server there is no sink, and the hub falls back to `outlet.Mailbox`.

The transport's buffer holds no more than the rest of one message: with a high-water mark of zero it says `pause` as
soon as the kernel takes less than all, and the kernel takes no more than TCP_NOTSENT_LOWAT bytes ahead of the network.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from aimonitor.common.clock import Clock
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import LINES
from aimonitor.hub.parcel import Parcel

STATE = "sink"
UNSENT_BYTES = 64 * 1024
"""What the kernel may hold that the network has not taken; more would be old pictures."""

_TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", None)


def _nothing(_: bytes) -> None:
    """Where frames go after the end."""


class Sink:
    """The transport of one socket. `ready` is whether it takes a frame now; `write` gives it one."""

    __slots__ = ("_transport", "on_ready", "ready", "write")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self.ready = False
        self.write: Callable[[bytes], None] = _nothing
        self.on_ready: Callable[[], None] | None = None

    def bind(self, transport: asyncio.Transport) -> None:
        """The connection is there."""
        self._transport = transport
        self.write = transport.write
        self.ready = True

    def unbind(self) -> None:
        """The connection ends: nothing may be written behind a close frame."""
        self.ready = False
        self.write = _nothing
        self.on_ready = None

    def pause(self) -> None:
        """The kernel takes no more for now."""
        self.ready = False

    def resume(self) -> None:
        """The kernel took everything."""
        if self.write is not _nothing:
            self.ready = True
            if self.on_ready is not None:
                self.on_ready()

    def keep_short(self) -> None:
        """Hold back at once what the network does not take, here and in the kernel."""
        if self._transport is None:
            return
        self._transport.set_write_buffer_limits(high=0)
        raw = self._transport.get_extra_info("socket")
        if raw is not None and _TCP_NOTSENT_LOWAT is not None and raw.family != getattr(socket, "AF_UNIX", None):
            raw.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def abort(self) -> None:
        """End the connection without a goodbye: the other side takes nothing, so it would never arrive."""
        self.unbind()
        if self._transport is not None:
            self._transport.abort()


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


class SinkOutlet:
    """An `outlet.Outlet` that writes at once while the socket takes it, and keeps the newest while it does not."""

    __slots__ = ("_clock", "_counters", "_lines", "_sink", "_slots", "_stalled_since")

    def __init__(self, sink: Sink, clock: Clock, counters: Counters) -> None:
        self._sink = sink
        self._clock = clock
        self._counters = counters
        self._slots: dict[str, Parcel] = {}
        self._lines: list[Parcel] = []
        self._stalled_since: float | None = None
        sink.keep_short()
        sink.on_ready = self._flush

    def put(self, slot: str, parcel: Parcel) -> bool:
        sink = self._sink
        if sink.ready:
            sink.write(parcel.wire)
            return True
        if slot in self._slots:
            self._counters.messages_replaced += 1
        self._slots[slot] = parcel
        self._note_stall()
        return False

    def say(self, parcel: Parcel) -> bool:
        if self._sink.ready:
            self._sink.write(parcel.wire)
            return True
        if len(self._lines) >= LINES:
            self._lines.pop(0)
            self._counters.messages_dropped += 1
        self._lines.append(parcel)
        self._note_stall()
        return False

    def stalled_s(self, at: float) -> float:
        return 0.0 if self._stalled_since is None else at - self._stalled_since

    def _note_stall(self) -> None:
        if self._stalled_since is None:
            self._stalled_since = self._clock.monotonic()

    def _flush(self) -> None:
        """The socket takes something again: lines first, then the newest of everything, until it is full again."""
        self._stalled_since = None
        while self._sink.ready and (self._lines or self._slots):
            parcel = self._lines.pop(0) if self._lines else self._slots.pop(next(iter(self._slots)))
            self._sink.write(parcel.wire)
            self._counters.messages_out += 1
        if self._lines or self._slots:
            self._note_stall()
