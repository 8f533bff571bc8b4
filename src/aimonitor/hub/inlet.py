"""The short way in: what a socket says, handed over in the same turn of the event loop in which it came.

An ASGI server puts each message in a queue and stops reading; the application's task wakes in the next turn, takes it
and lets the server read on. For a picture that costs as much as twenty viewers do (`docs/design/relay.md`). Nor does a
message that came as one whole frame (RFC 6455, section 5.2), as nearly all do, need the framing's state machine.
"""

from collections.abc import Callable
from typing import Final

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the compiled one where there is one

Take = Callable[[str | bytes], None]

_SHORTEST: Final = 6
"""Bytes of an empty frame of a client: two of header, four of mask."""
_MASKED: Final = 0x80
_TEXT: Final = 0x81
_BINARY: Final = 0x82
_PONG: Final = 0x8A


class Inlet:
    """Where the messages of one socket go; as long as `take` is None they wait in the server's queue."""

    __slots__ = ("_limit", "take", "unfinished")

    def __init__(self, limit: int) -> None:
        """limit: bytes of one message"""
        self._limit = limit
        self.take: Take | None = None
        self.unfinished = False
        """Whether the framing has read the beginning of a frame or message, and what comes is the rest of it."""

    def hear(self, data: bytes) -> bool:
        """Whether what came was one whole message, and was taken, or a pong, with which nothing is done.

        Otherwise nothing has happened: the framing is to look at it.
        """
        if self.unfinished:
            return False
        if len(data) == _SHORTEST and data[0] == _PONG and data[1] == _MASKED:
            return True  # a thousand viewers send fifty a second
        take = self.take
        message = None if take is None else read_whole(data, self._limit)
        if take is None or message is None:
            return False
        take(message)
        return True


def read_whole(data: bytes, limit: int) -> str | bytes | None:
    """The message, where `data` is one masked frame, no more and no less, and a message of its own within `limit`."""
    if len(data) < _SHORTEST:
        return None
    length, start = data[1] - _MASKED, 6
    if length == 126:
        length, start = data[2] << 8 | data[3], 8
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 14
    if length < 0 or start + length != len(data) or length > limit:
        return None
    if data[0] != _BINARY and data[0] != _TEXT:
        return None
    message: bytes = apply_mask(data[start:], data[start - 4 : start])
    if data[0] == _BINARY:
        return message
    try:
        return message.decode()
    except UnicodeDecodeError:
        return None
