"""What the hub was told of each camera on a connection, so that figures at rest are told as what changed. Pure."""

from dataclasses import dataclass

from aimonitor.contract import delta, messages
from aimonitor.edge.publisher import Shot

_WHOLE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class _Told:
    """What the hub knows of a camera, and when (monotonic) it was told the whole of it."""

    observation: messages.Observation
    whole_at: float


class Retelling:
    """One connection's memory; `begin` with each new one, of which the hub remembers nothing."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def begin(self) -> None:
        """The hub knows nothing yet."""
        self._told.clear()

    def words(self, shot: Shot) -> messages.Observation | messages.Delta:
        """The observation, or at rest what changed since the last one; whole every ten seconds. Counts as told."""
        new, known = shot.observation, self._told.get(shot.observation.source)
        if known is None or not shot.resting or shot.at - known.whole_at >= _WHOLE_EVERY_S:
            self._told[new.source] = _Told(new, shot.at)
            return new
        short = delta.difference(known.observation, new)
        self._told[new.source] = _Told(delta.apply(known.observation, short) or new, known.whole_at)
        return short
