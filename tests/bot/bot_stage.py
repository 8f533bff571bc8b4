"""A bot at work between a hub and a Telegram that are both made up, in virtual time."""

import asyncio
import contextlib

from fake_hub import FakeHub
from fake_telegram import TOKEN, FakeTelegram
from virtual_time import LoopClock

from aimonitor.bot import app
from aimonitor.bot.settings import BotSettings

OWNER = 1001


class Stage:
    def __init__(self, tmp_path, clock=None, **settings):
        self.clock = clock or LoopClock()
        self.path = tmp_path / "bot.sqlite3"
        self.telegram = FakeTelegram()
        self.hub = FakeHub(self.clock)
        self._settings = settings
        self._bot = None

    def settings(self):
        base = {"token": TOKEN, "chats": OWNER, "hub": self.hub.url, "api_base": self.telegram.url, "state": self.path}
        return BotSettings(timezone="UTC", **(base | self._settings))

    async def start_bot(self):
        self._bot = asyncio.create_task(app.run(self.settings(), self.clock))
        await self.until(
            lambda: self._bot.done() or (self.hub.wishes and self.hub.history_asked and self.telegram.commands)
        )

    async def stop_bot(self):
        self._bot.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._bot

    @property
    def bot(self):
        return self._bot

    async def until(self, condition, seconds=30.0):
        """Wait until something is so; fails when it is not within `seconds` of virtual time."""
        end = self.clock.monotonic() + seconds
        while not condition():
            assert self.clock.monotonic() < end, f"not so within {seconds} s; chats show {self.telegram.messages}"
            await asyncio.sleep(0.02)

    async def ask(self, text, chat_id=OWNER, **more):
        """Say something and return the message that answers."""
        before = len(self.telegram.messages)
        self.telegram.say(chat_id, text, **more)
        await self.until(lambda: any(m.chat_id == chat_id for m in self.telegram.messages[before:]))
        return next(m for m in self.telegram.messages[before:] if m.chat_id == chat_id)


@contextlib.asynccontextmanager
async def on_stage(tmp_path, **settings):
    stage = Stage(tmp_path, **settings)
    await stage.telegram.start()
    await stage.hub.start()
    try:
        await stage.start_bot()
        yield stage
    finally:
        await stage.stop_bot()
        await stage.hub.stop()
        await stage.telegram.stop()
