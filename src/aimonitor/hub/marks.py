"""`POST /api/incidents/…/mark`: a person says what an incident was, and everybody who watches learns it."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Request
from msgspec import Meta
from starlette.responses import JSONResponse, Response

from aimonitor.contract import messages, strict
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.hub import answers, refusals
from aimonitor.hub.identity.guard import OPERATOR, caller_of
from aimonitor.hub.reading import read_body
from aimonitor.hub.rest import NAME, no
from aimonitor.hub.stores.base import Incident, Mark, StoreError, StoreFullError
from aimonitor.hub.switchboard import Switchboard

_BODY_LIMIT = 4096
_EXAMPLE = {"mark": "not_a_threat", "by": "Dana"}

EdgeId = Annotated[str, Path(pattern=NAME)]
CameraId = Annotated[str, Path(pattern=NAME)]
IncidentId = Annotated[str, Path(pattern=NAME)]


class Verdict(msgspec.Struct, frozen=True):
    """The body: what the incident was, and who says so, unless a person is signed in: then it is that person."""

    mark: Literal["acknowledged", "not_a_threat", "threat"]
    by: Annotated[str, Meta(max_length=120)] = ""


_DECODER = msgspec.json.Decoder(Verdict)
_SCHEMA = msgspec.json.schema(Verdict)["$defs"]["Verdict"]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}}}


class MarkDoor:
    """Takes marks. An incident that the hub does not hold is marked as well: its edge may be about to refill it."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/api/incidents/{edge_id}/{camera_id}/{incident_id}/mark",
            self.take,
            methods=["POST"],
            dependencies=[OPERATOR],
            name="mark",
            tags=["incidents"],
            summary="Acknowledge an incident, or say whether it was a threat",
            response_model=answers.Marked,
            openapi_extra=_BODY,
            responses={
                413: answers.refused("too large"),
                415: answers.refused("not JSON"),
                422: answers.refused("a name or the body is wrong"),
                503: answers.refused("the store cannot keep it now"),
                507: answers.refused("the store is full"),
            },
        )
        return router

    async def take(self, request: Request, edge_id: EdgeId, camera_id: CameraId, incident_id: IncidentId) -> Response:
        """The last mark of an incident is the one that counts."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return no(415, "content-type", "application/json", kind[:100] or "nothing")
        try:
            verdict = strict.decode(_DECODER, await read_body(request, _BODY_LIMIT), limit=_BODY_LIMIT)
        except ContractError as error:
            return JSONResponse(refusals.of_contract(error), 413 if isinstance(error, TooLargeError) else 422)
        board = self._switchboard
        incident = Incident(messages.source_of(edge_id, camera_id), incident_id)
        caller = caller_of(request)
        by = caller.name if caller.kind == "person" else verdict.by
        mark = Mark(incident, verdict.mark, by, board.clock.utc())
        try:
            await board.history.mark(mark)
        except StoreError as error:
            expected = "a store that can keep it"
            if isinstance(error, StoreFullError):
                return no(507, "mark", expected, str(error))
            return no(503, "mark", expected, str(error), "store_away")
        return Response(msgspec.json.encode(board.marked(mark)), media_type="application/json")
