"""May they do that? Each route declares who it is for; a hub in which one does not refuses to start.

router = APIRouter(dependencies=[OPERATOR])          or, for one route: add_api_route(…, dependencies=[ADMIN])
async def take(self, request: Request): who = caller_of(request).name
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from aimonitor.hub import answers, refusals
from aimonitor.hub.identity.desk import LOCAL, Identity
from aimonitor.hub.identity.peer import Peer, peer_of
from aimonitor.hub.identity.roles import Caller, Refused, Role, unknown
from aimonitor.hub.security import origin_allowed
from aimonitor.hub.stores.base import StoreError

TICKET = "aimonitor.ticket."
"""Begins the WebSocket subprotocol that carries a ticket."""


class Needs:
    """Who a route is for.

    role: the least that people and programs must be; None: not for them
    edges: also for edges
    public: for everybody, signed in or not
    noted: whether what is done by it goes to the audit trail, unless it only reads
    """

    def __init__(
        self, role: Role | None = None, *, edges: bool = False, public: bool = False, noted: bool = True
    ) -> None:
        self.role = role
        self.edges = edges
        self.public = public
        self.noted = noted and not public

    async def __call__(self, request: Request) -> None:
        guard: Guard = request.app.state.guard
        request.state.noted = self.noted
        if not self.public:
            await guard.admit(request, self)


PUBLIC = Depends(Needs(public=True))
VIEWER = Depends(Needs(Role.VIEWER))
VIEWER_UNNOTED = Depends(Needs(Role.VIEWER, noted=False))
OPERATOR = Depends(Needs(Role.OPERATOR))
ADMIN = Depends(Needs(Role.ADMIN))
EDGE = Depends(Needs(edges=True, noted=False))
EDGE_OR_VIEWER = Depends(Needs(Role.VIEWER, edges=True, noted=False))


def caller_of(request: Request) -> Caller:
    """Who sends a request that was let in."""
    caller: Caller = request.state.caller
    return caller


class Guard:
    """Lets requests and WebSockets in, or raises Refused."""

    def __init__(self, identity: Identity, origins: Sequence[str]) -> None:
        self.identity = identity
        self._origins = tuple(origins)

    async def admit(self, request: Request, needs: Needs) -> None:
        """Find out who asks (`caller_of`), and refuse them if the route is not for them."""
        peer = peer_of(request.scope)
        caller = request.state.caller = await self.who(request, peer, as_edge=needs.role is None)
        if caller.kind in ("local", "person"):
            self.check_origin(peer, strict=caller.kind == "person")
        if caller.kind == "edge":
            if not needs.edges:
                raise Refused(403, "role", f"a person or program that is {needs.role}", "an edge's token")
        elif needs.role is None and caller.kind != "local":
            raise Refused(403, "role", "an edge's token", f"a {caller.kind} that is {caller.role}")
        elif needs.role is not None and not caller.may(needs.role):
            raise Refused(403, "role", f"{needs.role} or above", str(caller.role))

    async def who(self, request: Request | WebSocket, peer: Peer, *, as_edge: bool = False) -> Caller:
        """Who asks. Raises Refused: 401, 429, and 503 while nobody can be recognized."""
        try:
            return await self.identity.who(
                request.headers, request.cookies.get(cookie_name(peer), ""), peer, as_edge=as_edge
            )
        except StoreError as error:
            raise Refused(503, "credentials", "a vault that can be read", str(error), code="store_away") from None

    def check_origin(self, peer: Peer, *, strict: bool) -> None:
        """Refuse what a page of another site makes a browser do (403).

        strict: the request carries a cookie, so that it must say where it comes from. `*` in the list of origins lets
        anybody read what is public, and nobody act for others.
        """
        if peer.safe:
            return
        named = [origin for origin in self._origins if origin != "*"]
        if (strict and peer.origin is None) or not origin_allowed(peer.origin, peer.host, named):
            raise Refused(
                403, "origin", "a page of this hub or of an allowed site", str(peer.origin)[:100], code="foreign_page"
            )

    # --- sockets ----------------------------------------------------------------------------------------------------

    async def viewer(self, websocket: WebSocket) -> Caller:
        """Who opens a viewer's socket: with a ticket, a token, or from this machine while the hub is open to it."""
        peer = peer_of(websocket.scope)
        ticket = next((each for each in websocket.scope["subprotocols"] if each.startswith(TICKET)), None)
        try:
            if ticket is not None:
                caller = await self.identity.by_ticket(ticket.removeprefix(TICKET), peer)
            else:
                if carries_cookie(websocket) and peer.origin is None:
                    raise Refused(403, "origin", "the page that the cookie belongs to", "none", code="foreign_page")
                caller = await self.identity.who(websocket.headers, "", peer)
        except StoreError as error:
            raise Refused(503, "credentials", "a vault that can be read", str(error), code="store_away") from None
        if not caller.may(Role.VIEWER):
            raise Refused(403, "role", "viewer or above", "an edge's token")
        return self._without_rights_of_others(caller, peer)

    def _without_rights_of_others(self, caller: Caller, peer: Peer) -> Caller:
        """A page that only `*` lets in may watch and no more."""
        named = [origin for origin in self._origins if origin != "*"]
        if caller is LOCAL and not origin_allowed(peer.origin, peer.host, named):
            return Caller("local", caller.name, Role.VIEWER)
        return caller

    def check_edge_socket(self, websocket: WebSocket) -> None:
        """Refuse browsers in which somebody has signed in (403): no edge has a cookie."""
        if carries_cookie(websocket):
            raise Refused(403, "cookie", "an edge, which has none", "a session")

    def is_open_to_edge(self, websocket: WebSocket) -> bool:
        """Whether an edge at this socket needs no token."""
        return self.identity.open_to_edge(peer_of(websocket.scope))

    async def edge(self, text: str, websocket: WebSocket) -> Caller:
        """Who speaks as an edge with this token. Raises Refused."""
        try:
            caller = await self.identity.edge(text, peer_of(websocket.scope))
        except StoreError as error:
            raise Refused(503, "credentials", "a vault that can be read", str(error), code="store_away") from None
        if caller.kind not in ("edge", "local"):
            raise unknown()
        return caller


def cookie_name(peer: Peer) -> str:
    """`__Host-` makes browsers refuse the cookie from anywhere but this very host over TLS (RFC 6265bis, 4.1.3)."""
    return "__Host-aimonitor" if peer.secure else "aimonitor"


def carries_cookie(request: Request | WebSocket) -> bool:
    return any(name in request.cookies for name in ("__Host-aimonitor", "aimonitor"))


# --- answers and documents --------------------------------------------------------------------------------------------


async def answer_refused(_: Request, error: Exception) -> Response:
    """Refused as the answer that it is."""
    assert isinstance(error, Refused)
    return refused_response(error)


async def answer_trouble(_: Request, error: Exception) -> Response:
    """A vault or store that cannot be read or written now."""
    return refused_response(
        Refused(503, "store", "one that can be read and written", str(error), wait_s=5.0, code="store_away")
    )


def refused_response(error: Refused) -> Response:
    """Field, expected and got, as all refusals of the hub."""
    body = refusals.body(error.status, error.field, error.expected, error.got, error.code)
    headers = {"cache-control": "no-store"}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.wait_s:
        headers["retry-after"] = str(int(error.wait_s) + 1)
    return JSONResponse(body, error.status, headers)


async def deny(websocket: WebSocket, error: Refused) -> None:
    """Answer a WebSocket's handshake with a refusal; servers that cannot say why say 403."""
    await websocket.receive()
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(refused_response(error))
    else:
        await websocket.close()


def needs_of(route: APIRoute) -> Needs:
    """What a route declares; raises RuntimeError when that is nothing, or more than one thing."""
    found = [each.dependency for each in route.dependencies if isinstance(each.dependency, Needs)]
    if len(found) != 1:
        raise RuntimeError(f"{route.path}: expected one of the guard's roles as a dependency, got {len(found)}")
    return found[0]


def protect(app: FastAPI, guard: Guard, routers: Sequence[APIRouter]) -> tuple[APIRoute, ...]:
    """Serve `routers`, guarded; returns their routes.

    Raises RuntimeError for a route that does not say who it is for.
    """
    routes = [route for each in routers for route in each.routes if isinstance(route, APIRoute)]
    for route in routes:
        needs_of(route)
    for router in routers:
        app.include_router(router)
    app.state.guard = guard
    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(StoreError, answer_trouble)
    return tuple(routes)


def document(routes: Sequence[APIRoute], openapi: dict[str, Any]) -> None:
    """Write into an OpenAPI document who each of the routes is for, and how it refuses the others."""
    schemes = openapi.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["session"] = {"type": "apiKey", "in": "cookie", "name": "aimonitor"}
    schemes["token"] = {"type": "http", "scheme": "bearer"}
    for route in routes:
        if not route.include_in_schema or needs_of(route).public:
            continue
        needs = needs_of(route)
        allowed = ([f"{needs.role} or above"] if needs.role else []) + (["an edge"] if needs.edges else [])
        words = " or ".join(allowed)
        for method in route.methods or ():
            operation = openapi["paths"][route.path_format][method.lower()]
            operation["security"] = [{"token": []}] if needs.role is None else [{"session": []}, {"token": []}]
            for status, meaning in (
                (401, "no credentials, or wrong ones"),
                (403, f"only for {words}; or asked for by a page of another site"),
                (429, "too many wrong credentials from this address; `Retry-After` says for how long"),
            ):
                answer = operation["responses"].setdefault(str(status), {"description": "", "content": answers.REFUSAL})
                known = answer["description"]
                answer["description"] = f"{known}; {meaning}" if known and known != meaning else meaning
