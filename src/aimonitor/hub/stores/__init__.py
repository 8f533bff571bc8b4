"""Stores of events: a table from URL scheme to factory, each imported only when it is chosen."""

from collections.abc import Callable, Mapping

import msgspec

from aimonitor.hub.stores.base import EventStore

MEMORY = ":memory:"


class Keep(msgspec.Struct, frozen=True):
    """How much a store keeps before the oldest goes."""

    events: int = 200_000
    samples: int = 200_000
    marks: int = 20_000
    hours: int = 200_000


def _memory(_: str, keep: Keep) -> EventStore:
    from aimonitor.hub.stores.memory import MemoryStore

    return MemoryStore(keep)


def _sqlite(path: str, keep: Keep) -> EventStore:
    from aimonitor.hub.stores.sqlite import SqliteStore

    return SqliteStore(path, keep)


def _redis(url: str, keep: Keep) -> EventStore:
    from aimonitor.hub.stores.redis import RedisStore

    return RedisStore(url, keep)


FACTORIES: Mapping[str, Callable[[str, Keep], EventStore]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "redis": _redis,
    "rediss": _redis,
    "redis+sentinel": _redis,
    "rediss+sentinel": _redis,
    "redis+cluster": _redis,
    "rediss+cluster": _redis,
}


def make_store(location: str, keep: Keep) -> EventStore:
    """The store for `location`: a file name, `sqlite:///file`, `:memory:` or a Redis address; ValueError for others."""
    if location == MEMORY:
        location = "memory://"
    scheme, colon, path = location.partition("://")
    if not colon:
        scheme, path = "sqlite", location
    elif scheme == "sqlite":
        path = path.removeprefix("/")
    elif "redis" in scheme:
        path = location
    factory = FACTORIES.get(scheme)
    if factory is None:
        raise ValueError(f"history {scheme}://: expected one of {', '.join(sorted(FACTORIES))}, or a file name")
    return factory(path, keep)
