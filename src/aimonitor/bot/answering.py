"""What follows from what people say: a task of its own for each answer, so that a slow one holds up nobody."""

import asyncio
import logging
from collections.abc import Sequence

from aimonitor.bot import gate
from aimonitor.bot.database import DatabaseError
from aimonitor.bot.memory import Memory
from aimonitor.bot.people import PeopleDesk
from aimonitor.bot.speech import Speech
from aimonitor.bot.telegram import Telegram
from aimonitor.bot.types import LANGUAGES

log = logging.getLogger(__name__)

_IN_WORK = 32
"""Updates that are answered at once; more wait at Telegram."""

_FIRST_CODE_LIVES_S = 3600.0


class Answering:
    """Takes updates however they come; one that was handed over is not taken again, also after a restart."""

    def __init__(self, telegram: Telegram, memory: Memory, people: PeopleDesk) -> None:
        self._telegram = telegram
        self._memory = memory
        self._people = people
        self._tasks: set[asyncio.Task[None]] = set()
        self.after = 0
        self.taken = 0

    async def begin(self) -> None:
        """Remember what was taken before. Raises DatabaseError."""
        self.after = int(await self._memory.read("update", "0"))

    async def introduce(self) -> None:
        """Once: ask who we are, which proves the token, and tell clients our commands. Raises GateError."""
        if self._people.me:
            return
        me = await self._telegram.me()
        for language in LANGUAGES:
            commands = Speech(language).words.commands
            await self._telegram.offer_commands(commands, "" if language == "en" else language)
        self._people.me = me
        log.info("the Telegram bot is @%s; %d chats are allowed", me, len(self._memory.chats))
        if not self._memory.chats:
            code = self._people.invite("owner", _FIRST_CODE_LIVES_S)
            log.warning("no chat is allowed yet: send  /start %s  to @%s within an hour, or set CHAT_ID", code, me)

    async def take(self, updates: Sequence[gate.Update]) -> None:
        """Answer those that are new; returns when they are in work and noted. Raises DatabaseError."""
        fresh = [update for update in updates if update.update_id > self.after]
        for update in fresh:
            while len(self._tasks) >= _IN_WORK:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self.after = max(self.after, update.update_id)
            self.taken += 1
            task = asyncio.create_task(self._answer(update))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if fresh:
            await self._memory.note("update", str(self.after))

    async def close(self) -> None:
        """End what is still being answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, update: gate.Update) -> None:
        try:
            await self._hand_over(update)
        except (gate.WrongTokenError, DatabaseError) as error:
            log.debug("not answered: %s", error)  # whoever hears and the courier meet it too, and end the bot
        except Exception:  # the top of a task: one update that fails must not end the bot
            log.exception("an update could not be answered")

    async def _hand_over(self, update: gate.Update) -> None:
        match update:
            case gate.Said():
                await self._people.said(update)
            case gate.Pressed():
                await self._people.pressed(update)
            case gate.Joined():
                await self._people.joined(update)
            case gate.Other():
                pass
