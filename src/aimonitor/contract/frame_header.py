"""What travels with a picture. Apart from `frames`, which is compiled, as a class over one of msgspec cannot be."""

import msgspec


class FrameHeader(msgspec.Struct, frozen=True, gc=False):
    """What is known of a picture without opening it. `age_s` is its age at the edge when it was sent, in seconds."""

    source: str
    frame_id: int
    captured_at: float
    width: int
    height: int
    age_s: float = 0.0
    thumbnail: bool = False
