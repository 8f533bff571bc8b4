"""What "Not a threat" teaches: the same kind of thing, at the same place, at about the same time of day, looking alike.

A lesson only ever makes quieter, never deaf: what is critical, or clearly more worrying than what was taught, is told
as always. Lessons expire unless they recur, and each can be undone. Pure.

Appearance is cheap: the mean colors of a 4 x 4 grid over the box, brightness taken out (48 bytes, see `still.look`).
It tells a yellow van from a grey man, not one man from another; when a lesson has an appearance and the new incident
has none, they do not match.
"""

from collections.abc import Iterable
from math import hypot

from aimonitor.bot.types import Incident, Lesson

AROUND_MIN = 90
"""Minutes before and after the time of day of the lesson."""
NEAR = 0.12
"""Distance of two places in fractions of the image."""
MORE_WORRYING = 0.15
"""A score this much above the lesson's is another story."""
UNLIKE = 40.0
"""Mean difference of two appearances, of 255, above which they are not alike."""


def teach(incident: Incident, lesson_id: int, *, minute: int, by: str, at: float, days: int) -> Lesson:
    """The lesson that `incident` is no threat."""
    event = incident.event
    return Lesson(
        lesson_id=lesson_id,
        source=event.source,
        kind=event.kind,
        zone=event.zone,
        labels=incident.labels,
        minute=minute,
        score=event.score,
        place=incident.place,
        look=incident.look,
        by=by,
        at=at,
        expires_at=at + days * 86_400,
    )


def recognize(incident: Incident, minute: int, lessons: Iterable[Lesson], now: float) -> Lesson | None:
    """The lesson that covers `incident`, None when it is to be told as always."""
    if incident.event.level == "CRITICAL":
        return None
    return next((lesson for lesson in lessons if lesson.expires_at > now and _covers(lesson, incident, minute)), None)


def _covers(lesson: Lesson, incident: Incident, minute: int) -> bool:
    event = incident.event
    if (lesson.source, lesson.kind, lesson.zone) != (event.source, event.kind, event.zone):
        return False
    if event.score > lesson.score + MORE_WORRYING or not set(incident.labels) <= set(lesson.labels):
        return False
    apart_min = abs(lesson.minute - minute)
    if min(apart_min, 1440 - apart_min) > AROUND_MIN:
        return False
    return _is_near(lesson.place, incident.place) and looks_alike(lesson.look, incident.look)


def _is_near(taught: tuple[float, float] | None, seen: tuple[float, float] | None) -> bool:
    if taught is None:
        return True
    return seen is not None and hypot(taught[0] - seen[0], taught[1] - seen[1]) <= NEAR


def looks_alike(taught: bytes, seen: bytes) -> bool:
    """Whether two appearances are alike; a lesson without one does not ask for it."""
    if not taught:
        return True
    if len(taught) != len(seen):
        return False
    return sum(abs(a - b) for a, b in zip(taught, seen, strict=True)) / len(taught) <= UNLIKE
