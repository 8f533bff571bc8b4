"""A message that is made once and sent to many, and the bytes that every one of them gets."""

import struct
from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82

_SHORT: Final = struct.Struct("!BB")
_LONG: Final = struct.Struct("!BBH")
_LONGEST: Final = struct.Struct("!BBQ")


class Parcel:
    """One WebSocket message: text or binary. Never changed after it was made, so everybody may hold it."""

    __slots__ = ("payload", "wire")

    def __init__(self, payload: str | bytes) -> None:
        self.payload = payload
        self.wire = encode_frame(payload)
        """The whole message as one unmasked frame (RFC 6455, section 5.2): the same bytes for every viewer."""


def encode_frame(payload: str | bytes) -> bytes:
    """`payload` as one final, unmasked WebSocket frame, as a server sends it."""
    opcode, data = (TEXT, payload.encode("utf-8")) if isinstance(payload, str) else (BINARY, payload)
    length = len(data)
    if length < 126:
        return _SHORT.pack(opcode, length) + data
    if length < 65_536:
        return _LONG.pack(opcode, 126, length) + data
    return _LONGEST.pack(opcode, 127, length) + data
