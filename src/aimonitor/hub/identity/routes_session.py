"""`/api/session`, `/api/setup`, `/api/password`, `/api/ticket`: a person signs in, and out."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import JSONResponse, Response

from aimonitor.hub import answers as common
from aimonitor.hub.identity import answers, secret
from aimonitor.hub.identity.bodies import Body
from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.guard import PUBLIC, VIEWER_UNNOTED, Guard, caller_of, cookie_name
from aimonitor.hub.identity.peer import Peer, peer_of
from aimonitor.hub.identity.records import Person
from aimonitor.hub.identity.roles import Refused
from aimonitor.hub.identity.sessions import TICKET_S

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
_TOO_OFTEN = common.refused("too many wrong tries; `Retry-After` says how long to wait")


class SignIn(msgspec.Struct, frozen=True):
    """A person and the password."""

    name: Name
    password: Password


class SetUp(msgspec.Struct, frozen=True):
    """The code of the printed link, and who becomes the first admin with which password."""

    code: Annotated[str, Meta(min_length=1, max_length=256)]
    name: Name
    password: Password


class NewPassword(msgspec.Struct, frozen=True):
    """The password until now and from now on."""

    old: Password
    new: Password


_SIGN_IN = Body(SignIn, {"name": "Dana", "password": "correct horse battery"})
_SET_UP = Body(SetUp, {"code": "q0Yx…", "name": "Dana", "password": "correct horse battery"})
_NEW_PASSWORD = Body(NewPassword, {"old": "correct horse battery", "new": "staple battery horse"})


class SessionRoutes:
    """The endpoints of people's sessions."""

    def __init__(self, identity: Identity, guard: Guard) -> None:
        self._identity = identity
        self._guard = guard

    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter(tags=["identity"])
        add = router.add_api_route
        add("/api/session", self.session, dependencies=[PUBLIC], summary="Who am I?", response_model=answers.Access,
            responses={503: answers.BODY_REFUSALS[503]})  # fmt: skip
        add("/api/session", self.sign_in, methods=["POST"], dependencies=[PUBLIC], summary="Sign in",
            response_model=answers.SignedIn, openapi_extra=_SIGN_IN.openapi,
            responses={401: common.refused("the name or the password is wrong"), 403: common.refused("another site"),
                       429: _TOO_OFTEN, **answers.BODY_REFUSALS})  # fmt: skip
        add("/api/session", self.sign_out, methods=["DELETE"], dependencies=[PUBLIC], summary="Sign out",
            status_code=204, response_class=Response,
            responses={403: common.refused("another site"), 503: answers.BODY_REFUSALS[503]})  # fmt: skip
        add("/api/setup", self.set_up, methods=["POST"], dependencies=[PUBLIC], summary="Become the first admin",
            response_model=answers.SignedIn, openapi_extra=_SET_UP.openapi,
            responses={403: common.refused("a wrong or used code, or another site"), 409: common.refused("taken"),
                       429: _TOO_OFTEN, **answers.BODY_REFUSALS})  # fmt: skip
        add("/api/password", self.change_password, methods=["POST"], dependencies=[VIEWER_UNNOTED],
            summary="Change my password", status_code=204, response_class=Response,
            openapi_extra=_NEW_PASSWORD.openapi,
            responses={**answers.BODY_REFUSALS, 409: common.refused("set by the environment")})  # fmt: skip
        add("/api/ticket", self.ticket, methods=["POST"], dependencies=[VIEWER_UNNOTED],
            summary="A ticket for one WebSocket", response_model=answers.TicketGiven,
            responses={503: answers.BODY_REFUSALS[503]})  # fmt: skip
        return router

    async def session(self, request: Request) -> Response:
        """Always answers; a hub that nobody can sign in to prints its set-up link when it is first asked."""
        peer, identity = peer_of(request.scope), self._identity
        try:
            caller = await self._guard.who(request, peer)
        except Refused as refusal:
            if refusal.status == 503:
                raise
            if not identity.people.any:
                await identity.setup.invite()
            return _json({"access": "login" if identity.people.any else "setup", "user": None})
        if caller.kind == "local":
            return _json({"access": "open", "user": None})
        user = {"name": caller.name, "role": caller.role} if caller.role else None
        return _json({"access": "login", "user": user})

    async def sign_in(self, request: Request) -> Response:
        """Takes as long and answers the same whether the name or the password is wrong."""
        peer, identity = self._peer(request), self._identity
        body = await _SIGN_IN.read(request)
        try:
            person, text = await identity.sign_in(body.name, body.password, peer)
        except Refused as refusal:
            outcome = f"refused {refusal.status}"
            identity.trail.note(body.name, "sign_in", "", outcome, address=peer.address, stranger=True)
            raise
        identity.trail.note(person.name, "sign_in", "", "done", address=peer.address)
        await self._end_present(request, peer)
        return self._welcome(person, text, peer)

    async def sign_out(self, request: Request) -> Response:
        """Its WebSockets are closed within 5 s."""
        peer = self._peer(request)
        await self._end_present(request, peer)
        answer = Response(None, 204)
        answer.delete_cookie(cookie_name(peer), path="/", secure=peer.secure, httponly=True, samesite="strict")
        return answer

    async def set_up(self, request: Request) -> Response:
        """With the code of the link that the hub printed; works once."""
        peer, identity = self._peer(request), self._identity
        body = await _SET_UP.read(request)
        person = await identity.set_up(body.code, body.name, body.password, peer)
        identity.trail.note(person.name, "set_up", "", "done", address=peer.address)
        return self._welcome(person, await identity.start_session(person, peer), peer)

    async def change_password(self, request: Request) -> Response:
        """Signs out everywhere else."""
        peer, identity, caller = peer_of(request.scope), self._identity, caller_of(request)
        if caller.kind != "person":
            raise Refused(403, "session", "a person who is signed in", f"a {caller.kind}", code="not_a_person")
        body = await _NEW_PASSWORD.read(request)
        person, text = await identity.change_password(caller.name, body.old, body.new, peer)
        identity.trail.note(person.name, "change_password", "", "done", address=peer.address)
        answer = Response(None, 204)
        self._set_cookie(answer, text, peer)
        return answer

    async def ticket(self, request: Request) -> Response:
        """For the caller of this request, within 30 seconds, once."""
        text = await self._identity.sessions.ticket(caller_of(request))
        return _json({"ticket": text, "expires_s": TICKET_S})

    def _welcome(self, person: Person, text: str, peer: Peer) -> Response:
        answer = _json({"user": {"name": person.name, "role": person.role}})
        self._set_cookie(answer, text, peer)
        return answer

    def _set_cookie(self, answer: Response, text: str, peer: Peer) -> None:
        longest_s = int(self._identity.sessions.lifetime.absolute_s)
        answer.set_cookie(
            cookie_name(peer), text, max_age=longest_s, path="/", secure=peer.secure, httponly=True, samesite="strict"
        )

    def _peer(self, request: Request) -> Peer:
        """Who asks, if no page of another site makes them."""
        peer = peer_of(request.scope)
        self._guard.check_origin(peer, strict=False)
        return peer

    async def _end_present(self, request: Request, peer: Peer) -> None:
        """End the session that the browser had until now."""
        text = request.cookies.get(cookie_name(peer), "")
        if text:
            await self._identity.sessions.end(secret.digest(text))


def _json(content: dict[str, object]) -> Response:
    return JSONResponse(content, headers={"cache-control": "no-store"})
