"""The REST endpoints: what can be asked, and the founding `POST /api/data`."""

import functools
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from aimonitor.contract import founding, schema
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.refusals import Code
from aimonitor.hub import answers, refusals, stores
from aimonitor.hub.founding_session import DEFAULT_EDGE
from aimonitor.hub.health import Doctor
from aimonitor.hub.history import Page
from aimonitor.hub.identity.guard import EDGE, PUBLIC, VIEWER, caller_of
from aimonitor.hub.reading import read_body
from aimonitor.hub.roster import RosterFullError
from aimonitor.hub.stores.base import Mark, StoreError
from aimonitor.hub.switchboard import Switchboard

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_SOURCE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_SAMPLE = {
    "frame_id": 1234,
    "timestamp": 1709049201.123,
    "video_frame": "<base64 JPEG>",
    "risk_score": 0.74,
    "risk_level": "ALERT",
    "scene": {"vehicles": 4, "persons": 2, "avg_speed": 3.2, "convoy_detected": True, "thermal_active": False},
    "fps": 9.8,
}
_DATA_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/FoundingMessage"}, "example": _SAMPLE}
        },
    }
}


def no(status: int, field: str, expected: str, got: str, code: Code | None = None) -> JSONResponse:
    """A refusal that names field, expected and got."""
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(refusals.body(status, field, expected, got, code), status, headers)


Limit = Annotated[int, Query(ge=1, le=1000, description="events at most")]
Before = Annotated[int | None, Query(ge=1, le=2**53, description="only events with a lower id")]
EdgeName = Annotated[str | None, Query(pattern=NAME, description="only of this edge")]
CameraName = Annotated[str | None, Query(pattern=NAME, description="only of cameras with this id")]
SourceName = Annotated[str | None, Query(pattern=_SOURCE, description="only of `edge/camera`")]
SamplesBefore = Annotated[int | None, Query(ge=0, le=10**11, description="only samples of before this time (UTC s)")]
Samples = Annotated[int, Query(ge=0, le=3600, description="samples at most")]


class Questions:
    """Everything that is only read."""

    def __init__(self, switchboard: Switchboard, doctor: Doctor) -> None:
        self._switchboard = switchboard
        self._doctor = doctor

    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter()
        router.add_api_route("/health", self.health, dependencies=[PUBLIC], tags=["state"], summary="Is the hub alive?")
        router.add_api_route(
            "/api/status",
            self.status,
            dependencies=[VIEWER],
            tags=["state"],
            summary="Edges, cameras, viewers, counters",
        )
        router.add_api_route(
            "/api/schema",
            self.schema,
            dependencies=[PUBLIC],
            tags=["contract"],
            summary="The contract as JSON Schema (draft 2020-12)",
        )
        router.add_api_route(
            "/api/history",
            self.history,
            dependencies=[VIEWER],
            tags=["history"],
            summary="Events, newest first, and samples of the figures",
            response_model=answers.HistoryPage,
            responses={422: answers.refused("a parameter is wrong"), 503: answers.refused("the store is not readable")},
        )
        router.add_api_route(
            "/api/snapshot/{edge_id}/{camera_id}.jpg",
            self.snapshot,
            dependencies=[VIEWER],
            tags=["pictures"],
            summary="The newest picture of a camera, as the camera sent it",
            response_class=Response,
            responses={
                200: {"content": {"image/jpeg": {}}, "description": "the picture; `X-Captured-At` is its time"},
                404: answers.refused("no such camera, or no picture of it yet"),
                422: answers.refused("a name is wrong"),
            },
        )
        return router

    async def health(self) -> answers.Health:
        """Reads memory only; answers while the store is in trouble."""
        return self._doctor.health()

    async def status(self) -> answers.HubStatus:
        """The whole picture of this moment."""
        return await self._doctor.status()

    async def schema(self) -> Response:
        """Every message of v1 and v2."""
        return Response(_schema_text(), media_type="application/json")

    async def history(
        self,
        *,
        limit: Limit = 100,
        before: Before = None,
        edge: EdgeName = None,
        camera: CameraName = None,
        source: SourceName = None,
        samples: Samples = 60,
        samples_before: SamplesBefore = None,
    ) -> Response:
        """Ids of events count up from 1 without gaps; `next_before` asks for the page after this one.

        `next_samples_before` asks for the samples after these (with `limit=1`, where the events are known already).
        """
        if source is not None:
            edge, _, camera = source.partition("/")
        try:
            page = await self._switchboard.history.page(
                stores.base.Query(limit, before, edge, camera), samples, samples_before
            )
        except StoreError as error:
            return no(503, "history", "a readable store", str(error), "store_away")
        return Response(_encode_page(page), media_type="application/json")

    async def snapshot(
        self, edge_id: Annotated[str, Path(pattern=NAME)], camera_id: Annotated[str, Path(pattern=NAME)]
    ) -> Response:
        """The JPEG bytes of the newest picture, not decoded and not encoded again."""
        self._switchboard.want_still(f"{edge_id}/{camera_id}")
        camera = self._switchboard.roster.camera(f"{edge_id}/{camera_id}")
        picture = camera.jpeg() if camera else b""
        if camera is None or not picture or camera.header is None:
            return no(404, "source", "a camera that has sent a picture", f"{edge_id}/{camera_id}", "no_picture")
        headers = {"cache-control": "no-store", "x-captured-at": f"{camera.header.captured_at:.3f}"}
        return Response(picture, media_type="image/jpeg", headers=headers)


@functools.cache
def _schema_text() -> bytes:
    """Made once: it takes as long as a hundred other answers."""
    return msgspec.json.encode(schema.document())


def _encode_page(page: Page) -> bytes:
    """The page as JSON; the bodies of events are put in as they were stored."""
    events = [
        msgspec.Raw(
            b'{"id":%d,"received_at":%.3f,' % (event.id, event.received_at)
            + _mark_fields(page.marks.get(event.id))
            + event.body.lstrip()[1:].encode("utf-8")
        )
        for event in page.events
    ]
    return msgspec.json.encode(
        {
            "events": events,
            "samples": page.samples,
            "next_before": page.next_before,
            "next_samples_before": page.next_samples,
        }
    )


def _mark_fields(mark: Mark | None) -> bytes:
    """What a person said of the event's incident, as the fields `mark`, `marked_by` and `marked_at`."""
    if mark is None:
        return b""
    fields = {"mark": mark.mark, "marked_by": mark.by, "marked_at": mark.at}
    return msgspec.json.encode(fields)[1:-1] + b","


class DataDoor:
    """`POST /api/data`: the founding message by HTTP."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/api/data",
            self.take,
            methods=["POST"],
            dependencies=[EDGE],
            tags=["founding"],
            summary="One frame in the founding format",
            response_model=answers.Accepted,
            openapi_extra=_DATA_BODY,
            responses={
                413: answers.refused("too large"),
                415: answers.refused("not JSON"),
                422: answers.refused("not the founding format"),
                503: answers.refused("too many edges"),
            },
        )
        return router

    async def take(self, request: Request) -> Response:
        """Take one founding message."""
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            return no(415, "content-type", "application/json", kind[:100])
        try:
            body = await read_body(request)
            message = founding.parse(body)
        except ContractError as error:
            self._switchboard.counters.contract_errors += 1
            status = 413 if isinstance(error, TooLargeError) else 422
            return JSONResponse(refusals.of_contract(error), status)
        board = self._switchboard
        try:
            edge = board.roster.edge(caller_of(request).edge(DEFAULT_EDGE), board.clock.utc())
        except RosterFullError as error:
            return no(503, "edge", "room for one more edge", str(error), "busy")
        await board.prepare_founding(edge)
        if not edge.online:
            edge.protocol = "v1"
        camera = board.founding(edge, message, body.decode("utf-8"))
        if not edge.online:
            board.edge_arrived(edge, None)
        return JSONResponse({"accepted": True, "source": camera.source, "frame_id": message.frame_id})
