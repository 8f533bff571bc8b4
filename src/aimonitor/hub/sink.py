"""The transport of one socket, as those need it who write one encoded frame to many.

The transport's buffer holds no more than the rest of one message: with a high-water mark of zero it says `pause` as
soon as the kernel takes less than all, and the kernel takes no more than TCP_NOTSENT_LOWAT bytes ahead of the network.

So while a sink is ready its transport's buffer is empty, and a frame may go to the socket itself (`writing`): that
saves most of what Python costs. What the kernel does not take is handed to the transport, which waits for it. The
socket's number stays valid because the protocol unbinds in `connection_lost`, which comes before the socket is closed.
"""

import asyncio
import os
import socket
from collections.abc import Callable

UNSENT_BYTES = 128 * 1024
"""What the kernel may hold that the network has not taken; more would be old pictures."""

_TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_INET = (socket.AF_INET, socket.AF_INET6)


def _no_frame(_: bytes) -> None:
    """Where frames go after the end."""


def no_change() -> None:
    """Nobody has to know."""


class Sink:
    """The transport of one socket. `ready` is whether it takes a frame now; `write` gives it one."""

    __slots__ = ("_fd", "_transport", "on_change", "on_ready", "ready", "ready_fd", "write")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        self.ready = False
        self.ready_fd = -1
        """The socket's number while it is ready and may be written to directly, else -1."""
        self.write: Callable[[bytes], None] = _no_frame
        self.on_ready: Callable[[], None] | None = None
        self.on_change: Callable[[], None] = no_change
        """Called whenever `ready_fd` has become another one."""

    def bind(self, transport: asyncio.Transport) -> None:
        """The connection is there."""
        self._transport = transport
        self.write = transport.write
        self.ready = True

    def unbind(self) -> None:
        """The connection ends: nothing may be written behind a close frame."""
        self.ready = False
        self._fd = -1
        self._admit(-1)
        self.write = _no_frame
        self.on_ready = None

    def pause(self) -> None:
        """The kernel takes no more for now."""
        self.ready = False
        self._admit(-1)

    def resume(self) -> None:
        """The kernel took everything."""
        if self.write is not _no_frame:
            self.ready = True
            self._admit(self._fd)
            if self.on_ready is not None:
                self.on_ready()

    def keep_short(self) -> None:
        """Hold back at once what the network does not take, here and in the kernel. Only now may frames be written."""
        if self._transport is None:
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None and raw.family in _INET and self._transport.get_extra_info("sslcontext") is None:
            if _TCP_NOTSENT_LOWAT is not None:
                raw.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            if os.name == "posix":
                self._fd = raw.fileno()
        self._admit(self._fd if self.ready else -1)
        self._transport.set_write_buffer_limits(high=0)

    def _admit(self, fd: int) -> None:
        if fd != self.ready_fd:
            self.ready_fd = fd
            self.on_change()

    def abort(self) -> None:
        """End the connection without a goodbye: the other side takes nothing, so it would never arrive."""
        self.unbind()
        if self._transport is not None:
            self._transport.abort()
