"""From what is known to what a message says: incidents, digests, answers. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aimonitor.bot.seal import Seal
from aimonitor.bot.speech import FSI, PDI, TEXT_LIMIT, Speech, fit, plain, utf16_length
from aimonitor.bot.types import Button, Card, Chat, Content, Incident, Keyboard, Lesson
from aimonitor.contract import messages

ICONS: Mapping[str, str] = {"NORMAL": "⚪", "WATCH": "🟡", "ALERT": "🟠", "CRITICAL": "🔴"}
STATE_ICONS: Mapping[str, str] = {"live": "🟢", "delayed": "🟡", "connecting": "🟡", "dark": "🌑", "blurred": "🟡"}
_MARKS = tuple(ICONS.values())
LINES_PER_DIGEST = 40
_FACTORS = 4


@dataclass(frozen=True, slots=True)
class Voice:
    """All that words a message for one chat."""

    chat: Chat
    speech: Speech
    seal: Seal

    def button(self, words: str, action: str, argument: str | int = "") -> Button:
        """A button that only this chat can press."""
        return Button(
            self.speech.say(words, number=f"#{argument}"), self.seal.close(action, argument, self.chat.chat_id)
        )

    def say(self, template: str, **values: object) -> str:
        """A sentence in the chat's language."""
        return self.speech.say(template, **values)


def icon(level: str) -> str:
    """The color of a level."""
    return ICONS.get(level, "🟠")


def what(speech: Speech, event: messages.Event | Lesson) -> str:
    """What happens, and in which zone."""
    thing = speech.thing(event.kind)
    if not event.zone:
        return speech.say(speech.words.what, what=thing)
    return speech.say(speech.words.what_in, what=thing, zone=event.zone)


def why(speech: Speech, factors: Sequence[messages.Factor]) -> str:
    """The causes with the largest share, as points of 100: `loitering +25, night +15`."""
    strongest = sorted(factors, key=lambda factor: -abs(factor.contribution))[:_FACTORS]
    said = (
        f"{FSI}{plain(speech.thing(factor.cause))} {round(100 * factor.contribution):+d}{PDI}"
        for factor in strongest
        if round(100 * factor.contribution)
    )
    return ", ".join(said)


# --- an incident ----------------------------------------------------------------------------------------------------


def incident(voice: Voice, one: Incident, *, camera: str, now: float, lesson: Lesson | None, picture: str) -> Content:
    """The message of an incident, as it stands now."""
    speech, words, event = voice.speech, voice.speech.words, one.event
    lines = [voice.say(words.head, icon=icon(event.level), level=speech.level(event.level), camera=camera)]
    lines.append(what(speech, event))
    if reasons := why(speech, event.factors):
        lines.append(speech.lines(words.why.replace("{factors}", reasons)))
    lasted = speech.duration(event.at - event.opened_at)
    lines.append(
        voice.say(words.ended if one.closed else words.going_on, time=speech.moment(event.opened_at), duration=lasted)
    )
    if one.late:
        lines.append(voice.say(words.late))
    lines.extend(_answers(voice, one, camera, lesson, now))
    lines.append(voice.say("{number}", number=f"#{one.number}"))
    line = f"{icon(event.level)} {_line(speech, one, camera)}"
    return Content("\n".join(lines), _incident_buttons(voice, one, now), picture, speech.lines(line))


def _line(speech: Speech, one: Incident, camera: str) -> str:
    time = speech.clock(one.event.opened_at)
    return f"{time} {what(speech, one.event)} · {FSI}{plain(camera)}{PDI} #{one.number}"


def _answers(voice: Voice, one: Incident, camera: str, lesson: Lesson | None, now: float) -> Iterable[str]:
    """What people and lessons say of the incident."""
    speech, words = voice.speech, voice.speech.words
    if one.acked_by:
        yield voice.say(words.acked, name=one.acked_by, time=speech.clock(one.acked_at))
    if one.taught and lesson is not None:
        yield voice.say(words.taught, name=lesson.by)
    until = voice.chat.snoozed.get(one.event.source, 0.0)
    if until > now:
        yield voice.say(words.snoozed, camera=camera, time=speech.clock(until))


def _incident_buttons(voice: Voice, one: Incident, now: float) -> Keyboard:
    words, number = voice.speech.words, one.number
    if not voice.chat.may("operator"):
        return ((voice.button(words.live, "live", number),),)
    snoozed = voice.chat.snoozed.get(one.event.source, 0.0) > now
    first = [] if one.acked_by else [voice.button(words.ack, "ack", number)]
    first.append(voice.button(words.unsnooze, "uns", number) if snoozed else voice.button(words.snooze, "snz", number))
    teaching = (words.threat, "thr") if one.taught else (words.not_threat, "not")
    second = [voice.button(*teaching, number)]
    third = [voice.button(words.live, "live", number)]
    if not one.closed:
        third.append(voice.button(words.more_fps, "fps", number))
    return tuple(first), tuple(second), tuple(third), (voice.button(words.disarm, "dis"),)


def learned_today(voice: Voice, day: str, recent: Sequence[Incident], count: int, names: Mapping[str, str]) -> Content:
    """The one quiet message of a day about what was recognized as no threat, newest first, each with a way back."""
    speech, words = voice.speech, voice.speech.words
    lines = [voice.say(words.learned_today, day=day, count=count)]
    buttons = []
    for one in recent:
        event = one.event
        camera = names.get(event.source, event.source)
        lines.append(_line(speech, one, camera))
        buttons.append(voice.button(f"{words.threat} {{number}}", "thr", one.number))
    keyboard = tuple((button,) for button in buttons[:3]) if voice.chat.may("operator") else ()
    return Content(fit(speech.lines("\n".join(lines)), TEXT_LIMIT), keyboard, silent=True)


# --- a digest -------------------------------------------------------------------------------------------------------


def digest(voice: Voice, number: int, cards: Sequence[Card], more: int) -> Content:
    """Many incidents in one message, one line each; `more` counts those that are not even listed."""
    speech, words = voice.speech, voice.speech.words
    worst = max((mark for one in cards for mark in ICONS.values() if mark in one.content.line[:4]), key=_MARKS.index)
    first, last = min(one.created_at for one in cards), max(one.created_at for one in cards)
    head = voice.say(
        words.digest,
        icon=worst,
        count=len(cards) + more,
        start=speech.clock(first),
        end=speech.clock(last),
    )
    lines = [head, *(one.content.line for one in cards)]
    if more:
        lines.append(voice.say(words.digest_more, count=more))
    keyboard: Keyboard = ()
    if voice.chat.may("operator"):
        keyboard = ((voice.button(words.ack_all, "ackd", number), voice.button(words.mute_hour, "mute")),)
    silent = all(one.content.silent for one in cards)
    return Content(fit("\n".join(lines), TEXT_LIMIT), keyboard, silent=silent)


def take_for_digest(lines: Sequence[str]) -> int:
    """How many of `lines`, from the first, fit into one digest; at least one."""
    room = TEXT_LIMIT - 300
    for count, line in enumerate(lines):
        room -= utf16_length(line) + 1
        if room < 0 or count >= LINES_PER_DIGEST:
            return max(1, count)
    return len(lines)
