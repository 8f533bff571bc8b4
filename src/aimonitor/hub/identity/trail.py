"""The audit trail: who did what, and what came of it. The newest 10,000 lines are kept."""

import asyncio
import logging
from collections import deque
from typing import Final

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.hub.identity.records import Note
from aimonitor.hub.identity.vaults import Vault
from aimonitor.hub.limits import Bucket
from aimonitor.hub.stores.base import StoreError

log = logging.getLogger(__name__)

KEPT: Final = 10_000
_WAITING = 1_000
_LONGEST = 300
_STRANGERS_PER_S = 1 / 60
_STRANGERS_AT_ONCE = 60


class Trail:
    """Lines wait for the vault in a queue: 1,000 at most, the oldest dropped and counted.

    Strangers write a line a minute on average, so that they cannot push out everybody else's.
    """

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._decoder = msgspec.json.Decoder(Note)
        self._queue: deque[Note] = deque()
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()
        self._strangers = Bucket(_STRANGERS_PER_S, _STRANGERS_AT_ONCE, clock.monotonic())
        self.dropped = 0

    def note(self, who: str, did: str, what: str, outcome: str, *, address: str = "", stranger: bool = False) -> None:
        """Write a line. stranger: nobody has shown who it is"""
        if stranger and not self._strangers.take(self._clock.monotonic()):
            self.dropped += 1
            return
        if len(self._queue) >= _WAITING:
            self._queue.popleft()
            self.dropped += 1
        cut = (text[:_LONGEST] for text in (who, did, what, outcome, address))
        self._queue.append(Note(round(self._clock.utc(), 3), *cut))
        self._something.set()

    def note_command(self, who: str, name: str, source: str, *, ok: bool) -> None:
        """A command that a viewer gave, once its outcome is known."""
        self.note(who, f"command {name}", source, "done" if ok else "failed")

    async def newest(self, limit: int) -> list[Note]:
        """The newest lines, newest first, those included that were noted just now. Raises StoreError."""
        await self._write()
        return [self._decoder.decode(line) for line in await self._vault.notes(limit)]

    async def run(self) -> None:
        """Write what is noted until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self._write()
            except StoreError as error:
                log.warning("the audit trail cannot be written: %s", error)

    async def finish(self) -> None:
        """Write what is left."""
        try:
            await self._write()
        except StoreError as error:
            log.warning("%d lines of the audit trail are lost: %s", len(self._queue), error)

    async def _write(self) -> None:
        async with self._writing:
            while self._queue:
                line = self._queue[0]
                await self._vault.note(msgspec.json.encode(line), KEPT)
                if self._queue and self._queue[0] is line:
                    self._queue.popleft()
