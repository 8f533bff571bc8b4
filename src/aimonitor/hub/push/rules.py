"""Who is told of what. Pure."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aimonitor.contract import messages
from aimonitor.hub.push.records import Rules

LEVELS = ("NORMAL", "WATCH", "ALERT", "CRITICAL")


def wants(rules: Rules, event: messages.Event, utc: float) -> bool:
    """Whether somebody with these rules is told of an incident that stands as `event` says. `utc`: now, in seconds."""
    if rules.cameras and event.source not in rules.cameras:
        return False
    if rank(event.level) < rank(rules.level):
        return False
    return event.level == "CRITICAL" or not is_quiet(rules, utc)


def rank(level: str) -> int:
    """The place of a level, lowest for a word that we do not know."""
    return LEVELS.index(level) if level in LEVELS else 0


def is_quiet(rules: Rules, utc: float) -> bool:
    """Whether `utc` lies in the quiet hours, the end not included."""
    if not rules.quiet:
        return False
    start, _, end = rules.quiet.partition("-")
    now = f"{datetime.fromtimestamp(utc, zone(rules.timezone)):%H:%M}"
    return start <= now < end if start <= end else now >= start or now < end


def zone(name: str) -> tzinfo:
    """The time zone of that name. Raises ValueError."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"expected an IANA time zone such as Europe/Berlin, got {name!r}") from None
