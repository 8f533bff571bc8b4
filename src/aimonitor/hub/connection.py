"""One WebSocket from its acceptance to its end, whoever is at the other side.

Messages in are handed to a Listener, messages out go through an Outlet: the server's sink where there is one, else a
mailbox with a task of its own. What was said before `close` still goes out, if the other side takes it within a second.
"""

import asyncio
import contextlib
from collections.abc import Coroutine

from starlette.websockets import WebSocket, WebSocketDisconnect

from aimonitor.common.clock import Clock
from aimonitor.hub.hearing import Hearing, Listener
from aimonitor.hub.inlet import Inlet
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import Mailbox, Outlet
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.sink import Sink
from aimonitor.hub.sink_outlet import SinkOutlet
from aimonitor.hub.sink_protocol import INLET, STATE

_LAST_WORDS_S = 1.0
_GONE = (WebSocketDisconnect, OSError, RuntimeError)
"""What Starlette and uvicorn raise when the socket is no longer there."""


class Connection:
    """An accepted socket. `outlet` is the way out, `close` ends it, `run` lives it."""

    def __init__(self, websocket: WebSocket, clock: Clock, counters: Counters, rate: float) -> None:
        self._websocket = websocket
        self._clock = clock
        self._counters = counters
        self._rate = rate
        self._sink: Sink | None = getattr(websocket.state, STATE, None)
        self._inlet: Inlet | None = getattr(websocket.state, INLET, None)
        self._mailbox: Mailbox | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self.outlet: Outlet
        if self._sink is not None:
            self.outlet = SinkOutlet(self._sink, clock, counters)
        else:
            self.outlet = self._mailbox = Mailbox(self._send, clock, counters)
        self.address = websocket.client.host if websocket.client else "?"

    def say(self, text: str) -> None:
        """Send a line in its turn."""
        self.outlet.say(Parcel(text))

    def close(self, code: int, reason: str) -> None:
        """End the connection soon; the first reason counts. It has at most 120 bytes (RFC 6455, section 5.5)."""
        if self._goodbye is None:
            self._goodbye = asyncio.ensure_future(self._say_goodbye(code, reason))

    async def receive(self) -> str | bytes | None:
        """The next message, None at the end."""
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            return None
        text: str | None = message.get("text")
        return text if text is not None else message["bytes"]

    async def listen(self, listener: Listener) -> None:
        """Hand every message to `listener` until the end; close on too many, too large or too wrong ones."""
        hearing = Hearing(listener, self.close, self._clock, self._counters, self._rate)
        if self._inlet is not None:
            self._inlet.take = hearing.take  # what waits in the queue still comes first: the loop has no turn before
        while not hearing.over and (data := await self.receive()) is not None:
            hearing.take(data)

    async def run(self, read: Coroutine[None, None, None]) -> None:
        """Run the reader `read` until the socket is gone or `close` was called."""
        sender = asyncio.ensure_future(self._mailbox.run()) if self._mailbox else None
        try:
            with contextlib.suppress(*_GONE):
                await read
        finally:
            if sender is not None:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
            if self._goodbye is not None:
                await self._goodbye

    async def _say_goodbye(self, code: int, reason: str) -> None:
        """Say what still must be said and close; the server then ends the reader. Who takes nothing is cut off."""
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                if self._mailbox is not None:
                    await self._mailbox.drain()
                if self._sink is not None:
                    self._sink.unbind()
                if self._inlet is not None:
                    self._inlet.take = None  # what comes after the end is the server's
                await self._websocket.close(code, reason)
        except TimeoutError:
            if self._sink is not None:
                self._sink.abort()
        except _GONE:
            pass

    async def _send(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            await self._websocket.send_text(payload)
        else:
            await self._websocket.send_bytes(payload)
