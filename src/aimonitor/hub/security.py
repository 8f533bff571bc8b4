"""What every HTTP answer carries, and which browsers' WebSockets are let in. Plain ASGI: no buffering, no tasks."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketClose

from aimonitor.hub.limits import TRY_AGAIN_LATER, Places
from aimonitor.hub.metrics import Counters

Door = Callable[[WebSocket], Awaitable[None]]

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds the headers to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")  # what happened at home stays in no shared cache
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def origin_allowed(origin: str | None, host: str | None, allowed: Iterable[str]) -> bool:
    """Whether a WebSocket may be opened from `origin`: no browser (none), the hub's own pages, or one on the list."""
    if origin is None:
        return True
    if "*" in allowed or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # such as http://[
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == str(host).lower()


class Gate:
    """Refuses WebSockets of foreign origin with 403, and closes those for which there is no place with 1013.

    The others go straight to their door: on the way through the framework every layer would keep its frames in memory
    for as long as the socket lives.
    """

    def __init__(
        self, app: ASGIApp, *, doors: Mapping[str, Door], origins: Sequence[str], places: Places, counters: Counters
    ) -> None:
        self._app = app
        self._doors = doors
        self._origins = tuple(origins)
        self._places = places
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._doors.get(scope["path"]) if scope["type"] == "websocket" else None
        if door is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not origin_allowed(headers.get("origin"), headers.get("host"), self._origins):
            await receive()
            await WebSocketClose()(scope, receive, send)
            return
        address = scope["client"][0] if scope["client"] else "?"
        problem = self._places.take(address)
        if problem is not None:
            self._counters.viewers_refused += 1
            await receive()
            offered = scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
            await WebSocketClose(TRY_AGAIN_LATER, problem)(scope, receive, send)
            return
        try:
            await door(WebSocket(scope, receive, send))
        finally:
            self._places.give_back(address)
