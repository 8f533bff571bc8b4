"""Which chat hears of an incident, and how: the rules, in the order in which they count. Pure."""

from dataclasses import dataclass
from typing import Literal

from aimonitor.bot.types import Chat, Incident, Lesson, Urgency, rank

Outcome = Literal["tell", "held", "learned", "ignored"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with an incident for one chat. `held`: kept back by a mute, a snooze or because disarmed."""

    outcome: Outcome
    urgency: int = Urgency.NEWS
    silent: bool = False


def judge(incident: Incident, chat: Chat, *, armed: bool, lesson: Lesson | None, now: float, minute: int) -> Verdict:
    """Decide for one chat. now: UTC seconds; minute: local minutes after midnight.

    Nothing but the chat's own choice of cameras and level holds back what is critical.
    """
    event = incident.event
    if chat.blocked or (chat.cameras and event.source not in chat.cameras):
        return Verdict("ignored")
    if rank(event.level) < rank(chat.level):
        return Verdict("ignored")
    if event.level == "CRITICAL":
        return Verdict("tell", Urgency.CRITICAL)
    if not armed or now < chat.muted_until or now < chat.snoozed.get(event.source, 0.0):
        return Verdict("held")
    if lesson is not None:
        return Verdict("learned", silent=True)
    quiet = chat.quiet is not None and minute in chat.quiet
    return Verdict("tell", silent=quiet or incident.late)
