"""The bot's connection to the hub: figures, events and stills as every watching program gets them, and commands.

Only `watch` asks cameras for more pictures than somebody else wants already.
"""

import asyncio
import itertools
from collections.abc import Mapping

import aiohttp

from aimonitor.bot.answers import Numbered
from aimonitor.common.clock import Clock
from aimonitor.contract import codec, frames, messages
from aimonitor.contract.errors import ContractError
from aimonitor.hub_client import HubClient, HubError, Listener, Picture

_REFUSED = "it lets in programs with a token: give the bot one as hub_token (docs/guide/access.md)"


class HubLink:
    """One connection to the hub, which comes back by itself while `run` runs."""

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._client = HubClient(url, token, session, clock, refused=_REFUSED)
        self._clock = clock
        self._pending: dict[str, asyncio.Future[messages.CommandResult]] = {}
        self._numbers = itertools.count(1)

    @property
    def connected(self) -> bool:
        return self._client.connected

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled; the listener hears Presence, Status, Observation and Event."""
        await self._client.run(_Sorted(listener, self._pending))

    async def command(
        self, source: str, name: str, arguments: Mapping[str, str] | None = None, timeout_s: float = 8.0
    ) -> messages.CommandResult:
        """Have a camera do something; raises HubError when nobody answers."""
        number = f"bot-{next(self._numbers)}"
        answer: asyncio.Future[messages.CommandResult] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            await self._client.say(messages.Command(number, source, name, dict(arguments or {}), timeout_s))
            return await asyncio.wait_for(answer, timeout_s + 1.0)
        except TimeoutError:
            raise HubError(f"no answer within {timeout_s:.0f} s") from None
        finally:
            self._pending.pop(number, None)

    async def picture(self, source: str) -> Picture:
        """The newest picture that the hub has of a camera; raises HubError."""
        picture = await self._client.picture(source)
        if picture is None:
            raise HubError("the hub has no picture of it")
        return picture

    async def history(self, limit: int, before: int | None = None) -> tuple[list[Numbered], int | None]:
        """A page of events, newest first, and where the next page starts; raises HubError."""
        events, older = await self._client.history(limit, before)
        return [Numbered(event.id, event, event.received_at) for event in events], older

    async def watch(self, source: str, seconds: float, rung: str, *, keep: int = 0) -> list[Picture]:
        """Raise the attention on one camera for a while; returns the first `keep` pictures. Raises HubError."""
        until, pictures = self._clock.monotonic() + seconds, list[Picture]()
        try:
            async with self._client.dial() as socket:
                wish = messages.Subscribe((source,), rung, lease_s=seconds + 1.0)
                await socket.send_str(codec.encode(wish))
                while (left_s := until - self._clock.monotonic()) > 0:
                    message = await socket.receive(timeout=left_s)
                    if message.type is aiohttp.WSMsgType.BINARY and len(pictures) < keep:
                        header, jpeg_at = frames.decode_header(message.data)
                        if header.source == source:
                            pictures.append(Picture(message.data[jpeg_at:], header.captured_at))
                    elif message.type is aiohttp.WSMsgType.BINARY:
                        continue
                    elif message.type is not aiohttp.WSMsgType.TEXT:
                        break
        except TimeoutError:
            pass  # the time is over while nothing came
        except (aiohttp.ClientError, OSError, ContractError) as error:
            raise HubError(self._client.reason(error)) from None
        return pictures


class _Sorted:
    """A listener before the bot's own: answers to commands go to who gave them."""

    def __init__(self, listener: Listener, pending: dict[str, asyncio.Future[messages.CommandResult]]) -> None:
        self._listener = listener
        self._pending = pending

    async def connected(self) -> None:
        await self._listener.connected()

    async def lost(self) -> None:
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(HubError("the connection to the hub was lost"))
        await self._listener.lost()

    async def heard(self, message: messages.AnyMessage) -> None:
        match message:
            case messages.CommandResult(command_id=number):
                waiting = self._pending.pop(number, None)
                if waiting and not waiting.done():
                    waiting.set_result(message)
            case messages.Presence() | messages.Status() | messages.Observation() | messages.Event():
                await self._listener.heard(message)
