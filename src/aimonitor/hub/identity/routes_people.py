"""`/api/users` and `/api/audit`: an admin says who may come in, and sees who did what."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from msgspec import Meta
from starlette.responses import JSONResponse, Response

from aimonitor.hub.identity import answers
from aimonitor.hub.identity.bodies import Body
from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.guard import ADMIN
from aimonitor.hub.identity.records import Person
from aimonitor.hub.identity.roles import Role
from aimonitor.hub.identity.routes_session import Name, Password
from aimonitor.hub.identity.trail import KEPT

PersonName = Annotated[str, Path(min_length=1, max_length=128)]
AuditLimit = Annotated[int, Query(ge=1, le=KEPT, description="lines at most")]


class NewUser(msgspec.Struct, frozen=True):
    """A person, and the password to begin with."""

    name: Name
    role: Role
    password: Password


class UserChange(msgspec.Struct, frozen=True):
    """What is to be another one."""

    role: Role | None = None
    password: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None


_NEW_USER = Body(NewUser, {"name": "Dana", "role": "operator", "password": "correct horse battery"})
_CHANGE = Body(UserChange, {"role": "viewer"})


class PeopleRoutes:
    """The endpoints about people."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def router(self) -> APIRouter:
        """The endpoints, all of them for admins."""
        router = APIRouter(tags=["identity"], dependencies=[ADMIN])
        add = router.add_api_route
        add("/api/users", self.users, summary="Everybody who may sign in", response_model=answers.Users)
        add("/api/users", self.add_user, methods=["POST"], status_code=201, summary="Let somebody in",
            response_model=answers.KnownUser, openapi_extra=_NEW_USER.openapi,
            responses={**answers.BODY_REFUSALS, 409: answers.STATE_REFUSALS[409]})  # fmt: skip
        add("/api/users/{name}", self.change_user, methods=["PATCH"], summary="Another role or password",
            response_model=answers.KnownUser, openapi_extra=_CHANGE.openapi,
            responses={**answers.BODY_REFUSALS, **answers.STATE_REFUSALS})  # fmt: skip
        add("/api/users/{name}", self.remove_user, methods=["DELETE"], status_code=204, response_class=Response,
            summary="Let somebody in no more", responses=answers.STATE_REFUSALS)  # fmt: skip
        add("/api/audit", self.audit, summary="Who did what, newest first", response_model=answers.AuditTrail,
            responses={422: answers.STATE_REFUSALS[422], 503: answers.STATE_REFUSALS[503]})  # fmt: skip
        return router

    async def users(self) -> Response:
        """Without anything of their passwords."""
        return JSONResponse({"users": [self._known(person) for person in self._identity.people.all()]})

    async def add_user(self, request: Request) -> Response:
        """The first person must be an admin; from then on everybody signs in, on this machine as well."""
        body = await _NEW_USER.read(request)
        person = await self._identity.people.add(body.name, body.role, body.password)
        request.state.about = f"{person.name}, {person.role}"
        return JSONResponse(self._known(person), 201)

    async def change_user(self, request: Request, name: PersonName) -> Response:
        """A new password signs the person out everywhere; a new role holds at once."""
        body = await _CHANGE.read(request)
        person = await self._identity.people.change(name, role=body.role, password=body.password)
        changed = [f"role {person.role}"] if body.role else []
        request.state.about = ", ".join([person.name, *changed, *(["password"] if body.password else [])])
        return JSONResponse(self._known(person))

    async def remove_user(self, request: Request, name: PersonName) -> Response:
        """Whatever they have open is closed within 5 s."""
        person = await self._identity.people.remove(name)
        request.state.about = person.name
        return Response(None, 204)

    async def audit(self, limit: AuditLimit = 200) -> Response:
        """The newest 10,000 lines are kept."""
        notes = await self._identity.trail.newest(limit)
        return JSONResponse({"entries": [msgspec.structs.asdict(note) for note in notes]})

    def _known(self, person: Person) -> dict[str, object]:
        return {
            "name": person.name,
            "role": person.role,
            "created_at": round(person.created_at, 3),
            "last_seen_at": person.last_seen_at,
            "environment": self._identity.people.is_environment(person),
        }
