"""Settings that follow their file while a program runs.

A good edit is taken over as far as that can be done while running (the program names those keys); the rest waits for a
restart. A bad edit changes nothing: the last good settings stay, and what is wrong is said once. The text of the file
that is in force is kept beside the program's state, for `aimonitor config diff`.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from aimonitor.common.files import write_atomically
from aimonitor.common.settings import Settings, SettingsError

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Settings)
LOOK_EVERY_S = 2.0


class Change(msgspec.Struct, Generic[S], frozen=True):
    """An edit. `settings` are in force from now on; `waiting` are the keys that need a restart."""

    settings: S
    taken: tuple[str, ...]
    waiting: tuple[str, ...]


class SettingsFile(Generic[S]):
    """A program's settings and the file that they came from.

    read: reads everything again, as at the start; raises SettingsError
    live: the keys that can change while the program runs
    kept: where a copy of the file in force goes; None keeps none
    """

    def __init__(
        self, settings: S, file: Path | None, read: Callable[[], S], live: Collection[str], kept: Path | None = None
    ) -> None:
        self.settings = settings
        self._file = file
        self._read = read
        self._live = live
        self._kept = kept
        self._stamp = self._look()
        self._keep()

    def changed(self) -> Change[S] | None:
        """What an edit since the last call changes, None for nothing. Raises SettingsError once for each bad edit."""
        stamp = self._look()
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        if stamp is None:
            raise SettingsError(f"settings file {self._file}: expected a file, found none any more")
        fresh = self._read()
        differing = [key for key in type(fresh).model_fields if getattr(fresh, key) != getattr(self.settings, key)]
        taken = {key: getattr(fresh, key) for key in differing if key in self._live}
        waiting = tuple(key for key in differing if key not in self._live)
        self.settings = self.settings.model_copy(update=taken)
        if not waiting:
            self._keep()
        return Change(self.settings, tuple(taken), waiting)

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = self._file.stat() if self._file else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size) if stat else None

    def _keep(self) -> None:
        """Copy the file, readable by its owner only, because it may hold secrets."""
        if self._kept is None or self._file is None:
            return
        try:
            write_atomically(self._kept, self._file.read_bytes())
        except OSError as error:
            log.warning("cannot keep a copy of %s: %s", self._file, error)


def copy_of(section: str, state: Path) -> Path:
    """Where the program of `section`, whose state is the file `state`, keeps a copy of the file in force."""
    return state.parent / f"in-force-{section}.toml"


def take_over(file: SettingsFile[S], adopt: Callable[[S], None]) -> None:
    """Look once; what changed is adopted and said in the log."""
    try:
        change = file.changed()
    except SettingsError as error:
        log.warning("the settings stay as they were: %s", error)
        return
    if change is None:
        return
    if change.taken:
        adopt(change.settings)
        log.info("from now on in force: %s", ", ".join(change.taken))
    if change.waiting:
        log.warning("in force after a restart: %s", ", ".join(change.waiting))


async def follow(file: SettingsFile[S], adopt: Callable[[S], None]) -> None:
    """Look every two seconds, until cancelled. `adopt` is called on the loop."""
    loop = asyncio.get_running_loop()

    def hand_over(settings: S) -> None:
        loop.call_soon_threadsafe(adopt, settings)

    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.to_thread(take_over, file, hand_over)
