"""A connection to Redis for what cannot wait: written to at once, heard in the turn in which it says something.

redis-py finds the server, speaks TLS, signs in; then its connection is taken over. Its own way in and out (a task, a
reader, a pipeline of futures) costs more for a picture than handing it out to two hundred viewers. The only internal
that is touched is `_writer`, which has the transport (held by a test; redis is pinned).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from redis.exceptions import ConnectionError as LostError

from aimonitor.common.beat import beat
from aimonitor.hub.buses.resp import Answer, Failure, Reader, command
from aimonitor.hub.redis_address import Client

PING_EVERY_S = 2.0
"""An answer that has not come by the next one will not."""

_UNANSWERED = command(b"CLIENT", b"REPLY", b"SKIP")


class Line(asyncio.Protocol):
    """The connection. `full` while it takes no more; `on_room` is called when it does again."""

    def __init__(self, hear: Callable[[Answer], None]) -> None:
        self._hear = hear
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._former: asyncio.BaseProtocol | None = None
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = asyncio.Event()
        self.full = False
        self.on_room: Callable[[], None] = lambda: None

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, client: Client, hear: Callable[[Answer], None]) -> AsyncIterator["Line"]:
        """A line of its own to where `client` connects; raises RedisError or OSError."""
        connection = await client.connection_pool.get_connection()
        line = cls(hear)
        line._take_over(connection._writer.transport)  # noqa: SLF001  # see above
        try:
            yield line
        finally:
            line._end.cancel()
            if not line._end.cancelled():
                line._end.exception()  # seen, even when it failed before anybody waited for its end
            with contextlib.suppress(LostError, OSError):
                await connection.disconnect(nowait=True)

    def _take_over(self, transport: asyncio.Transport) -> None:
        self._transport, self._former = transport, transport.get_protocol()
        transport.set_protocol(self)

    def say(self, *words: bytes) -> None:
        """A command; its answer is heard."""
        self._write(command(*words))

    def say_unanswered(self, *words: bytes) -> None:
        """A command whose answer nobody needs: it would wake us."""
        self._write(_UNANSWERED + command(*words))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def answered(self) -> None:
        """Wait until something has been heard; raises LostError."""
        heard = asyncio.ensure_future(self._heard.wait())
        try:
            await asyncio.wait((heard, self._end), timeout=PING_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
        if not self._heard.is_set():
            self._fail(LostError(f"no answer within {PING_EVERY_S:.0f} s"))
            await self._end

    async def live(self) -> None:
        """Ask now and then whether the server is still there; raises LostError when the line ends."""
        asking = asyncio.ensure_future(self._ask())
        try:
            await self._end
        finally:
            asking.cancel()

    async def _ask(self) -> None:
        while True:
            self._heard.clear()
            self.say(b"PING")
            await beat(PING_EVERY_S)
            if not self._heard.is_set():
                self._fail(LostError(f"no answer within {PING_EVERY_S:.0f} s"))

    def _fail(self, error: Exception) -> None:
        if not self._end.done():
            self._end.set_exception(error)

    # --- asyncio ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._heard.set()
        try:
            answers = self._reader.feed(data)
        except ValueError as error:
            self._fail(LostError(str(error)))
            return
        for answer in answers:
            if isinstance(answer, Failure):
                self._fail(LostError(answer.words))
            else:
                self._hear(answer)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self.on_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self.full, self._transport = True, None
        self._fail(LostError(f"the connection was closed: {exc or 'by the server'}"))
        if isinstance(self._former, asyncio.Protocol):
            self._former.connection_lost(exc)  # redis-py waits for it
