"""A still for an alert: asked of the camera, taken from the hub, and boxes drawn only from the very same frame."""

import asyncio
import logging
from dataclasses import dataclass

from aimonitor.bot import still
from aimonitor.bot.hub_link import HubLink
from aimonitor.bot.site import Site
from aimonitor.common.clock import Clock
from aimonitor.contract import messages
from aimonitor.hub_client import HubError, Picture

log = logging.getLogger(__name__)

STALE_S = 15.0
"""A picture that is older is no picture of now, and is not shown as one."""
_POLL_S = 0.1
_AT_ONCE = 8
_FEWEST = 3
_FRAME_S = 0.5


@dataclass(frozen=True, slots=True)
class Still:
    """A picture as a chat gets it, and what was seen in that frame (None when the figures of it never came)."""

    jpeg: bytes
    original: bytes
    captured_at: float
    said: messages.Observation | None


class Stills:
    """Fetches stills; who asks for the same camera at the same time gets the same still."""

    def __init__(self, hub: HubLink, site: Site, clock: Clock) -> None:
        self._hub = hub
        self._site = site
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[Picture]] = {}

    async def take(self, source: str, timeout_s: float) -> Still:
        """A fresh still within `timeout_s`, else the newest that the hub has; raises HubError."""
        task = self._under_way.get(source)
        if task is None:
            if len(self._under_way) >= _AT_ONCE:
                raise HubError(f"{_AT_ONCE} stills are under way already")
            task = self._under_way[source] = asyncio.create_task(self._fetch(source, timeout_s))
            task.add_done_callback(lambda _: self._under_way.pop(source, None))
        picture = await asyncio.shield(task)
        said = await self._figures(source, picture.captured_at)
        try:
            drawn = await asyncio.to_thread(still.annotate, picture.jpeg, said.tracks if said else ())
        except still.StillError as error:
            raise HubError(str(error)) from None
        return Still(drawn, picture.jpeg, picture.captured_at, said)

    async def clip(self, source: str, seconds: float) -> bytes:
        """What a camera sees in the next seconds, a picture a second, as a GIF; raises HubError.

        It costs the camera `seconds` pictures more, and the hub no storage.
        """
        pictures = await self._hub.watch(source, seconds, "slow", keep=round(seconds) + 1)
        fresh = [picture for picture in pictures if picture.captured_at > pictures[0].captured_at]
        if len(fresh) < _FEWEST:
            raise HubError(f"expected at least {_FEWEST} pictures for a clip, got {len(fresh)}")
        boxed = [(picture.jpeg, said.tracks if (said := self._at(source, picture)) else ()) for picture in fresh]
        try:
            return await asyncio.to_thread(still.animate, boxed, _FRAME_S)
        except still.StillError as error:
            raise HubError(str(error)) from None

    def _at(self, source: str, picture: Picture) -> messages.Observation | None:
        return self._site.at(source, picture.captured_at)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self, source: str, timeout_s: float) -> Picture:
        """Have the camera send a picture, and wait until the hub has a newer one than before."""
        until = self._clock.monotonic() + timeout_s
        before = await self._newest(source)
        asking = asyncio.create_task(self._ask(source, timeout_s))
        try:
            while self._clock.monotonic() < until:
                now = await self._newest(source)
                if now and (before is None or now.captured_at > before.captured_at):
                    return now
                if asking.done() and not asking.result():
                    break
                await asyncio.sleep(_POLL_S)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        if before is None:
            raise HubError("no picture came in time")
        return before

    async def _ask(self, source: str, timeout_s: float) -> bool:
        """Whether the camera says that a picture comes."""
        try:
            return (await self._hub.command(source, "snapshot", timeout_s=max(1.0, timeout_s))).ok
        except HubError as error:
            log.debug("no snapshot of %s: %s", source, error)
            return False

    async def _newest(self, source: str) -> Picture | None:
        try:
            return await self._hub.picture(source)
        except HubError:
            return None

    async def _figures(self, source: str, captured_at: float) -> messages.Observation | None:
        """The figures of a frame; they travel apart from it and may come a moment later."""
        for _ in range(3):
            said = self._site.at(source, captured_at)
            if said is not None:
                return said
            await asyncio.sleep(_POLL_S)
        return None
