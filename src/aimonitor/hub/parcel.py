"""A message that is made once and sent to many, and the bytes that every one of them gets."""

import struct

TEXT = 0x81
BINARY = 0x82

_SHORT, _LONG, _LONGEST = struct.Struct("!BB").pack, struct.Struct("!BBH").pack, struct.Struct("!BBQ").pack


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
        return _SHORT(opcode, length) + data
    if length < 65_536:
        return _LONG(opcode, 126, length) + data
    return _LONGEST(opcode, 127, length) + data
