"""Saying things in three languages so that neither direction of writing can break the other, nor a name the text.

Every value that is put into a sentence stands between U+2068 (first strong isolate) and U+2069 (pop directional
isolate), Unicode Standard Annex #9: a Latin camera name in a Hebrew sentence stays where it belongs.
"""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from aimonitor.bot.types import LanguageCode
from aimonitor.bot.words import CATALOGUES
from aimonitor.bot.words.catalogue import Catalogue

FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
"""Characters that Telegram takes in a text and under a picture; counted here as UTF-16 units, which is never less."""

_UNSAFE = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_SPACE = re.compile(r"\s+")


def plain(text: str, limit: int = 120) -> str:
    """Foreign words as one harmless line: no controls, no direction marks, at most `limit` characters."""
    text = _SPACE.sub(" ", _UNSAFE.sub(" ", text)).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def isolate(value: object, limit: int = 120) -> str:
    """A value that cannot disturb the sentence around it."""
    return f"{FSI}{plain(str(value), limit)}{PDI}"


def fit(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units of `text`, cut at the end of a line where that loses little; isolates are closed."""
    if utf16_length(text) <= limit:
        return text
    cut = text.encode("utf-16-le")[: 2 * (limit - 4)].decode("utf-16-le", "ignore")
    line_end = cut.rfind("\n")
    if line_end > len(cut) * 3 // 4:
        cut = cut[:line_end] + "\n"
    open_isolates = max(0, cut.count(FSI) - cut.count(PDI))
    return cut + PDI * min(open_isolates, 3) + "…"


def utf16_length(text: str) -> int:
    """The length of `text` as Telegram counts it at most."""
    return len(text.encode("utf-16-le")) // 2


class Speech:
    """One language and one time zone."""

    def __init__(self, language: LanguageCode, zone: tzinfo | None = None) -> None:
        self.language = language
        self.words: Catalogue = CATALOGUES[language]
        self._zone = zone

    def say(self, template: str, **values: object) -> str:
        """Fill `template`, every value isolated. In Hebrew each line starts from the right whatever it starts with."""
        text = template.format_map({name: isolate(value, 300) for name, value in values.items()})
        return self.lines(text)

    def lines(self, text: str) -> str:
        """Make every line of `text` run in the direction of this language."""
        if self.language != "he":
            return text
        return "\n".join(line if not line or line.startswith(RLM) else RLM + line for line in text.split("\n"))

    def moment(self, utc: float) -> str:
        """Date and time of day at their own offset, `2026-11-21 19:41:03`."""
        return f"{self._local(utc):%Y-%m-%d %H:%M:%S}"

    def clock(self, utc: float) -> str:
        """The time of day, `19:41:03`."""
        return f"{self._local(utc):%H:%M:%S}"

    def minute(self, utc: float) -> int:
        """Minutes after local midnight."""
        local = self._local(utc)
        return local.hour * 60 + local.minute

    def midnight(self, utc: float) -> float:
        """When the local day of `utc` began."""
        return self._local(utc).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def week(self, utc: float) -> tuple[str, int, int]:
        """The ISO week (`2026-W47`), the weekday (Monday is 1) and the hour."""
        local = self._local(utc)
        year, week, weekday = local.isocalendar()
        return f"{year}-W{week:02}", weekday, local.hour

    def duration(self, seconds: float) -> str:
        """A length of time in its two largest units at most."""
        total, (second, minute, hour, day) = max(0, round(seconds)), self.words.units
        if total < 60:
            return f"{total} {second}"
        if total < 600:
            return _two(total // 60, minute, total % 60, second)
        if total < 3600:
            return f"{total // 60} {minute}"
        if total < 86_400:
            return _two(total // 3600, hour, total % 3600 // 60, minute)
        return _two(total // 86_400, day, total % 86_400 // 3600, hour)

    def level(self, level: str) -> str:
        """A risk level in words."""
        return self.words.levels.get(level, plain(level, 64))

    def thing(self, word: str) -> str:
        """A cause, kind or label in words; one that the catalogue does not know stays as it came."""
        return self.words.things.get(word, plain(word.replace("_", " "), 64))

    def state(self, state: str) -> str:
        """The state of a camera in words."""
        return self.words.states.get(state, plain(state, 64))

    def _local(self, utc: float) -> datetime:
        moment = datetime.fromtimestamp(utc, UTC)
        return moment.astimezone(self._zone)


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def zone_of(name: str) -> tzinfo | None:
    """The time zone with this IANA name; None, which is the machine's own, for an empty one."""
    return ZoneInfo(name) if name else None
