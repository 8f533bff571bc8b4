"""Writes what is done over HTTP into the audit trail: who asked, for what, with which outcome. Plain ASGI."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aimonitor.hub.identity.peer import peer_of
from aimonitor.hub.identity.roles import Caller
from aimonitor.hub.identity.trail import Trail

_REFUSED_FROM = 400


class Scribe:
    """Notes each request that changes something, once it is answered. What was read is not noted.

    A route says more of what it did in `request.state.about`; its name is what was done.
    """

    def __init__(self, app: ASGIApp, trail: Trail) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._note(scope, status)

    def _note(self, scope: Scope, status: int) -> None:
        state = scope.get("state", {})
        caller: Caller | None = state.get("caller")
        if not state.get("noted") or caller is None:
            return
        about = state.get("about") or ", ".join(map(str, scope.get("path_params", {}).values()))
        outcome = f"refused {status}" if status >= _REFUSED_FROM else "done"
        address = peer_of(scope).address
        self._trail.note(caller.name, getattr(scope.get("route"), "name", "?"), about, outcome, address=address)
