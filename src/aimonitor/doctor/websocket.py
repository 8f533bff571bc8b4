"""WebSockets through whatever stands between: a real handshake in each format, and an answer through it."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from aimonitor.contract.messages import SUBPROTOCOL
from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped, warning

_TIMEOUT_S = 10.0
_PROXY = (
    "a proxy on the way does not pass WebSockets on; for Nginx: proxy_http_version 1.1, and the headers "
    "`Upgrade $http_upgrade` and `Connection upgrade` (deploy/nginx/nginx.conf)"
)
_RENAMED = (
    "the hub takes its own page for another site's: a proxy on the way changes `Host`; for Nginx: "
    "`proxy_set_header Host $http_host` where the other headers of `/ws` are set (deploy/nginx/nginx.conf)"
)


def websocket(case: Case) -> Iterator[Finding]:
    """Whether a page of the hub gets through, in our own format and in the founding one."""
    try:
        import websockets  # noqa: F401 - is it there?
    except ImportError:
        yield skipped("this program's installation has no WebSocket client")
        return
    address = "ws" + case.hub.removeprefix("http") + "/ws"
    for name, protocol in (("own format", SUBPROTOCOL), ("founding format", None)):
        yield _handshake(address, name, protocol)


def _handshake(address: str, name: str, protocol: str | None) -> Finding:
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
    from websockets.sync.client import connect
    from websockets.typing import Origin, Subprotocol

    page = Origin("http" + address.removeprefix("ws").removesuffix("/ws"))
    offered = [Subprotocol(protocol)] if protocol else None
    try:
        with connect(address, origin=page, subprotocols=offered, open_timeout=_TIMEOUT_S, close_timeout=1) as socket:
            started = time.monotonic()
            answered = socket.ping().wait(_TIMEOUT_S)
            took_ms = (time.monotonic() - started) * 1000
            chosen = socket.subprotocol
    except InvalidStatus as error:
        return _refused(name, error.response.status_code)
    except (InvalidHandshake, ConnectionClosed) as error:
        return failed(f"{name}: the handshake at {address} broke off: {error}", _PROXY)
    except OSError as error:  # includes TimeoutError and everything of TLS
        host = urlsplit(address).hostname
        return failed(f"{name}: {host} cannot be reached: {str(error) or type(error).__name__}", "see the check `hub`")
    if not answered:
        return failed(f"{name}: the way opens, but nothing comes through it", _PROXY)
    if chosen != protocol:
        return warning(
            f"{name}: not known there", "bring the hub to this version; until then the founding format is used"
        )
    return ok(f"{name}: open, answer in {took_ms:.0f} ms")


def _refused(name: str, status: int) -> Finding:
    said = f"{name}: the handshake is answered with {status} instead of 101"
    if status == 403:  # nobody showed who they are, so it is for where the page is from
        return failed(said, _RENAMED)
    if status == 401:
        return warning(said, "the way is open; the hub wants people to sign in, which a browser does")
    if status in (502, 503, 504):
        return failed(said, "the proxy cannot reach the hub: is it running?")
    if status == 429:
        return failed(said, "too many connections from this address: wait, or raise the proxy's limit")
    return failed(said, _PROXY)
