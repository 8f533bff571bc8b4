"""Fetches the files of incidents from their edges when somebody asks, and takes in what edges send.

Nothing is fetched twice at once: whoever asks for a file that is on its way waits with the others.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aimonitor.common.tasks import end
from aimonitor.contract import messages
from aimonitor.hub.errands import EdgeAwayError
from aimonitor.hub.media_store import Held, MediaName, MediaStore, NoRoomError, Span
from aimonitor.hub.switchboard import Switchboard

log = logging.getLogger(__name__)
T = TypeVar("T")

FETCHES = 64
"""Files that may be on their way because somebody waits for them; one more is refused."""

_ANSWER_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.5
"""The file may also appear by another hub's hand, where several share the folder."""
_SWEEP_EVERY_S = 3600.0


class MediaError(Exception):
    """There is no file to give; `status` is the HTTP status that says why."""

    def __init__(self, status: int, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.status, self.expected, self.got = status, expected, got


class MediaDesk:
    """Every method but `run` may be called many times at once, on the event loop."""

    def __init__(self, store: MediaStore, switchboard: Switchboard, wait_s: float) -> None:
        self._store = store
        self._switchboard = switchboard
        self._wait_s = wait_s
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="media")
        self._fetches: dict[MediaName, asyncio.Task[Held]] = {}
        self._arrivals: dict[MediaName, asyncio.Future[None]] = {}

    async def run(self) -> None:
        """Remove what is too old, now and every hour, until cancelled; then give up what is on its way."""
        try:
            while True:
                await self._sweep()
                await asyncio.sleep(_SWEEP_EVERY_S)
        finally:
            await end(list(self._fetches.values()))
            self._worker.shutdown(wait=False)

    async def _sweep(self) -> None:
        try:
            await self._on_disk(self._store.sweep)
        except OSError as error:
            log.warning("media: %s", error)

    async def held(self, name: MediaName) -> Held:
        """What is there of a file now. Raises OSError."""
        return await self._on_disk(functools.partial(self._store.held, name))

    async def take(self, name: MediaName, span: Span, data: bytes) -> Held:
        """A chunk came. Raises OffsetError, NoRoomError, OSError."""
        waited_for = self._arrivals.get(name)
        try:
            held = await self._on_disk(functools.partial(self._store.write, name, span, data))
        except NoRoomError as error:
            if waited_for is not None and not waited_for.done():
                waited_for.set_exception(MediaError(507, "room on the hub's disk", error.strerror or "none"))
            raise
        if held.path is not None:
            self._switchboard.counters.media_stored += 1
            waited_for = self._arrivals.get(name)
            if waited_for is not None and not waited_for.done():
                waited_for.set_result(None)
        return held

    async def get(self, name: MediaName) -> Held:
        """The whole file, fetched from its edge when it is not here. Raises MediaError and OSError."""
        held = await self.held(name)
        if held.path is not None:
            return held
        fetch = self._fetches.get(name)
        if fetch is None:
            if len(self._fetches) >= FETCHES:
                raise MediaError(503, f"at most {FETCHES} files on their way", "one more")
            fetch = self._fetches[name] = asyncio.create_task(self._fetch(name))
            fetch.add_done_callback(functools.partial(self._fetched, name))
        return await asyncio.shield(fetch)

    def _fetched(self, name: MediaName, fetch: "asyncio.Task[Held]") -> None:
        del self._fetches[name]
        if not fetch.cancelled():
            fetch.exception()  # whoever waited has it, and may be gone

    async def _fetch(self, name: MediaName) -> Held:
        self._switchboard.counters.media_asked += 1
        arrival = self._arrivals[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._wait_s):
                await self._ask_edge(name)
                return await self._arrived(name, arrival)
        except TimeoutError:
            held = await self.held(name)
            so_far = f"{held.offset:,} of {held.length:,} bytes" if held.length else "nothing"
            raise MediaError(504, f"{name.file} within {self._wait_s:g} s", f"{so_far} yet; ask again") from None
        finally:
            del self._arrivals[name]
            if not arrival.cancel():
                arrival.exception()  # it may have failed too late for anybody to learn of it

    async def _ask_edge(self, name: MediaName) -> None:
        source = messages.source_of(name.edge_id, name.camera_id)
        edge = self._switchboard.roster.get(name.edge_id)
        if edge is None:
            raise MediaError(404, "an edge that the hub knows", name.edge_id)
        if edge.protocol == "v1":
            raise MediaError(404, "an edge that keeps clips", f"the founding client {name.edge_id}")
        arguments = {"incident": name.incident_id, "file": name.file.value}
        try:
            result = await self._switchboard.errands.ask(edge, source, "media", arguments, _ANSWER_WITHIN_S)
        except EdgeAwayError as error:
            raise MediaError(504, "an edge that answers", str(error)) from None
        if not result.ok:
            raise MediaError(404, f"{name.file} of {source} {name.incident_id}", result.words)

    async def _arrived(self, name: MediaName, arrival: "asyncio.Future[None]") -> Held:
        while True:
            held = await self.held(name)
            if held.path is not None:
                return held
            await asyncio.wait((arrival,), timeout=_LOOK_EVERY_S)
            if arrival.done():
                arrival.result()

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)
