"""A message that is made once and sent to many, and the bytes that every one of them gets."""

TEXT = 0x81
BINARY = 0x82


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
    return frame_header(opcode, len(data)) + data


def frame_header(first: int, length: int) -> bytes:
    """The header of a frame with `length` bytes of payload."""
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
