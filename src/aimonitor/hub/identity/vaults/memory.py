"""Identity in memory: for tests, and for a hub without a disk, whose people and tokens come from the environment."""

from collections import deque
from collections.abc import Mapping


class MemoryVault:
    """Forgets everything at the end."""

    shared = False

    def __init__(self) -> None:
        self._shelves: dict[str, dict[str, bytes]] = {}
        self._notes: deque[bytes] = deque()

    async def open(self) -> None:
        """Nothing to get ready."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def get(self, shelf: str, key: str) -> bytes | None:
        return self._shelves.get(shelf, {}).get(key)

    async def all(self, shelf: str) -> Mapping[str, bytes]:
        return dict(self._shelves.get(shelf, {}))

    async def put(self, shelf: str, key: str, record: bytes) -> None:
        self._shelves.setdefault(shelf, {})[key] = record

    async def add(self, shelf: str, key: str, record: bytes) -> bool:
        records = self._shelves.setdefault(shelf, {})
        if key in records:
            return False
        records[key] = record
        return True

    async def swap(self, shelf: str, key: str, old: bytes, new: bytes) -> bool:
        if await self.get(shelf, key) != old:
            return False
        self._shelves[shelf][key] = new
        return True

    async def take(self, shelf: str, key: str) -> bytes | None:
        return self._shelves.get(shelf, {}).pop(key, None)

    async def note(self, line: bytes, keep: int) -> None:
        self._notes.append(line)
        while len(self._notes) > keep:
            self._notes.popleft()

    async def notes(self, limit: int) -> list[bytes]:
        return list(self._notes)[::-1][:limit]
