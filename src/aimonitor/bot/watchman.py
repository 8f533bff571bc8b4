"""What happens because time passes: silences told, the threshold watched, mutes ended, the week reported."""

import logging

import msgspec

from aimonitor.bot import answers, report
from aimonitor.bot.actions import Actions
from aimonitor.bot.herald import Herald
from aimonitor.bot.settings import BotSettings
from aimonitor.bot.silence import Silence, SilenceWatch
from aimonitor.bot.site import Site
from aimonitor.bot.threshold import Tally
from aimonitor.bot.types import Content, Urgency

log = logging.getLogger(__name__)

_PRUNE_EVERY_S = 3600.0
_REPORT_EVERY_S = 60.0


class Watchman:
    """`tick` is called about once a second, and never waits for the hub or Telegram."""

    def __init__(
        self,
        settings: BotSettings,
        herald: Herald,
        *,
        site: Site,
        silences: SilenceWatch,
        tally: Tally,
        actions: Actions,
    ) -> None:
        self._settings = settings
        self._herald = herald
        self._memory = herald.memory
        self._site = site
        self._silences = silences
        self._tally = tally
        self._actions = actions
        self._pruned_at = float("-inf")
        self._reported_at = float("-inf")

    async def load(self) -> None:
        """Remember which silences were told before the restart."""
        for name, since in (await self._memory.notes("silent ")).items():
            kind, _, subject = name.partition(" ")
            if kind in ("hub", "edge", "camera"):
                self._silences.restore(kind, subject, float(since))  # type: ignore[arg-type]  # checked above

    async def tick(self) -> None:
        """Whatever is due by now."""
        at, utc = self._herald.clock.monotonic(), self._herald.clock.utc()
        for news in self._silences.due(at, utc):
            await self._tell_silence(news)
        if self._tally.crossed(at):
            await self._tell_crossing(utc)
        await self._end_mutes(utc)
        if at - self._reported_at >= _REPORT_EVERY_S:
            self._reported_at = at
            await self._report_week(utc)
        if at - self._pruned_at >= _PRUNE_EVERY_S:
            self._pruned_at = at
            await self._memory.prune(utc)
            await self._herald.outbox.prune(utc)

    async def _tell_silence(self, news: Silence) -> None:
        note = f"silent {news.kind} {news.name}"
        key = f"silence {news.kind} {news.name} {news.since:.3f}"
        if not news.back:
            await self._memory.note(note, repr(news.since))
            await self._herald.notice(key, lambda voice: answers.silence(voice, self._site, news), silent=news.again)
            return
        await self._memory.erase(note)
        for chat in self._herald.chats():
            card = await self._herald.outbox.find(chat.chat_id, key)
            voice = self._herald.voice(chat)
            content = answers.silence(voice, self._site, news)
            if card is not None:
                over = answers.was_silent(voice, card.content.line, news)
                over = msgspec.structs.replace(over, line=card.content.line, silent=card.content.silent)
                await self._herald.put(chat.chat_id, key, Urgency.NOTICE, over)
                content = msgspec.structs.replace(content, reply_to=card.message_id, silent=card.content.silent)
            await self._herald.put(chat.chat_id, f"back {key}", Urgency.NOTICE, content)

    async def _tell_crossing(self, utc: float) -> None:
        for chat in self._herald.chats():
            voice = self._herald.voice(chat)
            summary = answers.crossing(voice, self._settings.detections_threshold, await self._actions.status(voice))
            quiet = chat.quiet is not None and voice.speech.minute(utc) in chat.quiet
            content = msgspec.structs.replace(summary, silent=quiet)
            await self._herald.put(chat.chat_id, f"crossing {utc:.3f}", Urgency.NOTICE, content)

    async def _end_mutes(self, utc: float) -> None:
        for chat in self._herald.chats():
            if not 0.0 < chat.muted_until <= utc:
                continue
            await self._memory.keep_chat(msgspec.structs.replace(chat, muted_until=0.0))
            held = await self._memory.notes(f"held {chat.chat_id} ")
            for number in held:
                await self._memory.erase(f"held {chat.chat_id} {number}")
            voice = self._herald.voice(chat)
            text = voice.say(voice.speech.words.muted_over, count=len(held))
            await self._herald.put(chat.chat_id, f"unmuted {chat.muted_until:.0f}", Urgency.NOTICE, Content(text))

    async def _report_week(self, utc: float) -> None:
        for chat in self._herald.chats():
            voice = self._herald.voice(chat)
            week, weekday, hour = voice.speech.week(utc)
            name = f"week {chat.chat_id}"
            reported = await self._memory.read(name)
            if not reported:
                await self._memory.note(name, week)
            elif report.is_due(weekday, hour, week, reported):
                await self._memory.note(name, week)
                content = await report.week_before(voice, self._memory, utc)
                content = msgspec.structs.replace(content, silent=True)
                await self._herald.put(chat.chat_id, f"report {week}", Urgency.NOTICE, content)
