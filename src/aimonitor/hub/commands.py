"""Commands on their way: from a viewer to an edge, and the result back to who asked. Pure; never waits."""

import itertools

import msgspec

from aimonitor.contract import messages
from aimonitor.contract.refusals import Code

PENDING = 256
"""Commands that may be under way at once; one more is refused."""

KNOWN = ("snapshot", "arm", "disarm", "frame_size", "quality", "led", "fps", "watch", "restart", "policy")
"""What a viewer is offered; an edge may know more, and says so when it does not."""

OPERATORS = frozenset(KNOWN) - {"policy"}
"""What an operator may ask for; everything else, known here or not, is for admins."""

_LONGEST_S = 60.0


class Asked(msgspec.Struct, frozen=True):
    """A command that waits for its result."""

    viewer_id: str
    command: messages.Command
    edge_id: str
    until: float
    who: str = ""
    """Who asked, for the audit trail."""


class Answer(msgspec.Struct, frozen=True):
    """A result and the viewer that it is for."""

    asked: Asked
    result: messages.CommandResult


class CommandDesk:
    """Gives every command a number of its own, because two viewers may use the same one."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._pending: dict[str, Asked] = {}

    def ask(self, viewer_id: str, command: messages.Command, at: float, *, who: str = "") -> messages.Command | None:
        """Note a command; returns it as the edge gets it, None when too many are under way."""
        if len(self._pending) >= PENDING:
            return None
        number = f"c{next(self._numbers)}"
        edge_id = command.source.partition("/")[0]
        until = at + min(command.timeout_s, _LONGEST_S)
        self._pending[number] = Asked(viewer_id, command, edge_id, until, who)
        return messages.Command(number, command.source, command.name, command.arguments, command.timeout_s)

    def answer(self, edge_id: str, result: messages.CommandResult) -> Answer | None:
        """A result came from `edge_id`; None when nobody waits for it."""
        asked = self._pending.get(result.command_id)
        if asked is None or asked.edge_id != edge_id:
            return None
        del self._pending[result.command_id]
        return Answer(asked, messages.CommandResult(asked.command.command_id, result.ok, result.words, why=result.why))

    def expired(self, at: float) -> list[Answer]:
        """The commands that were not answered in time, with words that say so."""
        late = [number for number, asked in self._pending.items() if asked.until <= at]
        return [
            self._fail(
                number, "expected an answer in time, got none: the camera may have done it or not", "edge_silent"
            )
            for number in late
        ]

    def edge_left(self, edge_id: str) -> list[Answer]:
        """The commands whose edge went away before it answered."""
        left = [number for number, asked in self._pending.items() if asked.edge_id == edge_id]
        return [self._fail(number, f"{edge_id} went offline before it answered", "edge_away") for number in left]

    def _fail(self, number: str, words: str, why: Code) -> Answer:
        asked = self._pending.pop(number)
        return Answer(asked, messages.CommandResult(asked.command.command_id, ok=False, words=words, why=why))
