"""From samples and events to the hours of the charts: what each adds, gathered until the store takes it. Pure."""

from collections.abc import Sequence

import msgspec

from aimonitor.contract.messages import COMMAND_KIND
from aimonitor.hub.stores.base import NewEvent, Sample
from aimonitor.hub.stores.hours import HOUR_S, Hour

METERS = "m/s"


class Tally:
    """What is not in the store yet: one piece an hour and camera, so that it stays small while the store is away."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[int, str], Hour] = {}

    def add(self, piece: Hour | None) -> None:
        """Count it in; None counts nothing."""
        if piece is not None:
            known = self._pieces.get(piece.key)
            self._pieces[piece.key] = piece if known is None else known + piece

    def take(self) -> Sequence[Hour]:
        """Everything so far, which is no longer here; what cannot be stored is to be added again."""
        pieces, self._pieces = self._pieces, {}
        return tuple(pieces.values())


class _OfEvent(msgspec.Struct):
    phase: str = ""
    kind: str = ""
    at: float = 0.0


_DECODER = msgspec.json.Decoder(_OfEvent)


def of_sample(sample: Sample) -> Hour:
    """What one second adds."""
    moves, meters = sample.speed > 0, sample.speed_unit == METERS
    return Hour(
        at=_hour(sample.at),
        source=sample.source,
        seconds=1,
        persons=sample.persons,
        persons_max=sample.persons,
        vehicles=sample.vehicles,
        vehicles_max=sample.vehicles,
        score_max=sample.score,
        speed_m=sample.speed if moves and meters else 0.0,
        speed_m_seconds=int(moves and meters),
        speed_px=sample.speed if moves and not meters else 0.0,
        speed_px_seconds=int(moves and not meters),
    )


def of_event(event: NewEvent) -> Hour | None:
    """What an event adds: None unless it opened an incident."""
    try:
        said = _DECODER.decode(event.body)
    except msgspec.MsgspecError:
        return None
    if said.phase != "opened" or said.kind == COMMAND_KIND:
        return None
    return Hour(_hour(said.at), event.source, incidents=1, unusual=int(said.kind == "unusual"))


def _hour(utc: float) -> int:
    return int(utc) // HOUR_S * HOUR_S
