"""From `REDIS_URL` to a client: one server, Sentinel, or Cluster; Redis or Valkey.

redis://host:6379/0, rediss://…                one server (TLS with rediss)
redis+sentinel://host:26379,host2:26379/name   the primary that the sentinels call `name`
redis+cluster://host:6379,host2:6379           a cluster; all our keys share one slot
"""

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialBackoff

Client = Any  # redis-py's clients share their commands by mixins that no one type names
SCHEMES = ("redis", "rediss", "redis+sentinel", "redis+cluster")
PREFIX = "{aimonitor}"
"""Begins every key; the braces put all of them into one slot of a cluster, so that scripts may touch several."""

_TIMEOUT_S = 3.0


class RedisAddressError(ValueError):
    """REDIS_URL cannot be used; the text says what was expected."""


def connect(url: str) -> Client:
    """A client for `url`; nothing is sent yet. Raises RedisAddressError, without the password in its text."""
    split = urlsplit(url)
    options: dict[str, Any] = {
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "health_check_interval": 15,
    }
    if split.scheme in ("redis", "rediss"):
        return Redis.from_url(url, retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2), **options)
    if split.scheme == "redis+sentinel":
        return _sentinel(split, options)
    if split.scheme == "redis+cluster":
        nodes = [ClusterNode(host, port) for host, port in _hosts(split, 6379)]
        return RedisCluster(startup_nodes=nodes, **_credentials(split), socket_timeout=_TIMEOUT_S)
    raise RedisAddressError(
        f"REDIS_URL: expected one of {', '.join(f'{each}://' for each in SCHEMES)}, got {split.scheme}://"
    )


def _sentinel(split: SplitResult, options: dict[str, Any]) -> Client:
    name = split.path.strip("/")
    if not name:
        raise RedisAddressError("REDIS_URL: expected redis+sentinel://host:26379/name-of-the-primary, got no name")
    sentinel = Sentinel(_hosts(split, 26379), socket_timeout=_TIMEOUT_S)  # type: ignore[no-untyped-call]
    return sentinel.master_for(name, **_credentials(split), **options)


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
