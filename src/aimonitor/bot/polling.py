"""Hearing what people say: long polling, and a task of its own for each answer, so that a slow one holds up nobody."""

import asyncio
import logging

from aimonitor.bot import gate
from aimonitor.bot.database import DatabaseError
from aimonitor.bot.memory import Memory
from aimonitor.bot.people import PeopleDesk
from aimonitor.bot.speech import Speech
from aimonitor.bot.telegram import Telegram
from aimonitor.bot.types import LANGUAGES
from aimonitor.common import backoff

log = logging.getLogger(__name__)

_POLL_S = 25.0
_IN_WORK = 32
"""Updates that are answered at once; more wait at Telegram."""
_FIRST_CODE_LIVES_S = 3600.0
_CONFLICT_S = 10.0
_RETRY_CAP_S = 30.0


class Polling:
    """Reads updates for as long as `run` runs; an update that was handed over is not read again after a restart."""

    def __init__(self, telegram: Telegram, memory: Memory, people: PeopleDesk) -> None:
        self._telegram = telegram
        self._memory = memory
        self._people = people
        self._tasks: set[asyncio.Task[None]] = set()
        self._after = 0

    async def run(self) -> None:
        """Hear and answer until cancelled; raises WrongTokenError and DatabaseError."""
        self._after = int(await self._memory.read("update", "0"))
        waits, troubled = backoff.delays(first=1.0, cap=_RETRY_CAP_S), False
        try:
            while True:
                try:
                    await self._hear()
                    waits, troubled = backoff.delays(first=1.0, cap=_RETRY_CAP_S), False
                except gate.WrongTokenError:
                    raise
                except gate.GateError as error:
                    log.log(logging.DEBUG if troubled else logging.WARNING, "Telegram cannot be heard: %s", error)
                    troubled = True
                    await asyncio.sleep(_pause_s(error, next(waits)))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hear(self) -> None:
        """One poll; raises GateError."""
        if not self._people.me:
            await self._introduce()
        updates = await self._telegram.updates(self._after, _POLL_S)
        for update in updates:
            while len(self._tasks) >= _IN_WORK:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self._after = max(self._after, update.update_id)
            task = asyncio.create_task(self._answer(update))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if updates:
            await self._memory.note("update", str(self._after))

    async def _introduce(self) -> None:
        """Ask who we are, which proves the token, and tell clients our commands."""
        me = await self._telegram.me()
        for language in LANGUAGES:
            commands = Speech(language).words.commands
            await self._telegram.offer_commands(commands, "" if language == "en" else language)
        self._people.me = me
        log.info("the Telegram bot is @%s; %d chats are allowed", me, len(self._memory.chats))
        if not self._memory.chats:
            code = self._people.invite("owner", _FIRST_CODE_LIVES_S)
            log.warning("no chat is allowed yet: send  /start %s  to @%s within an hour, or set CHAT_ID", code, me)

    async def _answer(self, update: gate.Update) -> None:
        try:
            await self._hand_over(update)
        except (gate.WrongTokenError, DatabaseError) as error:
            log.debug("not answered: %s", error)  # the polling and the courier meet it too, and end the bot
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


def _pause_s(error: gate.GateError, usual_s: float) -> float:
    if isinstance(error, gate.BusyError):
        return error.retry_after_s
    return _CONFLICT_S if isinstance(error, gate.ConflictError) else usual_s
