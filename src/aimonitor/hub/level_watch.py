"""Events for founding clients, which have none of their own: every change of the risk level is one. Pure.

An incident opens when the level leaves NORMAL, is updated by every further change, and closes with the return.
"""

import uuid

import msgspec

from aimonitor.contract import messages
from aimonitor.contract.founding import FoundingMessage

KIND = "risk_level"
_CALM = "NORMAL"


class LevelChange(msgspec.Struct, frozen=True):
    """The level went from `before` to `message.risk_level`; `opened_at` is when it left NORMAL."""

    before: str
    message: FoundingMessage
    incident_id: str
    opened_at: float

    def event(self, source: str, seq: int) -> messages.Event:
        """The change as an event with this number."""
        message = self.message
        phase = "closed" if message.risk_level == _CALM else "opened" if self.before == _CALM else "updated"
        return messages.Event(
            source=source,
            seq=seq,
            incident_id=self.incident_id,
            kind=KIND,
            phase=phase,
            at=min(message.timestamp, 1e11),
            opened_at=self.opened_at,
            level=message.risk_level,
            score=message.risk_score,
            words=f"risk level {self.before} -> {message.risk_level}",
            frame_id=message.frame_id,
        )


class LevelWatch:
    """Remembers the level of one camera."""

    def __init__(self) -> None:
        self._level: str = _CALM
        self._incident_id = ""
        self._opened_at = 0.0

    def update(self, message: FoundingMessage) -> LevelChange | None:
        """The change that `message` brings, None when the level is as before."""
        before = self._level
        if message.risk_level == before:
            return None
        if before == _CALM:
            self._incident_id = uuid.uuid4().hex
            self._opened_at = min(message.timestamp, 1e11)
        self._level = message.risk_level
        return LevelChange(before, message, self._incident_id, self._opened_at)
