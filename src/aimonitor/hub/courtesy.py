"""Who asks something while pictures are handed out is let through: the fan-out takes smaller steps for a moment.

A new connection needs half a dozen turns of the event loop until it has its answer, and in each of them the fan-out
writes a chunk. Chunks that are always small would cost every picture for the sake of a question now and then.
"""

from aimonitor.common.clock import Clock

STATE = "courtesy"
"""Its name in the lifespan's state, by which a server's protocol finds it."""
CHUNK = 64
"""Outlets written to in one turn; about half a millisecond."""
SHORT_CHUNK = 8
WAY_S = 0.05
"""For so long a question makes way for itself; who takes longer is no worse off than before."""


class Courtesy:
    """How many outlets may be written to in one turn, just now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")

    def asked(self) -> None:
        """Somebody has connected, or asks something."""
        self._until = self._clock.monotonic() + WAY_S

    @property
    def chunk(self) -> int:
        return SHORT_CHUNK if self._clock.monotonic() < self._until else CHUNK
