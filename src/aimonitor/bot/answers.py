"""What the bot answers to questions, from what it knows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from aimonitor.bot.commands import NEEDS
from aimonitor.bot.compose import STATE_ICONS, Voice, icon, what, why
from aimonitor.bot.seal import short_name
from aimonitor.bot.silence import Silence
from aimonitor.bot.site import Site
from aimonitor.bot.speech import FSI, PDI, TEXT_LIMIT, fit, plain
from aimonitor.bot.threshold import Counts
from aimonitor.bot.types import LANGUAGES, Button, Content, Keyboard, Lesson
from aimonitor.bot.words import CATALOGUES
from aimonitor.contract import messages

_CAMERAS = 40


@dataclass(frozen=True, slots=True)
class Arming:
    """Whether incidents below CRITICAL are told, and who said so when (UTC)."""

    armed: bool = True
    by: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What the bot did since `since` (UTC): incidents told and of those in digests, demoted, held back."""

    since: float
    told: int = 0
    merged: int = 0
    demoted: int = 0
    held: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event of the hub's history: its number there, which has no gaps, and when the hub stored it (UTC)."""

    number: int
    event: messages.Event
    stored_at: float = 0.0


def status(voice: Voice, site: Site, *, arming: Arming, counts: Counts, window_s: float, now: float) -> Content:
    """The whole of it in a few lines."""
    speech, words = voice.speech, voice.speech.words
    sources = site.sources
    lines = [
        voice.say(
            words.status,
            online=sum(edge.online for edge in site.edges.values()),
            edges=len(site.edges),
            live=sum(site.state(source) == "live" for source in sources),
            cameras=len(sources),
        ),
        _arming(voice, arming),
    ]
    if voice.chat.muted_until > now:
        lines.append(voice.say(words.status_muted, time=speech.moment(voice.chat.muted_until)))
    lines.append(count_line(voice, counts, window_s))
    lines += [
        voice.say(words.offline_since, icon="🔴", name=edge.edge_id, time=speech.moment(edge.since))
        for edge in site.edges.values()
        if not edge.online
    ]
    lines += [_camera(voice, site, source) for source in sources[:_CAMERAS]]
    keyboard: Keyboard = ()
    if voice.chat.may("operator"):
        turn = voice.button(words.disarm, "dis") if arming.armed else voice.button(words.arm, "arm")
        keyboard = ((turn,),)
    return Content(fit("\n".join(lines), TEXT_LIMIT), keyboard)


def _arming(voice: Voice, arming: Arming) -> str:
    words = voice.speech.words
    if arming.armed:
        return voice.say(words.status_armed)
    return voice.say(words.status_disarmed, name=arming.by, time=voice.speech.moment(arming.at))


def count_line(voice: Voice, counts: Counts, window_s: float) -> str:
    """Boxes, objects and incidents, side by side."""
    return voice.say(
        voice.speech.words.counts,
        window=voice.speech.duration(window_s),
        boxes=counts.boxes,
        objects=counts.objects,
        incidents=counts.incidents,
    )


def crossing(voice: Voice, threshold: int, summary: Content) -> Content:
    """The automatic summary: why it comes, and the status."""
    head = voice.say(voice.speech.words.crossing, threshold=threshold)
    return Content(fit(f"{head}\n{summary.text}", TEXT_LIMIT), summary.keyboard)


def cameras(voice: Voice, site: Site) -> Content:
    """Every camera with its state, and a button for a picture of each."""
    words, sources = voice.speech.words, site.sources
    if not sources:
        return Content(voice.say(words.no_cameras))
    lines = [voice.say(words.cameras), *(_camera(voice, site, source) for source in sources[:_CAMERAS])]
    return Content(fit("\n".join(lines), TEXT_LIMIT), camera_buttons(voice, site))


def camera_buttons(voice: Voice, site: Site) -> Keyboard:
    """A button for a picture of each camera, two in a row."""
    buttons = [
        Button(
            f"📷 {FSI}{plain(site.name(source), 40)}{PDI}",
            voice.seal.close("shot", short_name(source), voice.chat.chat_id),
        )
        for source in site.sources[:_CAMERAS]
    ]
    return tuple(tuple(buttons[first : first + 2]) for first in range(0, len(buttons), 2))


def _camera(voice: Voice, site: Site, source: str) -> str:
    said, state = site.newest(source), site.state(source)
    return voice.say(
        voice.speech.words.camera_line,
        icon=STATE_ICONS.get(state, "🔴"),
        camera=site.name(source),
        state=voice.speech.state(state),
        fps=f"{said.fps:.1f}" if said and state == "live" else "0",
        score=f"{100 * said.risk.score:.0f}" if said else "–",
    )


def risk(voice: Voice, site: Site, sources: Sequence[str]) -> Content:
    """How worried to be about each camera, and why: every cause with its points."""
    speech, words = voice.speech, voice.speech.words
    lines = []
    for source in sources[:_CAMERAS]:
        said, camera = site.newest(source), site.name(source)
        if said is None:
            lines.append(voice.say(words.risk_unknown, camera=camera))
            continue
        level = said.risk.level
        score = f"{100 * said.risk.score:.0f}"
        lines.append(voice.say(words.risk, icon=icon(level), camera=camera, level=speech.level(level), score=score))
        reasons = why(speech, said.risk.factors)
        lines.append(
            speech.lines(words.why.replace("{factors}", reasons)) if reasons else voice.say(words.risk_nothing)
        )
    return Content(fit("\n".join(lines) or voice.say(words.no_cameras), TEXT_LIMIT))


def history(voice: Voice, site: Site, page: Sequence[Numbered], older: int | None) -> Content:
    """A page of events, newest first, with their numbers in the hub's history."""
    speech, words = voice.speech, voice.speech.words
    if not page:
        return Content(voice.say(words.history_none))
    lines = [voice.say(words.history)]
    lines += [
        voice.say(
            words.history_line,
            number=one.number,
            time=speech.moment(one.event.at),
            icon=icon(one.event.level),
            camera=site.name(one.event.source),
            what=what(speech, one.event),
            phase=words.phases.get(one.event.phase, one.event.phase),
        )
        for one in page
    ]
    keyboard = ((voice.button(words.more, "his", older),),) if older else ()
    return Content(fit("\n".join(lines), TEXT_LIMIT), keyboard)


def stats(voice: Voice, told: Told, counts: Counts, window_s: float) -> Content:
    """What was seen and what was said about it."""
    words = voice.speech.words
    line = voice.say(
        words.stats,
        time=voice.speech.moment(told.since),
        told=told.told,
        merged=told.merged,
        demoted=told.demoted,
        held=told.held,
        waiting=told.waiting,
    )
    return Content(f"{count_line(voice, counts, window_s)}\n{line}")


def rules(voice: Voice, site: Site) -> Content:
    """What this chat is told, and how to change it."""
    speech, words, chat = voice.speech, voice.speech.words, voice.chat
    cameras = ", ".join(site.name(source) for source in chat.cameras) or words.all_cameras
    quiet = str(chat.quiet) if chat.quiet else words.never
    said = voice.say(words.rules, level=speech.level(chat.level), cameras=cameras, quiet=quiet)
    return Content(f"{said}\n{speech.lines(words.rules_usage)}")


def lessons(voice: Voice, site: Site, learned: Sequence[Lesson]) -> Content:
    """What counts as no threat, each with a button that forgets it."""
    speech, words = voice.speech, voice.speech.words
    if not learned:
        return Content(voice.say(words.learned_none))
    newest = sorted(learned, key=lambda lesson: -lesson.lesson_id)[:20]
    lines = [voice.say(words.learned)]
    lines += [
        voice.say(
            words.lesson_line,
            number=f"#{lesson.lesson_id}",
            camera=site.name(lesson.source),
            what=what(speech, lesson),
            time=f"{lesson.minute // 60:02}:{lesson.minute % 60:02}",
            count=lesson.recurrences,
            until=speech.moment(lesson.expires_at)[:10],
        )
        for lesson in newest
    ]
    keyboard: Keyboard = ()
    if voice.chat.may("operator"):
        keyboard = tuple((voice.button(words.forget, "fgt", lesson.lesson_id),) for lesson in newest[:8])
    return Content(fit("\n".join(lines), TEXT_LIMIT), keyboard)


def languages(voice: Voice) -> Content:
    """The languages to choose from."""
    row = tuple(Button(CATALOGUES[code].name, voice.seal.close("lang", code, voice.chat.chat_id)) for code in LANGUAGES)
    return Content(voice.say(voice.speech.words.language), (row,))


def help_(voice: Voice) -> Content:
    """Every command this chat may give."""
    words = voice.speech.words
    lines = [voice.say(words.help)]
    lines += [
        voice.speech.lines(f"/{name} {FSI}{words.commands[name]}{PDI}")
        for name in words.commands
        if voice.chat.may(NEEDS[name])
    ]
    return Content("\n".join(lines))


def silence(voice: Voice, site: Site, news: Silence) -> Content:
    """An edge, a camera or the hub is gone, or back."""
    speech, words = voice.speech, voice.speech.words
    gone, back = {
        "hub": (words.hub_silent, words.hub_back),
        "edge": (words.edge_silent, words.edge_back),
        "camera": (words.camera_silent, words.camera_back),
    }[news.kind]
    name = site.name(news.name) if news.kind == "camera" else news.name
    state, since = speech.state(news.state), speech.moment(news.since)
    text = voice.say(
        back if news.back else gone, name=name, state=state, time=since, duration=speech.duration(news.lasted_s)
    )
    return Content(text, line=text)


def was_silent(voice: Voice, before: str, news: Silence) -> Content:
    """The earlier message about a silence that is over."""
    speech = voice.speech
    end = speech.moment(news.since + news.lasted_s)
    return Content(f"{before}\n{voice.say(speech.words.was_silent, start=speech.moment(news.since), end=end)}")
