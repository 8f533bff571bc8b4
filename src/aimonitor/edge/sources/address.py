"""Addresses of network cameras: taken apart, checked, and shown without what is secret in them."""

import base64
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from aimonitor.edge.source import SourceError

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_METADATA = frozenset(ipaddress.ip_address(each) for each in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200"))
"""Where clouds keep their machines' credentials; no camera lives there."""


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Where an HTTP camera is. `target` is path and query; `authorization` the header's value, "" for none."""

    host: str
    port: int
    target: str
    tls: bool = False
    authorization: str = field(default="", repr=False)

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"

    def at(self, target: str, *, port: int | None = None) -> "HttpAddress":
        """Another resource of the same camera."""
        return HttpAddress(self.host, port or self.port, target, self.tls, self.authorization)

    def __str__(self) -> str:
        """For people and logs: no credentials, no query."""
        return f"{'https' if self.tls else 'http'}://{self.host_header}{self.target.partition('?')[0]}"


def parse_http(address: str) -> HttpAddress:
    """Take `http(s)[+mjpeg]://[user:password@]host[:port]/path?query` apart; raises SourceError, not retryable."""
    scheme, _, rest = address.partition("://")
    scheme = scheme.lower().removesuffix("+mjpeg")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refusal(address, str(error)) from None
    if scheme not in ("http", "https") or not host or not host.isascii():
        raise _refusal(address, "no host" if not host else f"{scheme}://{host}")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isprintable() or not target.isascii() or " " in target:
        raise _refusal(address, "a path with characters that must be written as %XX")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return HttpAddress(host, port or _PORTS[scheme], target, scheme == "https", authorization)


def without_secrets(address: str) -> str:
    """`address` as it may be shown: without user, password and query."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address.partition("?")[0]
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def check_reachable(ip: str) -> None:
    """Refuse addresses at which only a mistake or an attack would look for a camera; raises SourceError."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    if mapped in _METADATA or mapped.is_multicast or mapped.is_unspecified:
        raise SourceError(f"camera address: expected a camera's IP address, got {mapped}", retryable=False)


def check_literal(host: str) -> None:
    """`check_reachable` for a host that is written as an IP address; names are not resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check_reachable(host)


def _refusal(address: str, got: str) -> SourceError:
    return SourceError(
        f"camera address {without_secrets(address)[:80]!r}: expected http://host[:port]/path, got {got}",
        retryable=False,
    )
