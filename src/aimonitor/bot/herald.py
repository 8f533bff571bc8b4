"""Tells chats things: words a card for each in its language, and puts it into the outbox."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from aimonitor.bot import compose
from aimonitor.bot.compose import Voice
from aimonitor.bot.memory import Memory
from aimonitor.bot.outbox import Outbox
from aimonitor.bot.seal import Press, Seal
from aimonitor.bot.speech import Speech, zone_of
from aimonitor.bot.types import Card, Chat, Content, LanguageCode, Role, Urgency
from aimonitor.common.clock import Clock


class Herald:
    """The way from what is to be said to the outbox. `wake` is called when something new waits."""

    def __init__(self, memory: Memory, clock: Clock, *, seal: Seal, timezone: str, language: LanguageCode) -> None:
        self.memory = memory
        self.clock = clock
        self._seal = seal
        self._timezone = timezone
        self._language = language
        self._outbox: Outbox | None = None
        self._wake: Callable[[], None] = lambda: None

    def connect(self, outbox: Outbox, wake: Callable[[], None]) -> None:
        """Where cards go. The outbox words its digests with `digest` of this herald, so it is made after it."""
        self._outbox = outbox
        self._wake = wake

    @property
    def outbox(self) -> Outbox:
        if self._outbox is None:
            raise RuntimeError("expected connect() before anything is told")
        return self._outbox

    def speech(self, language: LanguageCode | None = None) -> Speech:
        """A language, the site's own when none is given, and the site's time zone."""
        return Speech(language or self._language, zone_of(self._timezone))

    def voice(self, chat: Chat) -> Voice:
        """How `chat` is spoken to."""
        return Voice(chat, self.speech(chat.language), self._seal)

    def open(self, data: str, chat_id: int) -> Press | None:
        """What a button asks for; None when it is not genuine."""
        return self._seal.open(data, chat_id)

    def chats(self, role: Role = "viewer") -> Iterator[Chat]:
        """The chats that can be told something and have at least this role."""
        return (chat for chat in list(self.memory.chats.values()) if not chat.blocked and chat.may(role))

    async def put(self, chat_id: int, key: str, urgency: int, content: Content, *, soon: bool = False) -> None:
        """The message `key` of this chat should say `content`."""
        await self.outbox.put(chat_id, key, urgency, content, self.clock.utc(), soon=soon)
        self._wake()

    async def notice(
        self, key: str, words: Callable[[Voice], Content], *, role: Role = "viewer", silent: bool = False
    ) -> None:
        """Tell every chat of this role something, once for each `key`; without sound in quiet hours."""
        for chat in self.chats(role):
            voice = self.voice(chat)
            quiet = chat.quiet is not None and voice.speech.minute(self.clock.utc()) in chat.quiet
            content = msgspec.structs.replace(words(voice), silent=silent or quiet)
            await self.put(chat.chat_id, key, Urgency.NOTICE, content)

    def digest(self, chat_id: int, number: int, cards: Sequence[Card], more: int) -> Content:
        """The digest of `cards`, as the outbox asks for it; called on its worker thread."""
        return compose.digest(self.voice(self._chat(chat_id)), number, cards, more)

    def repeated(self, chat_id: int) -> str:
        """The words under a message that may have arrived before."""
        speech = self.voice(self._chat(chat_id)).speech
        return speech.say(speech.words.maybe_repeated)

    def _chat(self, chat_id: int) -> Chat:
        return self.memory.chats.get(chat_id) or Chat(chat_id, language=self._language)
