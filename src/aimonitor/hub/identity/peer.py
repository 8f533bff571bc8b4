"""Who is at the other end of a request, as far as the connection tells. Pure.

A peer is local when it connects from this machine, no proxy has left a trace, and it calls the hub by a name of this
machine: a page of another site that points its own name to 127.0.0.1 (DNS rebinding) brings that name in `Host`.
"""

import ipaddress
import socket
from collections.abc import Mapping

import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

from aimonitor.hub.limits import household

_TRACES = ("forwarded", "x-real-ip", "via", "cf-connecting-ip", "true-client-ip", "x-client-ip")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Peer(msgspec.Struct, frozen=True):
    """One request's other end. `network` is what guesses are counted by: the address, of IPv6 the /64."""

    address: str
    network: str
    local: bool
    secure: bool
    safe: bool
    origin: str | None
    host: str | None


def peer_of(scope: Scope) -> Peer:
    """The peer of an ASGI request or WebSocket; `client` and `scheme` are as the trusted proxy said."""
    headers = Headers(scope=scope)
    address = scope["client"][0] if scope.get("client") else "?"
    host = headers.get("host")
    return Peer(
        address=address,
        network=household(address),
        local=is_loopback(address) and not _was_forwarded(headers) and _is_own_name(host),
        secure=scope.get("scheme") in ("https", "wss"),
        safe=scope.get("method", "GET") in _SAFE_METHODS,
        origin=headers.get("origin"),
        host=host,
    )


def is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _was_forwarded(headers: Mapping[str, str]) -> bool:
    return any(name.startswith("x-forwarded") or name in _TRACES for name in headers)


def _is_own_name(host: str | None) -> bool:
    """Whether `Host` names this machine; HTTP/1.0 clients send none."""
    if host is None:
        return True
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    name = name.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name) or name == _machine()


def _machine() -> str:
    return socket.gethostname().lower()
