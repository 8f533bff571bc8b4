"""Hearing what people say by asking Telegram again and again (long polling): works behind any NAT."""

import asyncio
import logging

from aimonitor.bot import gate
from aimonitor.bot.answering import Answering
from aimonitor.bot.telegram import Telegram
from aimonitor.common import backoff

log = logging.getLogger(__name__)

_POLL_S = 25.0
_CONFLICT_S = 10.0
_RETRY_CAP_S = 30.0


class Polling:
    """Asks for updates for as long as `run` runs."""

    def __init__(self, telegram: Telegram, answering: Answering) -> None:
        self._telegram = telegram
        self._answering = answering
        self._ready = False

    async def run(self) -> None:
        """Hear until cancelled; raises WrongTokenError and DatabaseError."""
        waits, troubled = backoff.delays(first=1.0, cap=_RETRY_CAP_S), False
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

    async def _hear(self) -> None:
        """One poll; raises GateError."""
        if not self._ready:
            await self._answering.introduce()
            await self._telegram.call_me_at("", "")  # a webhook of another time would keep us from hearing anything
            self._ready = True
        await self._answering.take(await self._telegram.updates(self._answering.after, _POLL_S))


def _pause_s(error: gate.GateError, usual_s: float) -> float:
    if isinstance(error, gate.BusyError):
        return error.retry_after_s
    return _CONFLICT_S if isinstance(error, gate.ConflictError) else usual_s
