"""Setting edges up from a page: each route is one `setup.` command to the edge, and its answer (`contract/setup.py`).

The hub knows neither policies nor cameras: it checks the form of a question, says who asks, and passes on the answer.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from aimonitor.contract import messages, setup
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.refusals import Code
from aimonitor.hub import answers, refusals
from aimonitor.hub.errands import EdgeAwayError
from aimonitor.hub.identity.guard import ADMIN, Needs, caller_of
from aimonitor.hub.identity.roles import Role
from aimonitor.hub.reading import read_body
from aimonitor.hub.switchboard import Switchboard

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
EdgeId = Annotated[str, Path(pattern=NAME)]
CameraId = Annotated[str, Path(pattern=NAME)]
_ASKS_ONLY = Depends(Needs(Role.ADMIN, noted=False))
_QUICK_S, _SLOW_S = 15.0, 60.0

_STATUS = {
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "stale": HTTPStatus.CONFLICT,
    "missing": HTTPStatus.NOT_FOUND,
    "busy": HTTPStatus.TOO_MANY_REQUESTS,
    "off": HTTPStatus.FORBIDDEN,
    "unknown": HTTPStatus.NOT_IMPLEMENTED,
    "disk": HTTPStatus.INSUFFICIENT_STORAGE,
}


class Errand(msgspec.Struct, frozen=True):
    """One route: the command that it is, what it asks with, what the edge answers, and how long that may take."""

    method: str
    path: str
    command: str
    summary: str
    answer: type[msgspec.Struct]
    question: type[msgspec.Struct] | None = None
    within_s: float = _QUICK_S
    changes: bool = False


ERRANDS = (
    Errand("GET", "policy", "setup.policy", "The policy of a camera, and its versions", setup.PolicyNow),
    Errand(
        "POST", "policy/check", "setup.policy.check", "Is this policy right?", setup.Problems, setup.PolicyDraft
    ),
    Errand(
        "POST", "policy/rehearsal", "setup.policy.rehearse", "What would this policy have done in the last minutes?",
        setup.Rehearsal, setup.RehearsalWish, _SLOW_S,
    ),
    Errand("PUT", "policy", "setup.policy.put", "Follow this policy", setup.Kept, setup.PolicyPut, changes=True),
    Errand(
        "POST", "policy/rollback", "setup.policy.rollback", "Follow an earlier version again",
        setup.Kept, setup.Rollback, changes=True,
    ),
    Errand(
        "POST", "calibration/check", "setup.calibration", "Do these four corners make a ground plane?",
        setup.CalibrationView, setup.CalibrationWish,
    ),
    Errand(
        "POST", "what-if", "setup.what_if", "A recorded minute with other weights",
        setup.WhatIf, setup.WhatIfWish, _SLOW_S,
    ),
)  # fmt: skip
"""Of one camera, below `/api/cameras/{edge_id}/{camera_id}/`."""

EDGE_ERRANDS = (
    Errand("GET", "cameras", "setup.cameras", "The cameras that an edge was told of", setup.CameraList),
    Errand(
        "PUT", "cameras", "setup.cameras.put", "Have exactly these cameras",
        setup.Kept, setup.CamerasPut, _SLOW_S, changes=True,
    ),
    Errand(
        "POST", "cameras/try", "setup.cameras.try", "Open a camera once and say how it is",
        setup.Tried, setup.TryWish, _SLOW_S,
    ),
    Errand(
        "GET", "cameras/found", "setup.cameras.found", "Search the edge's network for cameras",
        setup.Found, within_s=_SLOW_S,
    ),
)  # fmt: skip
"""Of a whole edge, below `/api/edges/{edge_id}/`."""


class SetupDoor:
    """The routes, all of them for admins."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard

    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter(tags=["set-up"])
        for errand in ERRANDS:
            self._add(router, f"/api/cameras/{{edge_id}}/{{camera_id}}/{errand.path}", errand, self._of_camera(errand))
        for errand in EDGE_ERRANDS:
            self._add(router, f"/api/edges/{{edge_id}}/{errand.path}", errand, self._of_edge(errand))
        return router

    def _add(self, router: APIRouter, path: str, errand: Errand, take: Callable[..., Awaitable[Response]]) -> None:
        router.add_api_route(
            path,
            take,
            methods=[errand.method],
            summary=errand.summary,
            name=errand.command,
            operation_id=errand.command.replace(".", "_"),
            response_class=Response,
            dependencies=[ADMIN if errand.changes else _ASKS_ONLY],
            openapi_extra=_question_document(errand),
            responses=_answer_documents(errand),
        )

    def _of_camera(self, errand: Errand) -> Callable[..., Awaitable[Response]]:
        async def take(request: Request, edge_id: EdgeId, camera_id: CameraId) -> Response:
            return await self._run(errand, request, edge_id, camera_id)

        return take

    def _of_edge(self, errand: Errand) -> Callable[..., Awaitable[Response]]:
        async def take(request: Request, edge_id: EdgeId) -> Response:
            return await self._run(errand, request, edge_id)

        return take

    async def _run(self, errand: Errand, request: Request, edge_id: str, camera_id: str = "") -> Response:
        """camera_id: empty for the whole edge; the command then goes to any of its cameras"""
        try:
            body = await _question(errand, request)
        except ContractError as error:
            return refuse(413 if isinstance(error, TooLargeError) else 422, error.field, error.expected, error.got)
        edge = self._board.roster.get(edge_id)
        if edge is None:
            return refuse(404, "edge", "an edge that the hub knows", edge_id, "edge_unknown")
        if edge.protocol == "v1":
            got = f"the founding client {edge_id}"
            return refuse(409, "edge", "an edge that can be set up from here", got, "edge_founding")
        if not edge.links:
            return refuse(503, "edge", "an edge that is connected", f"{edge_id} is not connected", "edge_away")
        source, by = messages.source_of(edge_id, camera_id or next(iter(edge.cameras), "any")), caller_of(request).name
        request.state.about = source if camera_id else edge_id
        ask = self._board.errands.ask
        try:
            result = await ask(edge, source, errand.command, {"by": by[:120]}, errand.within_s, body=body)
        except EdgeAwayError as error:
            return refuse(504, "edge", "an edge that answers", str(error))
        return _passed_on(errand, request, result)


async def _question(errand: Errand, request: Request) -> str:
    if errand.question is None:
        return ""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ContractError("content-type", "application/json", kind[:100] or "nothing")
    return setup.write(setup.read(errand.question, await read_body(request, setup.BODY_LIMIT)))


def _passed_on(errand: Errand, request: Request, result: messages.CommandResult) -> Response:
    """The edge's answer, if it has the form that it should have."""
    try:
        if result.ok:
            setup.read(errand.answer, result.body)
        refused = None if result.ok else setup.read(setup.Refused, result.body or '{"why":"failed"}')
    except ContractError as error:
        return refuse(502, error.field, error.expected, error.got)
    if refused is None:
        if errand.changes:
            request.state.about += f": {result.words}"
        return Response(result.body, media_type="application/json", headers={"cache-control": "no-store"})
    unknown = result.words.startswith(setup.UNKNOWN_COMMAND)
    why = "unknown" if unknown else refused.why
    expected = "a newer edge: this one does not know the command" if unknown else _EXPECTED.get(why, "an edge that can")
    field = refused.problems[0].field if refused.problems else ""
    extra: dict[str, Any] = {}
    if why == "invalid":
        extra = {"problems": msgspec.to_builtins(refused.problems)}
    elif refused.version is not None:
        extra = {"version": refused.version}
    status = _STATUS.get(why, HTTPStatus.BAD_GATEWAY)
    return refuse(status, field or why, expected, result.words, _CODE.get(why, "edge_failed"), **extra)


_CODE: dict[str, Code] = {
    "invalid": "invalid",
    "stale": "stale",
    "missing": "missing",
    "busy": "busy",
    "off": "switched_off",
    "unknown": "edge_outdated",
    "disk": "disk_full",
}
_EXPECTED = {
    "invalid": "something that holds",
    "stale": "the newest version as the base",
    "missing": "something that is there",
    "busy": "a pause",
    "off": "an edge whose owner lets this be set up from here",
    "disk": "room to keep it",
}


def refuse(status: int, field: str, expected: str, got: str, code: Code | None = None, **extra: object) -> JSONResponse:
    """A refusal as all of the hub's, with `problems` or `version` beside it."""
    return JSONResponse(refusals.body(int(status), field, expected, got, code, **extra), int(status))


def _question_document(errand: Errand) -> dict[str, Any] | None:
    if errand.question is None:
        return None
    schema = {"$ref": f"#/components/schemas/setup.{errand.question.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answer_documents(errand: Errand) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": f"#/components/schemas/setup.{errand.answer.__name__}"}
    return {
        200: {"description": "the edge's answer", "content": {"application/json": {"schema": schema}}},
        403: answers.refused("not an admin, or switched off by the edge's owner"),
        404: answers.refused("no such edge or camera, or nothing recorded"),
        409: answers.refused("somebody else changed it meanwhile, `version` is the newest; or a founding client"),
        413: answers.refused("too large"),
        422: answers.refused("wrong; `problems` says what, each with its field"),
        429: answers.refused("the edge is busy with another one"),
        503: answers.refused("the edge is not connected"),
        504: answers.refused("the edge did not answer in time"),
    }
