"""Where people, sessions and tokens are kept: beside the history, or in the Redis that hubs share."""

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from aimonitor.hub.stores.base import StoreError

MEMORY = ":memory:"


class Vault(Protocol):
    """Shelves of small records by key. Every method raises StoreError; what returned survives a crash.

    `swap` and `take` are one step each, whoever else asks at the same time: of two takers one gets the record.
    """

    shared: bool
    """Other hubs keep theirs there as well."""

    async def open(self) -> None:
        """Get ready; called once before anything else."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...

    async def get(self, shelf: str, key: str) -> bytes | None:
        """A record, None when there is none."""
        ...

    async def all(self, shelf: str) -> Mapping[str, bytes]:
        """Every record of a shelf by its key."""
        ...

    async def put(self, shelf: str, key: str, record: bytes) -> None:
        """Keep a record in place of the one there."""
        ...

    async def add(self, shelf: str, key: str, record: bytes) -> bool:
        """Keep a record where there is none; whether it was kept."""
        ...

    async def swap(self, shelf: str, key: str, old: bytes, new: bytes) -> bool:
        """Replace exactly `old`; whether it was there."""
        ...

    async def take(self, shelf: str, key: str) -> bytes | None:
        """Remove a record and return it, None when there was none."""
        ...

    async def note(self, line: bytes, keep: int) -> None:
        """Write a line at the end of the trail, of which the newest `keep` stay."""
        ...

    async def notes(self, limit: int) -> list[bytes]:
        """The newest lines of the trail, newest first."""
        ...


def make_vault(location: str) -> Vault:
    """The vault for `location`: a file name, `:memory:` or a Redis address."""
    if location == MEMORY:
        from aimonitor.hub.identity.vaults.memory import MemoryVault

        return MemoryVault()
    if "://" in location:
        from aimonitor.hub.identity.vaults.redis import RedisVault

        return RedisVault(location)
    from aimonitor.hub.identity.vaults.sqlite import SqliteVault

    return SqliteVault(location)


R = TypeVar("R", bound=msgspec.Struct)


class Shelf(Generic[R]):
    """One shelf of a vault, whose records are all of one type. Methods raise StoreError."""

    def __init__(self, vault: Vault, name: str, kind: type[R]) -> None:
        self._vault = vault
        self._name = name
        self._decoder = msgspec.json.Decoder(kind)

    async def get(self, key: str) -> R | None:
        record = await self._vault.get(self._name, key)
        return None if record is None else self._read(record)

    async def all(self) -> dict[str, R]:
        return {key: self._read(record) for key, record in (await self._vault.all(self._name)).items()}

    async def put(self, key: str, value: R) -> None:
        await self._vault.put(self._name, key, msgspec.json.encode(value))

    async def add(self, key: str, value: R) -> bool:
        return await self._vault.add(self._name, key, msgspec.json.encode(value))

    async def take(self, key: str) -> R | None:
        record = await self._vault.take(self._name, key)
        return None if record is None else self._read(record)

    async def change(self, key: str, **fields: object) -> R | None:
        """Give a record other values in these fields, whoever else changes others; None when there is none."""
        while (record := await self._vault.get(self._name, key)) is not None:
            changed = msgspec.structs.replace(self._read(record), **fields)
            if await self._vault.swap(self._name, key, record, msgspec.json.encode(changed)):
                return changed
        return None

    def _read(self, record: bytes) -> R:
        try:
            return self._decoder.decode(record)
        except msgspec.MsgspecError as error:
            raise StoreError(f"identity, shelf {self._name}: expected a record of ours, got: {error}") from None
