"""One WebSocket from its acceptance to its end, whoever is at the other side.

A reader and a sender run side by side; the connection ends when either does or when somebody calls `close`. What was
said before `close` still goes out, if the other side takes it within a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from aimonitor.common.clock import Clock
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.hub.limits import POLICY_VIOLATION, TOO_BIG, Bucket, Strikes
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import Mailbox
from aimonitor.hub.parcel import Parcel

log = logging.getLogger(__name__)

_LAST_WORDS_S = 1.0
_GONE = (WebSocketDisconnect, OSError, RuntimeError)
"""What Starlette and uvicorn raise when the socket is no longer there."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Why we end a connection. The reason is at most 120 bytes (RFC 6455, section 5.5)."""

    code: int
    reason: str


class Listener(Protocol):
    """What is done with the messages of one connection."""

    def take(self, data: str | bytes) -> None:
        """One message came; raises ContractError when it is refused."""
        ...

    def refuse(self, error: ContractError) -> None:
        """Tell the other side why its message was not accepted."""
        ...


class Connection:
    """An accepted socket. `outlet` is the way out, `close` ends it, `run` lives it."""

    def __init__(self, websocket: WebSocket, clock: Clock, counters: Counters, rate: float) -> None:
        self._websocket = websocket
        self._clock = clock
        self._counters = counters
        self._rate = rate
        self._closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self.outlet = Mailbox(self._send, clock, counters)
        self.address = websocket.client.host if websocket.client else "?"

    def say(self, text: str) -> None:
        """Send a line in its turn."""
        self.outlet.say(Parcel(text))

    def close(self, code: int, reason: str) -> None:
        """End the connection soon; the first reason counts."""
        if not self._closing.done():
            self._closing.set_result(Closing(code, reason))

    async def receive(self) -> str | bytes | None:
        """The next message, None at the end."""
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            return None
        text: str | None = message.get("text")
        return text if text is not None else message["bytes"]

    async def listen(self, listener: Listener) -> None:
        """Hand every message to `listener` until the end; close on too many, too large or too wrong ones."""
        bucket = Bucket(self._rate, 2 * self._rate, self._clock.monotonic())
        strikes = Strikes()
        while (data := await self.receive()) is not None:
            at = self._clock.monotonic()
            if not bucket.take(at):
                self._counters.rate_limited += 1
                self.close(POLICY_VIOLATION, f"expected at most {self._rate:.0f} messages a second")
                return
            try:
                listener.take(data)
            except ContractError as error:
                self._counters.contract_errors += 1
                listener.refuse(error)
                if isinstance(error, TooLargeError):
                    self.close(TOO_BIG, str(error)[:120])
                    return
                if strikes.add(at):
                    self.close(POLICY_VIOLATION, "five wrong messages in a minute")
                    return

    async def run(self, read: Coroutine[None, None, None]) -> None:
        """Run the reader `read` and the sender until one of them ends or `close` is called."""
        reader = asyncio.ensure_future(read)
        sender = asyncio.ensure_future(self.outlet.run())
        try:
            await asyncio.wait((reader, sender, self._closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reader, sender):
                task.cancel()
            ends = await asyncio.gather(reader, sender, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, _GONE):
                self.close(1011, "an error in the hub")
                log.error("a connection ended by an error of ours", exc_info=end)
        if self._closing.done():
            await self._say_goodbye(self._closing.result())

    async def _say_goodbye(self, closing: Closing) -> None:
        with contextlib.suppress(TimeoutError, *_GONE):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self.outlet.drain()
                await self._websocket.close(closing.code, closing.reason)

    async def _send(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            await self._websocket.send_text(payload)
        else:
            await self._websocket.send_bytes(payload)
