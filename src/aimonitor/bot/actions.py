"""What a command or a button does. Each returns the answer, None when the message it was pressed under says it all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from aimonitor.bot import answers, commands, gate
from aimonitor.bot.answers import Arming, Told
from aimonitor.bot.compose import Voice
from aimonitor.bot.herald import Herald
from aimonitor.bot.hub_link import HubLink
from aimonitor.bot.incidents import IncidentDesk
from aimonitor.bot.report import week_before
from aimonitor.bot.seal import Press
from aimonitor.bot.settings import BotSettings
from aimonitor.bot.site import Site
from aimonitor.bot.stills import STALE_S, Stills
from aimonitor.bot.threshold import Tally
from aimonitor.bot.types import Chat, Content, Hours, LanguageCode, Urgency
from aimonitor.hub_client import HubError

log = logging.getLogger(__name__)

HISTORY_PAGE = 10
HOUR_S = 3600.0
_STILL_S = 5.0
_FASTER_S = 60.0
_COMMAND_S = 5.0


class Actions:
    """Everything that people can have done."""

    def __init__(
        self,
        settings: BotSettings,
        herald: Herald,
        *,
        site: Site,
        hub: HubLink,
        stills: Stills,
        incidents: IncidentDesk,
        tally: Tally,
    ) -> None:
        self._settings = settings
        self._herald = herald
        self._memory = herald.memory
        self._clock = herald.clock
        self._site = site
        self._hub = hub
        self._stills = stills
        self._incidents = incidents
        self._tally = tally
        self._faster: dict[str, asyncio.Task[None]] = {}
        self.arming = Arming()
        self._presses: dict[str, Callable[[Voice, Press, gate.Pressed], Awaitable[Content | None]]] = {
            "ack": self._press_ack,
            "ackd": self._press_ack_digest,
            "snz": self._press_snooze,
            "uns": self._press_unsnooze,
            "mute": lambda voice, press, pressed: self.mute(voice, "1h"),
            "not": self._press_not_threat,
            "thr": self._press_threat,
            "live": self._press_live,
            "fps": self._press_faster,
            "arm": lambda voice, press, pressed: self.arm(voice, pressed.name, armed=True),
            "dis": lambda voice, press, pressed: self.arm(voice, pressed.name, armed=False),
            "his": lambda voice, press, pressed: self.history(voice, int(press.argument)),
            "shot": lambda voice, press, pressed: self.snapshot(voice, press.argument, f"shot {pressed.update_id}"),
            "lang": self._press_language,
            "fgt": self._press_forget,
        }

    async def load(self) -> None:
        """Read what is kept of arming."""
        kept = await self._memory.read("arming")
        if kept:
            self.arming = msgspec.json.decode(kept, type=Arming)
        self._incidents.armed = self.arming.armed

    def new_chat(self, chat_id: int, language: LanguageCode | None = None) -> Chat:
        """A chat with the rules that the settings give."""
        quiet = Hours.parse(self._settings.quiet_hours) if self._settings.quiet_hours else None
        return Chat(
            chat_id,
            language=language or self._settings.language,
            level=self._settings.level,
            quiet=quiet,
            joined_at=self._clock.utc(),
        )

    # --- questions --------------------------------------------------------------------------------------------------

    async def status(self, voice: Voice) -> Content:
        counts = self._tally.counts(self._clock.monotonic())
        window_s = self._settings.detections_window_s
        now = self._clock.utc()
        return answers.status(voice, self._site, arming=self.arming, counts=counts, window_s=window_s, now=now)

    async def history(self, voice: Voice, before: int | None) -> Content:
        page, older = await self._hub.history(HISTORY_PAGE, before)
        return answers.history(voice, self._site, page, older)

    async def cameras(self, voice: Voice) -> Content:
        return answers.cameras(voice, self._site)

    async def risk(self, voice: Voice, words: str) -> Content:
        source = self._site.find(words) if words else None
        if words and source is None:
            return Content(voice.say(voice.speech.words.no_such_camera, camera=words))
        return answers.risk(voice, self._site, [source] if source else self._site.sources)

    async def stats(self, voice: Voice) -> Content:
        now = self._clock.utc()
        midnight = voice.speech.midnight(now)
        deeds = await self._memory.deeds(midnight, now + 1.0)
        told = Told(
            midnight,
            deeds.get("told", 0),
            await self._herald.outbox.merged_since(voice.chat.chat_id, midnight),
            deeds.get("demoted", 0),
            deeds.get("held", 0),
            await self._herald.outbox.waiting(),
        )
        counts = self._tally.counts(self._clock.monotonic())
        return answers.stats(voice, told, counts, self._settings.detections_window_s)

    async def lessons(self, voice: Voice) -> Content:
        return answers.lessons(voice, self._site, list(self._memory.lessons.values()))

    async def report(self, voice: Voice) -> Content:
        now = self._clock.utc()
        return await week_before(voice, self._memory, now)

    async def snapshot(self, voice: Voice, words: str, key: str, reply_to: int = 0) -> Content:
        """A picture now. Without a name, of the only camera, else a choice."""
        sources = self._site.sources
        source = self._site.find(words) if words else sources[0] if len(sources) == 1 else None
        said = voice.speech.words
        if source is None:
            if words:
                return Content(voice.say(said.no_such_camera, camera=words))
            text = voice.say(said.which_camera if sources else said.no_cameras)
            return Content(text, answers.camera_buttons(voice, self._site))
        camera = self._site.name(source)
        try:
            taken = await self._stills.take(source, _STILL_S)
        except HubError as error:
            return Content(voice.say(said.snapshot_failed, camera=camera, why=error))
        await self._memory.keep_picture(key, taken.jpeg, self._clock.utc())
        text = voice.say(said.snapshot, camera=camera, time=voice.speech.moment(taken.captured_at))
        age_s = self._site.age_s(source, taken.captured_at, self._clock.utc())
        if age_s > STALE_S:
            text += "\n" + voice.say(said.stale_picture, age=voice.speech.duration(age_s))
        return Content(text, picture=key, reply_to=reply_to)

    # --- changes ----------------------------------------------------------------------------------------------------

    async def mute(self, voice: Voice, words: str) -> Content:
        seconds = commands.duration_s(words or "1h")
        until = self._clock.utc() + seconds if seconds is not None else 0.0
        await self._memory.keep_chat(msgspec.structs.replace(voice.chat, muted_until=until))
        said = voice.speech.words
        return Content(voice.say(said.muted, time=voice.speech.moment(until)) if until else voice.say(said.unmuted))

    async def rules(self, voice: Voice, words: str) -> Content:
        if words:
            names = {self._site.name(source).casefold(): source for source in self._site.sources}
            names |= {source.casefold(): source for source in self._site.sources}
            chat = commands.change_rules(voice.chat, words, names)
            await self._memory.keep_chat(chat)
            voice = self._herald.voice(chat)
        return answers.rules(voice, self._site)

    async def language(self, chat: Chat, code: LanguageCode) -> Content:
        chat = msgspec.structs.replace(chat, language=code)
        await self._memory.keep_chat(chat)
        return answers.help_(self._herald.voice(chat))

    async def arm(self, voice: Voice, by: str, *, armed: bool) -> Content:
        """Arm or disarm everything: the alerts here, and the cameras whose edges know how. Every chat is told."""
        now = self._clock.utc()
        self.arming = Arming(armed, by, now)
        self._incidents.armed = armed
        await self._memory.note("arming", msgspec.json.encode(self.arming).decode())

        def words(one: Voice) -> Content:
            said = one.speech.words
            return Content(one.say(said.armed if armed else said.disarmed, name=by))

        await self._herald.notice(f"arming {now:.3f}", words)
        online = [source for source in self._site.sources if self._site.online(source)]
        results = await asyncio.gather(*(self._tell_camera(source, "arm" if armed else "disarm") for source in online))
        said = voice.speech.words
        failures = [
            voice.say(said.failed, camera=self._site.name(source), why=why)
            for source, why in zip(online, results, strict=True)
            if why
        ]
        return Content("\n".join(failures))

    async def _tell_camera(self, source: str, name: str) -> str:
        """Why a camera did not do it, empty when it did or has no such notion: alerts are held back here anyway."""
        try:
            result = await self._hub.command(source, name, timeout_s=_COMMAND_S)
        except HubError as error:
            return str(error)
        return "" if result.ok or "unknown command" in result.words else result.words

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content | None:
        """Do what a genuine button says; raises HubError."""
        return await self._presses[press.action](voice, press, pressed)

    async def _press_ack(self, voice: Voice, press: Press, pressed: gate.Pressed) -> None:
        await self._incidents.acknowledge(int(press.argument), pressed.name)

    async def _press_ack_digest(self, voice: Voice, press: Press, pressed: gate.Pressed) -> None:
        key, chat_id = f"digest {press.argument}", voice.chat.chat_id
        for member in await self._herald.outbox.members(chat_id, key):
            await self._incidents.acknowledge(int(member.rpartition(" ")[2]), pressed.name)
        card = await self._herald.outbox.find(chat_id, key)
        if card is not None:
            time = voice.speech.clock(self._clock.utc())
            line = voice.say(voice.speech.words.acked, name=pressed.name, time=time)
            content = msgspec.structs.replace(card.content, text=f"{card.content.text}\n{line}", keyboard=())
            await self._herald.put(chat_id, key, Urgency.NOTICE, content, soon=True)

    async def _press_snooze(self, voice: Voice, press: Press, pressed: gate.Pressed) -> None:
        await self._snooze(voice.chat, int(press.argument), self._clock.utc() + HOUR_S)

    async def _press_unsnooze(self, voice: Voice, press: Press, pressed: gate.Pressed) -> None:
        await self._snooze(voice.chat, int(press.argument), 0.0)

    async def _snooze(self, chat: Chat, number: int, until: float) -> None:
        incident = await self._memory.incident_number(number)
        if incident is None:
            return
        now = self._clock.utc()
        snoozed = {source: end for source, end in chat.snoozed.items() if end > now and source != incident.event.source}
        if until:
            snoozed[incident.event.source] = until
        await self._memory.keep_chat(msgspec.structs.replace(chat, snoozed=snoozed))
        await self._incidents.show(incident, soon=True)

    async def _press_not_threat(self, voice: Voice, press: Press, pressed: gate.Pressed) -> None:
        await self._incidents.teach(int(press.argument), pressed.name)

    async def _press_threat(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content:
        await self._incidents.unteach(int(press.argument))
        return Content(voice.say(voice.speech.words.forgotten))

    async def _press_forget(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content:
        await self._memory.forget_lesson(int(press.argument))
        return Content(voice.say(voice.speech.words.forgotten))

    async def _press_live(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content | None:
        incident = await self._memory.incident_number(int(press.argument))
        if incident is None:
            return None
        key = f"shot {pressed.update_id}"
        return await self.snapshot(voice, incident.event.source, key, reply_to=pressed.message_id)

    async def _press_faster(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content | None:
        incident = await self._memory.incident_number(int(press.argument))
        if incident is None:
            return None
        source = incident.event.source
        if source not in self._faster:
            task = self._faster[source] = asyncio.create_task(self._watch(source))
            task.add_done_callback(lambda _: self._faster.pop(source, None))
        said = voice.speech.words
        return Content(
            voice.say(said.faster, camera=self._site.name(source), duration=voice.speech.duration(_FASTER_S))
        )

    async def _watch(self, source: str) -> None:
        try:
            await self._hub.watch(source, _FASTER_S, "full")
        except HubError as error:
            log.warning("more fps for %s: %s", source, error)

    async def _press_language(self, voice: Voice, press: Press, pressed: gate.Pressed) -> Content | None:
        code = commands.language(press.argument)
        return await self.language(voice.chat, code) if code else None

    async def close(self) -> None:
        """Stop watching."""
        for task in list(self._faster.values()):
            task.cancel()
        await asyncio.gather(*self._faster.values(), return_exceptions=True)
