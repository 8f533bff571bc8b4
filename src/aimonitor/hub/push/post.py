"""One delivery to a push service: blocking, in a worker thread, over TLS to an address of the internet only."""

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from aimonitor.common.reach import is_public

_TIMEOUT_S = 10.0


class PushRefusedError(Exception):
    """The service does not take it. `gone`: the browser unsubscribed; `retry_after_s`: later, perhaps."""

    def __init__(self, words: str, *, gone: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(words)
        self.gone = gone
        self.retry_after_s = retry_after_s


def check_endpoint(endpoint: str, *, local: bool = False) -> None:
    """Raises ValueError unless this can be a push service. local: a service on this machine will do, for trying."""
    parts = urlsplit(endpoint)
    if local and parts.hostname in ("127.0.0.1", "localhost"):
        return
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("expected the https address of a push service")


def post(endpoint: str, body: bytes, headers: Mapping[str, str], *, local: bool = False) -> None:
    """Deliver. Raises PushRefusedError, and OSError when the service cannot be reached."""
    check_endpoint(endpoint, local=local)
    parts = urlsplit(endpoint)
    with contextlib.closing(_connect(parts, local=local)) as connection:
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path or "/", body, dict(headers))
            answer = connection.getresponse()
            answer.read(4_096)
        except http.client.HTTPException as error:
            raise OSError(f"expected an answer of the push service, got {type(error).__name__}") from None
        if answer.status in (404, 410):
            raise PushRefusedError("the browser unsubscribed", gone=True)
        if answer.status == 429 or answer.status >= 500:
            again_s = _seconds(answer.getheader("Retry-After", ""))
            raise PushRefusedError(f"it answered {answer.status}", retry_after_s=again_s)
        if answer.status >= 300:
            raise PushRefusedError(f"it answered {answer.status} {answer.reason[:80]}")


def _connect(parts: SplitResult, *, local: bool) -> http.client.HTTPConnection:
    """Connected, and to a place where a push service can be: what a name resolves to is asked of the socket itself."""
    host, secure = str(parts.hostname), parts.scheme == "https"
    connection = http.client.HTTPConnection(host, parts.port or (443 if secure else 80), timeout=_TIMEOUT_S)
    connection.connect()
    opened: socket.socket = connection.sock
    try:
        if not local:
            _check_public(opened)
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
    except OSError:
        opened.close()
        raise
    return connection


def _check_public(opened: socket.socket) -> None:
    """Raises OSError when a socket leads to anything but the internet."""
    peer = str(opened.getpeername()[0])
    if not is_public(peer):
        raise OSError(f"expected a push service on the internet, got {peer}")


def _seconds(text: str) -> float:
    return min(3600.0, float(text)) if text.isdecimal() else 30.0
