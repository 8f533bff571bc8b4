"""Who did what: every command and what became of it is an event in the history, of the kind `command`. Pure."""

import json

from aimonitor.contract import codec, messages
from aimonitor.hub.commands import Answer
from aimonitor.hub.stores.base import NewEvent

JOURNAL = "hub:commands"
"""A numbering of its own; no edge can have this name."""
_WORDS = 1000


class AuditTrail:
    """Numbers the entries by the microsecond, so that a hub without memory never uses a number again."""

    def __init__(self) -> None:
        self._last = 0

    def entry(self, answer: Answer, utc: float) -> NewEvent:
        """The event for a command that was answered at `utc`."""
        self._last = max(self._last + 1, int(utc * 1e6))
        asked, result = answer.asked, answer.result
        command = asked.command
        arguments = json.dumps(command.arguments, ensure_ascii=False) if command.arguments else ""
        outcome = "done" if result.ok else "failed"
        words = f"{asked.who} asked for {command.name} {arguments}".rstrip() + f": {outcome} {result.words}".rstrip()
        event = messages.Event(
            source=command.source,
            seq=self._last,
            incident_id=f"command-{self._last}",
            kind=messages.COMMAND_KIND,
            phase="closed",
            at=round(utc, 3),
            opened_at=round(utc, 3),
            words=words[:_WORDS],
        )
        return NewEvent(JOURNAL, self._last, command.source, utc, codec.encode(event))
