"""What each message of a connected founding (v1) client does."""

import msgspec

from aimonitor.contract import founding, messages
from aimonitor.contract.errors import ContractError
from aimonitor.hub import refusals
from aimonitor.hub.cameras import Edge
from aimonitor.hub.connection import Connection
from aimonitor.hub.switchboard import Switchboard

DEFAULT_EDGE = "default"
"""The edge of a founding client whose token names none."""


class FoundingSession:
    """One connection of a founding client: an EdgeLink for the hub, a Listener for the connection."""

    def __init__(self, edge: Edge, connection: Connection, switchboard: Switchboard) -> None:
        self._edge = edge
        self._connection = connection
        self._switchboard = switchboard
        self._first = True

    # --- EdgeLink ---------------------------------------------------------------------------------------------------

    def send(self, message: messages.AnyMessage) -> None:
        """Send a command as founded: one JSON object. Founding clients know nothing else."""
        if isinstance(message, messages.Command):
            words = {"command": message.name, "arguments": message.arguments, "command_id": message.command_id}
            self._connection.say(msgspec.json.encode(words).decode())

    def stored(self, seq: int) -> None:
        """Founding clients do not number their events."""

    def tick(self, at: float) -> None:
        """The server's own ping finds out whether the socket still lives."""

    def close(self, code: int, reason: str) -> None:
        """Let the connection go."""
        self._connection.close(code, reason)

    # --- Listener ---------------------------------------------------------------------------------------------------

    def take(self, data: str | bytes, at: float) -> None:
        """One message of the client; raises ContractError.

        The first may be a token although it was not needed: a client that has one always sends it.
        """
        first, self._first = self._first, False
        if first and isinstance(data, str) and not data.lstrip().startswith("{"):
            return
        message = founding.parse(data)
        text = data if isinstance(data, str) else data.decode("utf-8")
        self._switchboard.founding(self._edge, message, text)

    def refuse(self, error: ContractError) -> None:
        """Tell the client why a message was not accepted."""
        self._connection.say(refusal_text(error))


def refusal_text(error: ContractError) -> str:
    """A refusal for founding clients, in the words of REST."""
    return msgspec.json.encode(refusals.of_contract(error)).decode()
