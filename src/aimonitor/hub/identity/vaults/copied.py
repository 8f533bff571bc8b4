"""A shelf with a copy in memory: not read at every request, and there while the vault is away."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from aimonitor.hub.identity.vaults import Shelf
from aimonitor.hub.stores.base import StoreError

R = TypeVar("R", bound=msgspec.Struct)


class CopiedShelf(Generic[R]):
    """`known` is what this hub wrote itself, and of what others wrote as much as the last `refresh` saw.

    changed: called whenever this hub has changed a record
    """

    def __init__(self, shelf: Shelf[R], changed: Callable[[], None]) -> None:
        self._shelf = shelf
        self._changed = changed
        self._changes = 0
        self.known: dict[str, R] = {}

    async def refresh(self) -> None:
        """Learn what others changed. Raises StoreError; what was known then stays."""
        before = -1
        while before != self._changes:  # a change of ours during the reading may not be in what was read
            before = self._changes
            found = await self._shelf.all()
        self.known = found

    async def get(self, key: str) -> R | None:
        """The record as it is now; as it was last known while the vault is away."""
        try:
            found = await self._shelf.get(key)
        except StoreError:
            return self.known.get(key)
        if found is not None:
            self.known[key] = found
        else:
            self.known.pop(key, None)
        return found

    async def add(self, key: str, value: R) -> bool:
        """Keep a record where there is none. Raises StoreError."""
        added = await self._shelf.add(key, value)
        if added:
            self._note(key, value)
        return added

    async def change(self, key: str, **fields: object) -> R | None:
        """Give a record other values in these fields; None when there is none. Raises StoreError."""
        changed = await self._shelf.change(key, **fields)
        self._note(key, changed)
        return changed

    async def remove(self, key: str) -> bool:
        """Forget a record; whether there was one. Raises StoreError."""
        removed = await self._shelf.take(key)
        self._note(key, None)
        return removed is not None

    def _note(self, key: str, value: R | None) -> None:
        self._changes += 1
        if value is None:
            self.known.pop(key, None)
        else:
            self.known[key] = value
        self._changed()
