"""Takes cards out of the outbox and brings them to Telegram, each chat in its own time and none waiting for another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from aimonitor.bot import gate
from aimonitor.bot.outbox import Outbox
from aimonitor.bot.pace import CHAT_EVERY_S, Pace
from aimonitor.bot.types import Card
from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.common.histogram import Histogram

log = logging.getLogger(__name__)

Picture = Callable[[str], Awaitable[bytes]]
Gone = Callable[[int, str], Awaitable[None]]
Moved = Callable[[int, int], Awaitable[None]]
Repeated = Callable[[int], str]
T = TypeVar("T")

_LOOK_AGAIN_S = 0.5
_RETRY_CAP_S = 30.0


class Courier:
    """The only one who sends. `gone` is told of chats that accept nothing any more, `repeated` words a doubt."""

    def __init__(
        self,
        telegram: gate.Gate,
        outbox: Outbox,
        clock: Clock,
        *,
        picture: Picture,
        gone: Gone,
        moved: Moved,
        repeated: Repeated,
    ) -> None:
        self._telegram = telegram
        self._outbox = outbox
        self._clock = clock
        self._picture = picture
        self._gone = gone
        self._moved = moved
        self._repeated = repeated
        self._pace = Pace()
        self._wake = asyncio.Event()
        self._rounds: dict[int, asyncio.Task[None]] = {}
        self._waits = backoff.delays(first=1.0, cap=_RETRY_CAP_S)
        self.failing = False
        self.sent = self.edited = 0
        self.retried = self.refused = self.gone_chats = 0
        self.delays = Histogram()

    def wake(self) -> None:
        """Something new waits."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; raises WrongTokenError when Telegram does not know the token."""
        await self._outbox.recover()
        # Something may have been sent just before the start.
        self._pace.pause_all(CHAT_EVERY_S, self._clock.monotonic())
        try:
            while True:
                for chat_id in await self._outbox.chats_waiting(self._clock.utc()):
                    if chat_id not in self._rounds:
                        self._rounds[chat_id] = asyncio.create_task(self._serve(chat_id))
                for chat_id in [chat_id for chat_id, task in self._rounds.items() if task.done()]:
                    self._rounds.pop(chat_id).result()
                await self._sleep_until_woken()
        finally:
            rounds = list(self._rounds.values())
            for task in rounds:
                task.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)

    async def _sleep_until_woken(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN_S):  # `wait_for` may swallow a cancellation in Python 3.11
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _serve(self, chat_id: int) -> None:
        """Send what waits in one chat, until nothing is left that may go now."""
        while True:
            if (wait_s := self._pace.wait_s(chat_id, self._clock.monotonic())) > 0:
                await asyncio.sleep(wait_s)
                continue
            chosen = await self._outbox.next(chat_id, self._clock.utc())
            card = await self._outbox.claim(chosen) if chosen else None
            if card is None:
                return
            await self._deliver(card)

    async def _deliver(self, card: Card) -> None:
        """One attempt at one card; what failed for now waits in the outbox."""
        self._pace.begin(self._clock.monotonic())
        try:
            message_id = await self._bring(card)
        except gate.BusyError as error:
            self.retried += 1
            self._pace.pause(card.chat_id, error.retry_after_s, self._clock.monotonic())
            await self._outbox.release(card, unsure=False)
        except gate.ChatGoneError as error:
            self.gone_chats += 1
            log.warning("chat %d accepts nothing any more: %s", card.chat_id, error)
            await self._outbox.drop_chat(card.chat_id)
            await self._gone(card.chat_id, str(error))
        except gate.ChatMovedError as error:
            log.info("chat %d is %d now", card.chat_id, error.chat_id)
            await self._moved(card.chat_id, error.chat_id)
            await self._outbox.move_chat(card.chat_id, error.chat_id)
        except gate.RefusedError as error:
            await self._refused(card, error)
        except gate.WrongTokenError:
            await self._outbox.release(card, unsure=False)
            raise
        except gate.GateError as error:
            await self._failed(card, error)
        except asyncio.CancelledError:
            await asyncio.shield(self._outbox.release(card, unsure=True))
            raise
        else:
            self._count(card)
            self._recovered()
            await self._outbox.sent(card, message_id, self._clock.utc())
        finally:
            self._pace.end(card.chat_id, self._clock.monotonic())

    def _count(self, card: Card) -> None:
        self.sent += 1
        if card.message_id:
            self.edited += 1
        elif not card.key.startswith("digest"):
            self.delays.add(self._clock.utc() - card.created_at)

    async def _bring(self, card: Card) -> int:
        name = card.content.picture
        picture = await self._picture(name) if name and name != card.sent_picture else b""
        if card.message_id:
            await self._telegram.edit(card, card.content.text, picture)
            return card.message_id
        text = card.content.text
        if card.unsure:
            text = f"{text}\n{self._repeated(card.chat_id)}"
        return await self._telegram.send(card, text, picture)

    async def _refused(self, card: Card, error: gate.RefusedError) -> None:
        """Telegram will never take it so: without its picture perhaps, else not at all."""
        self.refused += 1
        log.warning("Telegram refused %r for chat %d: %s", card.key, card.chat_id, error)
        if not card.content.picture or card.message_id:
            await self._outbox.kill(card)
            return
        await self._outbox.release(card, unsure=False)
        bare = msgspec.structs.replace(card.content, picture="")
        await self._outbox.put(card.chat_id, card.key, card.urgency, bare, self._clock.utc())

    async def _failed(self, card: Card, error: gate.GateError) -> None:
        """Telegram cannot be reached, or did not answer: all chats wait a little, longer each time."""
        wait_s = next(self._waits)
        self.retried += 1
        log.log(logging.DEBUG if self.failing else logging.WARNING, "not sent: %s; trying again", error)
        self.failing = True
        self._pace.pause_all(wait_s, self._clock.monotonic())
        await self._outbox.release(card, unsure=isinstance(error, gate.UnsureError))

    def _recovered(self) -> None:
        if self.failing:
            log.info("Telegram takes messages again")
            self._waits = backoff.delays(first=1.0, cap=_RETRY_CAP_S)
            self.failing = False
