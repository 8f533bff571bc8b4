"""The short way in: what a socket says, handed over in the same turn of the event loop in which it came.

An ASGI server puts each message in a queue and stops reading; the application's task wakes in the next turn, takes it
and lets the server read on. For a picture that costs as much as twenty viewers do (`docs/design/relay.md`).
"""

from collections.abc import Callable

Take = Callable[[str | bytes], None]


class Inlet:
    """Where the messages of one socket go; as long as `take` is None they wait in the server's queue."""

    __slots__ = ("take",)

    def __init__(self) -> None:
        self.take: Take | None = None
