"""What people say to the bot, and what it does and answers: commands, buttons, strangers, codes for new chats."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from aimonitor.bot import answers, commands, gate
from aimonitor.bot.actions import Actions
from aimonitor.bot.commands import NEEDS, PRESSES, Ask, AskError
from aimonitor.bot.compose import Voice
from aimonitor.bot.herald import Herald
from aimonitor.bot.types import ROLES, Chat, Content, Role, Urgency
from aimonitor.hub_client import HubError

CODE_LIVES_S = 600.0
_GUESSES_PER_HOUR = 5
_STRANGERS_PER_HOUR = 20
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets one chat in, once."""

    role: Role
    until: float


class PeopleDesk:
    """Answers updates. Everything that is said goes through the outbox under the update's number, so never twice."""

    def __init__(self, herald: Herald, actions: Actions, telegram: gate.Gate) -> None:
        self._herald = herald
        self._memory = herald.memory
        self._actions = actions
        self._telegram = telegram
        self._invitations: dict[str, Invitation] = {}
        self._knocks: dict[int, list[float]] = {}
        self.me = ""
        self.refused = 0
        self._asks: dict[str, Callable[[Voice, Ask, gate.Said], Awaitable[Content]]] = {
            "start": self._start,
            "pair": self._pair,
            "status": lambda voice, ask, said: self._actions.status(voice),
            "history": lambda voice, ask, said: self._actions.history(voice, None),
            "cameras": lambda voice, ask, said: self._actions.cameras(voice),
            "snapshot": lambda voice, ask, said: self._actions.snapshot(voice, ask.rest, f"shot {said.update_id}"),
            "risk": lambda voice, ask, said: self._actions.risk(voice, ask.rest),
            "stats": lambda voice, ask, said: self._actions.stats(voice),
            "learned": lambda voice, ask, said: self._actions.lessons(voice),
            "report": lambda voice, ask, said: self._actions.report(voice),
            "mute": lambda voice, ask, said: self._actions.mute(voice, ask.rest),
            "rules": lambda voice, ask, said: self._actions.rules(voice, ask.rest),
            "arm": lambda voice, ask, said: self._actions.arm(voice, said.name, armed=True),
            "disarm": lambda voice, ask, said: self._actions.arm(voice, said.name, armed=False),
            "language": self._language,
            "help": self._help,
        }

    def invite(self, role: Role, lives_s: float = CODE_LIVES_S) -> str:
        """A new code that lets one chat in with `role`."""
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
        self._invitations[code] = Invitation(role, self._herald.clock.utc() + lives_s)
        return code

    # --- texts ------------------------------------------------------------------------------------------------------

    async def said(self, said: gate.Said) -> None:
        """Someone wrote."""
        ask = commands.parse(said.text, self.me)
        chat = self._memory.chats.get(said.chat_id)
        if chat is None:
            await self._stranger(said, ask)
            return
        if chat.blocked:
            chat = msgspec.structs.replace(chat, blocked=False)
            await self._memory.keep_chat(chat)
        if ask is None:
            return
        voice = self._herald.voice(chat)
        await self._reply(said, await self._answer(voice, ask, said))

    async def _answer(self, voice: Voice, ask: Ask, said: gate.Said) -> Content:
        words = voice.speech.words
        if not ask.known:
            return Content(voice.say(words.unknown_command, command=f"/{ask.name}"))
        if not voice.chat.may(NEEDS[ask.name]):
            return Content(_not_your_role(voice, NEEDS[ask.name]))
        try:
            return await self._asks[ask.name](voice, ask, said)
        except HubError as error:
            return Content(voice.say(words.no_hub, why=error))
        except AskError as error:
            usage = {"mute": words.mute_usage, "rules": words.rules_usage}.get(ask.name, "")
            return Content(voice.speech.lines(f"{error}\n{usage}".strip()))

    async def _reply(self, said: gate.Said, content: Content) -> None:
        if content.text:
            await self._herald.put(said.chat_id, f"reply {said.update_id}", Urgency.REPLY, content)

    async def _start(self, voice: Voice, ask: Ask, said: gate.Said) -> Content:
        words = voice.speech.words
        return Content(voice.say(words.welcome, role=words.roles[voice.chat.role]))

    async def _help(self, voice: Voice, ask: Ask, said: gate.Said) -> Content:
        return answers.help_(voice)

    async def _language(self, voice: Voice, ask: Ask, said: gate.Said) -> Content:
        code = commands.language(ask.rest) if ask.rest else None
        if code is None:
            return answers.languages(voice)
        return await self._actions.language(voice.chat, code)

    async def _pair(self, voice: Voice, ask: Ask, said: gate.Said) -> Content:
        role: Role = next((role for role in ROLES if role == ask.rest.lower()), "viewer")
        words = voice.speech.words
        return Content(voice.say(words.pair_code.replace("{code}", self.invite(role)), role=words.roles[role]))

    # --- strangers --------------------------------------------------------------------------------------------------

    async def _stranger(self, said: gate.Said, ask: Ask | None) -> None:
        """Nobody that we know: a code lets in, everything else hears little, and seldom."""
        self.refused += 1
        if ask is None or ask.name != "start" or not self._may_knock(said.chat_id):
            return
        code = commands.language(said.language)
        speech = self._herald.speech(code)
        if not ask.rest:
            if said.private:
                await self._reply(said, Content(speech.say(speech.words.not_allowed, chat=said.chat_id)))
            return
        invitation = self._invitations.pop(ask.rest.upper(), None)
        if invitation is None or invitation.until < self._herald.clock.utc():
            if said.private:
                await self._reply(said, Content(speech.say(speech.words.wrong_code)))
            return
        chat = msgspec.structs.replace(self._actions.new_chat(said.chat_id, code), role=invitation.role)
        await self._memory.keep_chat(chat)
        voice = self._herald.voice(chat)
        words = voice.speech.words
        await self._reply(said, Content(voice.say(words.welcome, role=words.roles[chat.role])))
        await self._tell_owners(chat)

    async def _tell_owners(self, chat: Chat) -> None:
        def words(voice: Voice) -> Content:
            role = voice.speech.words.roles[chat.role]
            return Content(voice.say(voice.speech.words.paired, chat=chat.chat_id, role=role))

        await self._herald.notice(f"paired {chat.chat_id} {chat.joined_at:.0f}", words, role="owner", silent=True)

    def _may_knock(self, chat_id: int) -> bool:
        """Five knocks an hour from one chat, and answers to twenty strangers an hour."""
        now = self._herald.clock.monotonic()
        self._knocks = {
            one: recent for one, times in self._knocks.items() if (recent := [at for at in times if now - at < 3600.0])
        }
        times = self._knocks.get(chat_id, [])
        if len(times) >= _GUESSES_PER_HOUR or (not times and len(self._knocks) >= _STRANGERS_PER_HOUR):
            return False
        self._knocks[chat_id] = [*times, now]
        return True

    async def joined(self, update: gate.Joined) -> None:
        """The bot was thrown out of a chat: nothing more goes there."""
        chat = self._memory.chats.get(update.chat_id)
        if chat is not None and chat.blocked is update.here:
            await self._memory.keep_chat(msgspec.structs.replace(chat, blocked=not update.here))
            if not update.here:
                await self._herald.outbox.drop_chat(update.chat_id)

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def pressed(self, pressed: gate.Pressed) -> None:
        """Someone pressed a button; it is answered at once, and then done."""
        chat = self._memory.chats.get(pressed.chat_id)
        press = self._herald.open(pressed.data, pressed.chat_id)
        if chat is None or press is None or press.action not in PRESSES:
            self.refused += 1
            speech = self._herald.speech(chat.language if chat else None)
            await self._acknowledge(pressed.press_id, speech.say(speech.words.stale_button))
            return
        voice = self._herald.voice(chat)
        needed = PRESSES[press.action]
        if not chat.may(needed):
            await self._acknowledge(pressed.press_id, _not_your_role(voice, needed))
            return
        await self._acknowledge(pressed.press_id, voice.say(voice.speech.words.done))
        try:
            content = await self._actions.press(voice, press, pressed)
        except HubError as error:
            content = Content(voice.say(voice.speech.words.no_hub, why=error))
        if content is not None and content.text:
            await self._herald.put(pressed.chat_id, f"reply {pressed.update_id}", Urgency.REPLY, content)

    async def _acknowledge(self, press_id: str, words: str) -> None:
        try:
            await self._telegram.answer(press_id, words)
        except gate.WrongTokenError:
            raise
        except gate.GateError:
            pass  # a notice that is worth nothing a moment later


def _not_your_role(voice: Voice, needed: Role) -> str:
    roles = voice.speech.words.roles
    return voice.say(voice.speech.words.not_your_role, role=roles[voice.chat.role], needed=roles[needed])
