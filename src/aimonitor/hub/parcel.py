"""A message that is made once and sent to many."""


class Parcel:
    """One WebSocket message: text or binary. Never changed after it was made, so everybody may hold it."""

    __slots__ = ("payload",)

    def __init__(self, payload: str | bytes) -> None:
        self.payload = payload

    def __len__(self) -> int:
        return len(self.payload)
