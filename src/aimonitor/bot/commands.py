"""What a person asks: text in, a named question out. Pure; who answers is not decided here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import msgspec

from aimonitor.bot.types import LEVELS, Chat, Hours, LanguageCode, Role

NEEDS: Mapping[str, Role] = {
    "start": "viewer",
    "help": "viewer",
    "status": "viewer",
    "history": "viewer",
    "snapshot": "viewer",
    "cameras": "viewer",
    "risk": "viewer",
    "stats": "viewer",
    "learned": "viewer",
    "report": "viewer",
    "language": "viewer",
    "mute": "operator",
    "rules": "operator",
    "arm": "operator",
    "disarm": "operator",
    "pair": "owner",
}
"""Every command, and the least role that may give it."""

PRESSES: Mapping[str, Role] = {
    "ack": "operator",
    "ackd": "operator",
    "snz": "operator",
    "uns": "operator",
    "mute": "operator",
    "not": "operator",
    "thr": "operator",
    "live": "viewer",
    "fps": "operator",
    "arm": "operator",
    "dis": "operator",
    "his": "viewer",
    "shot": "viewer",
    "lang": "viewer",
    "fgt": "operator",
}
"""Every button, and the least role that may press it."""

MUTE_LIMIT_S = 7 * 86_400.0
_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<bot>[A-Za-z0-9_]{1,64}))?(?:\s+(?P<rest>.*))?", re.DOTALL)
_DURATION = re.compile(r"(\d{1,4})\s*(m|min|h|d|мин|ч|д|м)?", re.ASCII | re.IGNORECASE)
_UNIT_S = {"m": 60.0, "min": 60.0, "мин": 60.0, "м": 60.0, "h": 3600.0, "ч": 3600.0, "d": 86_400.0, "д": 86_400.0}


class AskError(ValueError):
    """The words after a command were not understood."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A command and the words after it."""

    name: str
    rest: str = ""

    @property
    def known(self) -> bool:
        return self.name in NEEDS


def parse(text: str, me: str) -> Ask | None:
    """Read a command for the bot named `me`; None when the text is none, or is for another bot."""
    match = _COMMAND.fullmatch(text.strip()[:500])
    if match is None or (match["bot"] and match["bot"].casefold() != me.casefold()):
        return None
    return Ask(match["name"].lower(), (match["rest"] or "").strip())


def duration_s(words: str) -> float | None:
    """`30m`, `2h`, `1d`, `45` (minutes) in seconds; None for `off`. Raises AskError."""
    words = words.strip().lower()
    if words == "off":
        return None
    match = _DURATION.fullmatch(words)
    if match is None or not int(match[1]):
        raise AskError(f"expected a duration such as 30m or 2h, got {words[:20]!r}")
    return min(int(match[1]) * _UNIT_S[match[2] or "m"], MUTE_LIMIT_S)


def language(words: str) -> LanguageCode | None:
    """A language by its code, as Telegram writes it too (`en-US`); `iw` is old Hebrew."""
    code = words.strip().lower().partition("-")[0].replace("iw", "he")
    return next((known for known in get_args(LanguageCode) if known == code), None)


def change_rules(chat: Chat, words: str, sources: Mapping[str, str]) -> Chat:
    """`level ALERT`, `cameras all`, `cameras yard/gate, shop/door`, `quiet 22:00-07:00`, `quiet off`.

    sources: what someone may call a camera, casefolded -> its source. Raises AskError.
    """
    what, _, rest = words.partition(" ")
    rest = rest.strip()
    match what.lower():
        case "level":
            if rest.upper() not in LEVELS:
                raise AskError(f"expected one of {', '.join(LEVELS)}, got {rest[:20]!r}")
            return msgspec.structs.replace(chat, level=rest.upper())
        case "quiet":
            try:
                return msgspec.structs.replace(chat, quiet=None if rest.lower() == "off" else Hours.parse(rest))
            except ValueError as error:
                raise AskError(str(error)) from None
        case "cameras" if rest.lower() == "all":
            return msgspec.structs.replace(chat, cameras=())
        case "cameras" if rest:
            wanted = [part.strip().casefold() for part in rest.split(",") if part.strip()]
            missing = [name for name in wanted if name not in sources]
            if missing or not wanted:
                raise AskError(f"expected cameras, got {rest[:40]!r}")
            return msgspec.structs.replace(chat, cameras=tuple(dict.fromkeys(sources[name] for name in wanted)))
    raise AskError(f"expected level, cameras or quiet, got {what[:20]!r}")
