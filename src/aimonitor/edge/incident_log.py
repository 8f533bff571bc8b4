"""What of a camera's incidents goes into the journal: each that was opened is closed once, whatever happens."""

import logging
from collections.abc import Callable

import msgspec

from aimonitor.contract import messages
from aimonitor.edge.journal import Journal, JournalError
from aimonitor.edge.publisher import to_event
from aimonitor.edge.types import Event

log = logging.getLogger(__name__)


class IncidentLog:
    """The incidents of one camera. Owned by its analyzing thread; `armed` may be set from any.

    armed: while it is not, nothing new becomes an incident; what was open is still closed
    refused: events that the disk did not take
    """

    def __init__(self, source: str, journal: Journal, stored: Callable[[], None]) -> None:
        """stored: told that the journal holds something new."""
        self._source = source
        self._journal = journal
        self._stored = stored
        self._open: dict[str, messages.Event | None] = {}
        """By incident, the last that the journal took of it."""
        self._owed: list[tuple[Event, int]] = []
        """Endings that the disk did not take, with their frames."""
        self.armed = True
        self.refused = 0

    def take(self, event: Event, frame_id: int) -> None:
        """Store an event of a frame, if it is news."""
        if event.phase == "opened" and self.armed:
            self._open[event.incident_id] = None
        if event.incident_id not in self._open:
            return
        if self._write(event, frame_id):
            owed, self._owed = self._owed, []
            for each in owed:
                self._write(*each)

    def end(self, utc: float) -> None:
        """Close what is open: nobody follows it any longer. What the disk refuses is closed at the next start."""
        for last in self._open.values():
            if last is not None:
                self._store(lambda seq, last=last: closing(last, seq, max(utc, last.at)))  # type: ignore[misc]
        self._open.clear()
        self._owed.clear()

    def _write(self, event: Event, frame_id: int) -> bool:
        known = self._open[event.incident_id]
        if event.phase == "closed":
            del self._open[event.incident_id]
        said = self._store(lambda seq: to_event(self._source, event, seq, frame_id))
        if event.phase != "closed":
            self._open[event.incident_id] = said or known
        elif said is None and known is not None:
            self._open[event.incident_id] = known
            self._owed.append((event, frame_id))
        return said is not None

    def _store(self, build: Callable[[int], messages.Event]) -> messages.Event | None:
        try:
            said = self._journal.append(build)
        except JournalError as error:
            self.refused += 1
            log.error("%s: an event was not stored: %s", self._source, error)  # noqa: TRY400
            return None
        self._stored()
        return said


def close_left_open(journal: Journal) -> None:
    """Close what was open when the edge was killed, as of when it was last heard of. Call it before cameras start."""
    try:
        for last in journal.unclosed():
            journal.append(lambda seq, last=last: closing(last, seq, last.at))  # type: ignore[misc]
    except JournalError as error:
        log.warning("incidents of before stay open: %s", error)


def closing(last: messages.Event, seq: int, utc: float) -> messages.Event:
    """The end of an incident of which `last` was the last that was said."""
    place = f" in {last.zone}" if last.zone else ""
    lasted_s = max(0.0, utc - last.opened_at)
    words = f"{last.kind.replace('_', ' ')}{place}: no longer watched after {lasted_s:.0f} s"
    return msgspec.structs.replace(last, seq=seq, phase="closed", at=round(utc, 3), words=words, check=0)
