"""Where websockets is stricter or more patient with RFC 6455 than we can be, at both ends of a connection."""

import codecs
import logging

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol
from websockets.server import ServerProtocol

FRAGMENTS = 4096
"""Pieces of one message: 2 MiB from a microcontroller with a buffer of 512 bytes."""

_DATA = frozenset((Opcode.TEXT, Opcode.BINARY, Opcode.CONT))


class CloseAtAnyTime(Protocol):
    """Answers a close frame in the middle of a message as any other (section 5.4; Autobahn 7.1.5).

    What was begun is forgotten.
    """

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class TooManyFragmentsError(Exception):
    """A message came in more pieces than are taken; each costs memory, even an empty one."""


class ServerFraming(CloseAtAnyTime, ServerProtocol):
    """One WebSocket without its I/O.

    Fragments are counted. Text that is not UTF-8 ends the connection with 1007 (RFC 6455, 8.1), before anybody has
    seen it.
    """

    def __init__(self, max_size: int, logger: logging.Logger | None = None) -> None:
        super().__init__(max_size=max_size, logger=logger)
        self._limit = max_size
        self.messages = 0
        """Messages that came whole."""
        self._fragments = 0
        self._utf8: codecs.IncrementalDecoder | None = None

    @property
    def unfinished(self) -> bool:
        """Whether a message or a frame has begun and not yet ended."""
        return self.current_size is not None or bool(self.reader.buffer)

    def recv_frame(self, frame: Frame) -> None:
        super().recv_frame(frame)
        if frame.opcode in _DATA:
            self._count(frame)
            self._check_text(frame)

    def _count(self, frame: Frame) -> None:
        self._fragments = 0 if frame.fin else self._fragments + 1
        self.messages += frame.fin
        if self._fragments > FRAGMENTS:
            self.fail(CloseCode.MESSAGE_TOO_BIG, f"expected at most {FRAGMENTS:,} fragments")
            self.parser_exc = TooManyFragmentsError()

    def _check_text(self, frame: Frame) -> None:
        """Raises UnicodeDecodeError, which the parser answers with 1007."""
        if frame.opcode is Opcode.TEXT:
            if frame.fin:
                codecs.utf_8_decode(frame.data, "strict", True)
                return
            self._utf8 = codecs.getincrementaldecoder("utf-8")()
        if self._utf8 is not None and frame.opcode is not Opcode.BINARY:
            self._utf8.decode(frame.data, frame.fin)
        if frame.fin:
            self._utf8 = None
