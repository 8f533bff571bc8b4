"""Addresses of network cameras: taken apart, checked, and shown without what is secret in them."""

import base64
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from aimonitor.common.reach import forbidden
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import FACTORIES, scheme_of

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_FROM_AFAR = frozenset(("http", "https", "http+mjpeg", "https+mjpeg", "esp32cam", "rtsp", "rtsps"))
_WEBCAM = re.compile(r"(usb:)?\d{1,3}")


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
    wrong = forbidden(ip)
    if wrong is not None:
        raise SourceError(f"camera address: expected a camera's IP address, got {wrong}", retryable=False)


def check_literal(host: str) -> None:
    """`check_reachable` for a host that is written as an IP address; names are not resolved."""
    try:
        check_reachable(host)
    except ValueError:
        return


def pinned(address: str) -> str:
    """`address` with its host resolved to an IP address that was checked, for programs that would resolve it again.

    Raises SourceError: not retryable for a place where no camera lives. TLS addresses keep their name, and are checked.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    try:
        found = socket.getaddrinfo(host, port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceError(f"{without_secrets(address)}: its name is not known ({error.strerror})") from None
    for each in found:
        check_reachable(str(each[4][0]))
    if parts.scheme == "rtsps":
        return address
    ip = str(found[0][4][0])
    credentials, at, _ = parts.netloc.rpartition("@")
    place = (f"[{ip}]" if ":" in ip else ip) + (f":{port}" if port else "")
    return urlunsplit(parts._replace(netloc=credentials + at + place))


def check_from_afar(address: str) -> None:
    """Refuse what only the owner of this machine may name: its files. Raises SourceError."""
    scheme = scheme_of(address)
    if scheme in FACTORIES and scheme not in _FROM_AFAR and not _WEBCAM.fullmatch(address.strip()):
        raise SourceError(
            f"camera address {without_secrets(address)[:80]!r}: expected http://…, rtsp://…, esp32cam://… or usb:N; "
            "files are named in the edge's own settings",
            retryable=False,
        )


def _refusal(address: str, got: str) -> SourceError:
    return SourceError(
        f"camera address {without_secrets(address)[:80]!r}: expected http://host[:port]/path, got {got}",
        retryable=False,
    )
