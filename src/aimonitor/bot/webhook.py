"""Hearing what people say by being called: Telegram posts each update to an address of ours that the world can reach.

It calls one at a time, so that order is kept, with a secret that only it and we know, and calls again until it is
answered with 200; what comes twice is taken once.
"""

import asyncio
import hashlib
import hmac
import logging

from aiohttp import web

from aimonitor.bot import gate, telegram
from aimonitor.bot.answering import Answering
from aimonitor.common import backoff

log = logging.getLogger(__name__)

PATH = "/telegram"
UPDATE_LIMIT = 2**20
"""Bytes of an update; Telegram's own are a few kilobytes."""

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_RETRY_CAP_S = 60.0
_SAY_AGAIN_S = 3600.0
"""So often is Telegram told anew where we are: another program with the same token may have taken it over."""


class Webhook:
    """Tells Telegram the address, and takes what it posts there.

    address: https://… that ends at `PATH` of our own server; key: what the secret is made of, the bot's token
    """

    def __init__(self, bot_api: telegram.Telegram, answering: Answering, address: str, key: str) -> None:
        self._bot_api = bot_api
        self._answering = answering
        self._address = address
        self._secret = hmac.new(key.encode(), b"aimonitor webhook", hashlib.sha256).hexdigest()
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Be known to Telegram until cancelled; raises WrongTokenError."""
        waits, troubled = backoff.delays(first=1.0, cap=_RETRY_CAP_S), False
        while True:
            try:
                await self._answering.introduce()
                await self._bot_api.call_me_at(self._address, self._secret)
            except gate.WrongTokenError:
                raise
            except gate.GateError as error:
                log.log(logging.DEBUG if troubled else logging.WARNING, "Telegram does not call us yet: %s", error)
                troubled = True
                await asyncio.sleep(error.retry_after_s if isinstance(error, gate.BusyError) else next(waits))
                continue
            if troubled or not self._ready.is_set():
                log.info("Telegram calls us at %s", self._address)
            waits, troubled = backoff.delays(first=1.0, cap=_RETRY_CAP_S), False
            self._ready.set()
            await asyncio.sleep(_SAY_AGAIN_S)

    async def called(self, request: web.Request) -> web.Response:
        """A post to `PATH`: 200 when it is taken, 403 without the secret, 400 for what is no update, 503 too early."""
        said = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(said.encode(), self._secret.encode()):
            return web.Response(status=403, text="expected Telegram's secret\n")
        if not self._ready.is_set():
            return web.Response(status=503, text="not ready yet\n")
        try:
            update = telegram.read_update(await request.read())
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        await self._answering.take([update])
        return web.Response()
