"""What the bot speaks of: chats and their rules, incidents, lessons, and cards, each of which is one message."""

import re
from typing import Literal

import msgspec

from aimonitor.contract import messages

LanguageCode = Literal["en", "ru", "he"]
LANGUAGES: tuple[LanguageCode, ...] = ("en", "ru", "he")

Role = Literal["owner", "operator", "viewer"]
"""A viewer asks; an operator also answers alerts and commands cameras; an owner also pairs chats."""
ROLES: tuple[Role, ...] = ("viewer", "operator", "owner")

LEVELS = ("NORMAL", "WATCH", "ALERT", "CRITICAL")


def rank(level: str) -> int:
    """Where a level stands; one that this version does not know counts as ALERT, so that it is told."""
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("ALERT")


class Hours(msgspec.Struct, frozen=True):
    """A time of day from `start` to `end`, in minutes after midnight, the end not included; may pass midnight."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Read `22:00-07:00`; raises ValueError."""
        match = re.fullmatch(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})", text.strip(), re.ASCII)
        if match:
            start_h, start_m, end_h, end_m = (int(part) for part in match.groups())
            start, end = start_h * 60 + start_m, end_h * 60 + end_m
            if max(start_h, end_h) < 24 and max(start_m, end_m) < 60 and start != end:
                return cls(start, end)
        raise ValueError(f"expected hours such as 22:00-07:00, got {text[:20]!r}")

    def __contains__(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


class Chat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chat that is allowed in, and its rules. Times are UTC seconds; `cameras` empty means every camera.

    fixed: it is named in the settings, and is let out when it no longer is
    blocked: it accepts nothing any more, until it writes again
    """

    chat_id: int
    role: Role = "viewer"
    language: LanguageCode = "en"
    level: str = "WATCH"
    cameras: tuple[str, ...] = ()
    quiet: Hours | None = None
    muted_until: float = 0.0
    snoozed: dict[str, float] = {}
    blocked: bool = False
    fixed: bool = False
    joined_at: float = 0.0

    def may(self, role: Role) -> bool:
        """Whether this chat has the rights of `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Incident(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is known of an incident. `number` is ours, short enough for a button; `event` is the newest message.

    place: where the first of its tracks stood (foot of the box, fractions of the image); look: its appearance
    picture: the name of the kept still or clip, empty while there is none
    recognized: the lesson that says it is no threat; taught: the lesson that was made of it
    late: the news was old when it came
    """

    number: int
    event: messages.Event
    labels: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    look: bytes = b""
    picture: str = ""
    acked_by: str = ""
    acked_at: float = 0.0
    recognized: int = 0
    taught: int = 0
    late: bool = False

    def after(self, event: messages.Event) -> "Incident":
        """The incident after more news of it. Its level and score are the highest that it had."""
        level = max(self.event.level, event.level, key=rank)
        event = msgspec.structs.replace(event, level=level, score=max(self.event.score, event.score))
        return msgspec.structs.replace(self, event=event)

    @property
    def closed(self) -> bool:
        return self.event.phase == "closed"


class Lesson(msgspec.Struct, frozen=True, omit_defaults=True):
    """Someone said "not a threat": this kind of thing, there, around that time of day, looking like that.

    minute: minutes after midnight, local time; score: how worried we were, 0..1
    """

    lesson_id: int
    source: str
    kind: str
    zone: str
    labels: tuple[str, ...]
    minute: int
    score: float
    place: tuple[float, float] | None = None
    look: bytes = b""
    by: str = ""
    at: float = 0.0
    expires_at: float = 0.0
    recurrences: int = 0


class Button(msgspec.Struct, frozen=True):
    """A button under a message: what it says, and the sealed data that comes back."""

    text: str
    data: str


Keyboard = tuple[tuple[Button, ...], ...]


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message shows. `picture` names a kept still, empty for none; `line` says it in one line, for a digest."""

    text: str
    keyboard: Keyboard = ()
    picture: str = ""
    line: str = ""
    reply_to: int = 0
    silent: bool = False


class Urgency:
    """The order in which cards leave; only NEWS may be merged into a digest."""

    CRITICAL = 0
    REPLY = 1
    NOTICE = 2
    NEWS = 3


class Card(msgspec.Struct, frozen=True):
    """One message of one chat, as it should be: sent once, then edited until it says `content`.

    message_id: 0 until it was sent; unsure: it may have arrived already although nobody confirmed it
    """

    chat_id: int
    key: str
    urgency: int
    content: Content
    revision: int
    message_id: int = 0
    sent_picture: str = ""
    unsure: bool = False
    created_at: float = 0.0
