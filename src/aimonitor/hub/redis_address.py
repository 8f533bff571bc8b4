"""From `REDIS_URL` to a client: one server, Sentinel, or Cluster; Redis or Valkey.

redis://host:6379/0                            one server
redis+sentinel://host:26379,host2:26379/name   the primary that the sentinels call `name`
redis+cluster://host:6379,host2:6379           a cluster; all our keys share one slot

With `rediss` in place of `redis` over TLS. `?replicas=1` at the end: an event counts as stored when so many replicas
have it as well (WAIT), so that not even the moment before a failover is asked of the edges again.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from aimonitor.hub import redis_primary
from aimonitor.hub.redis_primary import Slot, Watched

Client = Any  # redis-py's clients share their commands by mixins that no one type names
SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
PREFIX = "{aimonitor}"
"""Begins every key; the braces put all of them into one slot of a cluster, so that scripts may touch several."""

_TIMEOUT_S = 3.0
_ASKING_S = 1.0
"""How long one who may know the primary is asked: one that is gone must not use up the patience for the next one."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_REPLICAS_LIMIT = 5


class RedisAddressError(ValueError):
    """REDIS_URL cannot be used; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """REDIS_URL taken apart. `replicas` must have an event before it is acknowledged; `cluster` shards its pub/sub."""

    split: SplitResult
    replicas: int

    @classmethod
    def parse(cls, url: str) -> "RedisAddress":
        """Raises RedisAddressError, without the password in its text."""
        split = urlsplit(url)
        if split.scheme not in SCHEMES:
            raise RedisAddressError(
                f"REDIS_URL: expected one of {', '.join(f'{each}://' for each in SCHEMES)}, got {split.scheme}://"
            )
        query = dict(parse_qsl(split.query))
        replicas = query.pop("replicas", "0")
        if not replicas.isdecimal() or int(replicas) > _REPLICAS_LIMIT:
            raise RedisAddressError(f"REDIS_URL: expected replicas=0 to {_REPLICAS_LIMIT}, got {replicas!r}")
        return cls(split._replace(query=urlencode(query)), int(replicas))

    @property
    def cluster(self) -> bool:
        return self.split.scheme.endswith("+cluster")

    def connect(self) -> Client:
        """A client; nothing is sent yet. Raises RedisAddressError."""
        patience: dict[str, Any] = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}
        options = {**patience, "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 2), "health_check_interval": 15}
        scheme, secure = self.split.scheme, self.split.scheme.startswith("rediss")
        if not scheme.endswith(("+sentinel", "+cluster")):
            return Redis.from_url(self.split.geturl(), **options)
        asking = {"socket_timeout": _ASKING_S, "socket_connect_timeout": _ASKING_S, "ssl": secure}
        primary = self._slot(asking) if self.cluster else self._watched(asking)
        return redis_primary.client(primary, secure=secure, **options, **_credentials(self.split))

    def _slot(self, asking: dict[str, Any]) -> Slot:
        return Slot(PREFIX, _hosts(self.split, 6379), **asking, **_credentials(self.split))

    def _watched(self, asking: dict[str, Any]) -> Watched:
        name = self.split.path.strip("/")
        if not _NAME.fullmatch(name):
            raise RedisAddressError(
                f"REDIS_URL: expected redis+sentinel://host:26379/name-of-the-primary, got {name or 'no name'}"
            )
        return Watched(name, _hosts(self.split, 26379), **asking)


def connect(url: str) -> Client:
    """A client for `url`; nothing is sent yet. Raises RedisAddressError, without the password in its text."""
    return RedisAddress.parse(url).connect()


def _hosts(split: SplitResult, default_port: int) -> list[tuple[str, int]]:
    places = split.netloc.rpartition("@")[2].split(",")
    found = []
    for place in places:
        host, _, port = place.partition(":")
        if not host or (port and not port.isdigit()):
            raise RedisAddressError(f"REDIS_URL: expected host:port,host:port, got {place!r}")
        found.append((host, int(port or default_port)))
    return found


def _credentials(split: SplitResult) -> dict[str, Any]:
    user, _, password = split.netloc.rpartition("@")[0].partition(":")
    named = {"username": unquote(user), "password": unquote(password)}
    return {key: value for key, value in named.items() if value}
