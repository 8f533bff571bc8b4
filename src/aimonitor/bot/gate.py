"""What the rest of the bot sees of Telegram: what can be done, and how it can fail.

GateError
├── WrongTokenError      401 or 404: the token is not valid; nothing will work
├── ConflictError        409: another program polls with the same token
├── BusyError            429: wait `retry_after_s`
├── ChatGoneError        403, or a chat that does not exist: nothing reaches this chat
├── ChatMovedError       a group became a supergroup, with another id
├── RefusedError         400: this message will never be accepted
├── UnreachableError     certainly not delivered: no connection, or an error of the server
└── UnsureError          the request left and no answer came: delivered or not, nobody knows
"""

from dataclasses import dataclass
from typing import Protocol

from aimonitor.bot.types import Card


class GateError(Exception):
    """Base; texts never contain the token."""


class WrongTokenError(GateError):
    pass


class ConflictError(GateError):
    pass


class BusyError(GateError):
    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"expected a pause of {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class ChatGoneError(GateError):
    pass


class ChatMovedError(GateError):
    def __init__(self, chat_id: int) -> None:
        super().__init__("the group has another number now")
        self.chat_id = chat_id


class RefusedError(GateError):
    pass


class UnreachableError(GateError):
    pass


class UnsureError(GateError):
    pass


@dataclass(frozen=True, slots=True)
class Said:
    """A text that someone sent. `language` is what their client is set to."""

    update_id: int
    chat_id: int
    private: bool
    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that someone pressed; `press_id` must be answered."""

    update_id: int
    chat_id: int
    name: str
    message_id: int
    press_id: str
    data: str


@dataclass(frozen=True, slots=True)
class Other:
    """An update that concerns us not."""

    update_id: int


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot was put into a group, or thrown out of a chat (`here` False)."""

    update_id: int
    chat_id: int
    here: bool


Update = Said | Pressed | Joined | Other


class Gate(Protocol):
    """Telegram. Every method raises GateError."""

    async def me(self) -> str:
        """The bot's own user name."""
        ...

    async def updates(self, after: int, wait_s: float) -> list[Update]:
        """What came after update `after`; waits up to `wait_s` for it."""
        ...

    async def send(self, card: Card, text: str, picture: bytes) -> int:
        """Send a card as a new message; returns its number."""
        ...

    async def edit(self, card: Card, text: str, picture: bytes) -> None:
        """Change the message of a card; `picture` empty leaves the picture as it is."""
        ...

    async def answer(self, press_id: str, words: str) -> None:
        """Answer a pressed button, with a short notice."""
        ...
