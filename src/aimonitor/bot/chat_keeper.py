"""What becomes of chats that Telegram no longer reaches under their number."""

import msgspec

from aimonitor.bot.compose import Voice
from aimonitor.bot.herald import Herald
from aimonitor.bot.types import Content


class ChatKeeper:
    """Told by the courier."""

    def __init__(self, herald: Herald) -> None:
        self._herald = herald
        self._memory = herald.memory

    async def gone(self, chat_id: int, why: str) -> None:
        """A chat accepts nothing any more: tell the owners that are left, once."""
        chat = self._memory.chats.get(chat_id)
        if chat is None or chat.blocked:
            return
        await self._memory.keep_chat(msgspec.structs.replace(chat, blocked=True))

        def words(voice: Voice) -> Content:
            return Content(voice.say(voice.speech.words.chat_gone, chat=chat_id, why=why))

        await self._herald.notice(f"gone {chat_id} {self._herald.clock.utc():.0f}", words, role="owner", silent=True)

    async def moved(self, old: int, new: int) -> None:
        """A group has another number now: its rules go with it."""
        chat = self._memory.chats.get(old)
        if chat is not None:
            await self._memory.keep_chat(msgspec.structs.replace(chat, chat_id=new))
            await self._memory.drop_chat(old)
