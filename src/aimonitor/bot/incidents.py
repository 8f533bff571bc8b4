"""From the hub's events to messages: one incident, one message in each chat that should hear of it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import msgspec

from aimonitor.bot import alerts, compose, learning, still
from aimonitor.bot.herald import Herald
from aimonitor.bot.site import Site
from aimonitor.bot.stills import STALE_S, Still, Stills
from aimonitor.bot.threshold import Tally
from aimonitor.bot.types import Chat, Incident, Lesson, Urgency, rank
from aimonitor.contract import messages
from aimonitor.hub_client import HubError

log = logging.getLogger(__name__)

FIRST_STILL_S = 1.2
"""The text does not wait longer than this for its still; a later still is put into the same message."""
SECOND_STILL_S = 6.0
LATE_S = 600.0
"""News that is older than this when it comes says so, and makes no sound."""
_LEARNED_SHOWN = 12
_CLIPS_AT_ONCE = 2


class IncidentDesk:
    """Takes events in any order and any number of times; what it keeps and tells is the newest of each incident."""

    def __init__(
        self, herald: Herald, site: Site, stills: Stills, tally: Tally, *, lesson_days: int, clip_s: float
    ) -> None:
        self._herald = herald
        self._memory = herald.memory
        self._clock = herald.clock
        self._site = site
        self._stills = stills
        self._tally = tally
        self._lesson_days = lesson_days
        self._clip_s = clip_s
        self._picturing: set[int] = set()
        self._filming: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.armed = True

    async def resume(self) -> None:
        """Show what was known but not shown yet when the bot stopped."""
        for number in await self._memory.unshown():
            await self._show_number(number)

    async def take(self, event: messages.Event, stored_at: float | None = None) -> None:
        """An event came from the hub, or out of its history, where it has been since `stored_at` (UTC).

        What somebody asked of a camera is no incident: our own asking for a still would call for the next.
        """
        if event.kind == messages.COMMAND_KIND:
            return
        taken = await self._memory.take_event(event)
        if taken is None:
            return
        incident, is_new = taken
        incident = await self._describe(incident)
        if is_new:
            self._tally.incident(self._clock.monotonic())
            if self._is_late(event, stored_at):
                incident = await self._memory.change_incident(incident.number, late=True) or incident
        if is_new and not incident.late and self._site.online(event.source):
            self._picturing.add(incident.number)
            self._start(self._picture_then_show(incident.number, event.source))
        elif incident.number not in self._picturing:
            await self.show(incident)

    def _is_late(self, event: messages.Event, stored_at: float | None) -> bool:
        now = self._clock.utc()
        waited_s = now - stored_at if stored_at is not None else 0.0
        return max(waited_s, self._site.age_s(event.source, event.at, now)) > LATE_S

    async def _describe(self, incident: Incident) -> Incident:
        """Add what the figures tell of those involved, while they are at hand."""
        event = incident.event
        labels = self._site.labels(event.source, event.track_ids) or incident.labels
        track, place = self._site.track(event.source, event.track_ids), incident.place
        if place is None and track is not None:
            x1, _, x2, y2 = track.box
            place = ((x1 + x2) / 2, y2)
        if (labels, place) == (incident.labels, incident.place):
            return incident
        return await self._memory.change_incident(incident.number, labels=labels, place=place) or incident

    async def _picture_then_show(self, number: int, source: str) -> None:
        """Show an incident with its still, or without and then with it as soon as it comes."""
        pictured = await self._picture(number, source, FIRST_STILL_S)
        self._picturing.discard(number)
        await self._show_number(number)
        if not pictured and await self._picture(number, source, SECOND_STILL_S):
            await self._show_number(number)
        if self._clip_s and await self._clip(number, source):
            await self._show_number(number)

    async def _clip(self, number: int, source: str) -> bool:
        """Put a clip of the next seconds in the place of the still, where it is worth it; False when it is not."""
        incident = await self._memory.incident_number(number)
        if incident is None or rank(incident.event.level) < rank("ALERT"):
            return False
        if source in self._filming or len(self._filming) >= _CLIPS_AT_ONCE:
            return False
        self._filming.add(source)
        try:
            clip = await self._stills.clip(source, self._clip_s)
        except HubError as error:
            log.debug("no clip for incident %d: %s", number, error)
            return False
        finally:
            self._filming.discard(source)
        await self._memory.keep_picture(f"clip {number}", clip, self._clock.utc())
        await self._memory.change_incident(number, picture=f"clip {number}")
        return True

    async def _picture(self, number: int, source: str, timeout_s: float) -> bool:
        try:
            taken = await asyncio.wait_for(self._stills.take(source, timeout_s), timeout_s + 0.4)
        except (HubError, TimeoutError) as error:
            log.debug("no still for incident %d: %s", number, error)
            return False
        if self._site.age_s(source, taken.captured_at, self._clock.utc()) > STALE_S:
            return False
        await self._memory.keep_picture(f"still {number}", taken.jpeg, self._clock.utc())
        incident = await self._memory.incident_number(number)
        if incident is not None:
            looks = await asyncio.to_thread(_look, incident, taken)
            await self._memory.change_incident(number, picture=f"still {number}", look=looks)
        return True

    async def _show_number(self, number: int) -> None:
        incident = await self._memory.incident_number(number)
        if incident is not None:
            await self.show(incident)

    async def show(self, incident: Incident, *, soon: bool = False) -> None:
        """Bring every chat's message about `incident` up to date; make it where there should be one."""
        now = self._clock.utc()
        minute = self._herald.speech().minute(incident.event.opened_at)
        incident, lesson = await self._recognize(incident, minute, now)
        for chat in self._herald.chats():
            key = f"incident {incident.number}"
            verdict = alerts.judge(
                incident, chat, armed=self.armed, lesson=lesson, now=now, minute=self._herald.speech().minute(now)
            )
            known = await self._herald.outbox.find(chat.chat_id, key)
            if known is not None:
                urgency = min(known.urgency, verdict.urgency if verdict.outcome == "tell" else known.urgency)
                await self._put(chat, incident, urgency, known.content.silent, soon)
            elif verdict.outcome == "tell":
                await self._put(chat, incident, verdict.urgency, verdict.silent, soon)
                await self._memory.did("told", incident.number, now)
            elif verdict.outcome == "learned":
                await self._memory.did("demoted", incident.number, now)
                await self.show_learned(chat)
            elif verdict.outcome == "held":
                await self._hold(chat, incident, now)
        await self._memory.shown(incident)

    async def _put(self, chat: Chat, incident: Incident, urgency: int, silent: bool, soon: bool) -> None:
        voice = self._herald.voice(chat)
        content = compose.incident(
            voice,
            incident,
            camera=self._site.name(incident.event.source),
            now=self._clock.utc(),
            lesson=self._memory.lessons.get(incident.taught),
            picture=incident.picture,
        )
        content = msgspec.structs.replace(content, silent=silent)
        await self._herald.put(chat.chat_id, f"incident {incident.number}", urgency, content, soon=soon)

    async def _hold(self, chat: Chat, incident: Incident, now: float) -> None:
        await self._memory.did("held", incident.number, now)
        name = f"held {chat.chat_id} {incident.number}"
        await self._memory.note(name, "1")

    async def _recognize(self, incident: Incident, minute: int, now: float) -> tuple[Incident, Lesson | None]:
        """The lesson that covers an incident; a recurrence is counted once, and keeps the lesson alive."""
        lesson = learning.recognize(incident, minute, self._memory.lessons.values(), now)
        if lesson is None or incident.taught or incident.recognized == lesson.lesson_id:
            return incident, lesson
        lesson = msgspec.structs.replace(
            lesson, recurrences=lesson.recurrences + 1, expires_at=now + self._lesson_days * 86_400
        )
        await self._memory.keep_lesson(lesson)
        changed = await self._memory.change_incident(incident.number, recognized=lesson.lesson_id)
        return changed or incident, lesson

    async def show_learned(self, chat: Chat) -> None:
        """Bring the day's quiet message about recurrences up to date."""
        voice, now = self._herald.voice(chat), self._clock.utc()
        midnight = voice.speech.midnight(now)
        numbers = await self._memory.deed_numbers("demoted", midnight, _LEARNED_SHOWN)
        recent = await self._memory.incidents(numbers)
        count = (await self._memory.deeds(midnight, now + 1.0)).get("demoted", 0)
        names = {one.event.source: self._site.name(one.event.source) for one in recent}
        day = voice.speech.moment(now)[:10]
        content = compose.learned_today(voice, day, recent, count, names)
        await self._herald.put(chat.chat_id, f"learned {day}", Urgency.NOTICE, content)

    # --- what people say of incidents -------------------------------------------------------------------------------

    async def acknowledge(self, number: int, by: str) -> None:
        """Someone takes care of it; every chat sees who."""
        incident = await self._memory.incident_number(number)
        if incident is None or incident.acked_by:
            return
        now = self._clock.utc()
        await self._memory.did("acked", number, now)
        await self._show_changed(number, acked_by=by or "?", acked_at=now)

    async def teach(self, number: int, by: str) -> None:
        """It is no threat, and neither is its like."""
        incident = await self._memory.incident_number(number)
        if incident is None or incident.taught:
            return
        now = self._clock.utc()
        minute = self._herald.speech().minute(incident.event.opened_at)
        lesson = learning.teach(incident, 0, minute=minute, by=by, at=now, days=self._lesson_days)
        lesson = await self._memory.keep_lesson(lesson)
        await self._memory.did("taught", number, now)
        await self._show_changed(number, taught=lesson.lesson_id)

    async def unteach(self, number: int) -> None:
        """It is a threat after all: forget the lesson that was made of it, or that it was recognized by."""
        incident = await self._memory.incident_number(number)
        if incident is None:
            return
        await self._memory.forget_lesson(incident.taught or incident.recognized)
        if incident.recognized:
            await self._memory.did("missed", number, self._clock.utc())
        await self._show_changed(number, taught=0, recognized=0)

    async def _show_changed(self, number: int, **fields: object) -> None:
        incident = await self._memory.change_incident(number, **fields)
        if incident is not None:
            await self.show(incident, soon=True)

    # --- tasks ------------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("an incident could not be shown", exc_info=error)

    async def close(self) -> None:
        """Stop what is under way; the outbox has what was told so far."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _look(incident: Incident, taken: Still) -> bytes:
    """The appearance of the first of those involved, in that very frame."""
    if taken.said is None:
        return incident.look
    track = next((track for track in taken.said.tracks if track.track_id in incident.event.track_ids), None)
    if track is None:
        return incident.look
    try:
        return still.look(taken.original, track.box) or incident.look
    except still.StillError:
        return incident.look
