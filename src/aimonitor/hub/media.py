"""`/api/media/…`: snapshots and clips of incidents, to people with ranges, from edges in chunks that can go on.

An edge sends a file with `PUT` and `Content-Range` (RFC 9110, 14.5), and learns with `HEAD` or from any answer where to
go on: `Upload-Offset`, as in the resumable uploads of tus and of draft-ietf-httpbis-resumable-upload.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response

from aimonitor.contract.errors import TooLargeError
from aimonitor.hub import answers
from aimonitor.hub.identity.guard import EDGE, EDGE_OR_VIEWER, VIEWER, caller_of
from aimonitor.hub.media_desk import MediaDesk, MediaError
from aimonitor.hub.media_store import MEDIA_TYPES, Held, MediaFile, MediaName, NoRoomError, OffsetError, Span, read_span
from aimonitor.hub.reading import read_body
from aimonitor.hub.rest import NAME, no
from aimonitor.hub.switchboard import Switchboard

CHUNK_LIMIT = 1024 * 1024
"""Bytes of one request; larger files come in several."""
UPLOADS = 32
"""Requests that may be sending at once: their chunks are in memory."""

_PATH = "/api/media/{edge_id}/{camera_id}/{incident_id}/{file}"
_RETRY_S = "5"

EdgeId = Annotated[str, Path(pattern=NAME)]
CameraId = Annotated[str, Path(pattern=NAME)]
IncidentId = Annotated[str, Path(pattern=NAME)]


class MediaDoor:
    """Gives and takes files."""

    def __init__(self, desk: MediaDesk, switchboard: Switchboard, *, file_limit: int) -> None:
        """file_limit: bytes of one file"""
        self._desk = desk
        self._switchboard = switchboard
        self._file_limit = file_limit
        self._uploads = 0

    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter(tags=["incidents"])
        router.add_api_route(
            _PATH,
            self.give,
            dependencies=[VIEWER],
            response_class=Response,
            summary="A picture or clip of an incident, fetched from its edge when it is not here",
            responses=_GIVEN,
        )
        router.add_api_route(_PATH, self.tell, methods=["HEAD"], dependencies=[EDGE_OR_VIEWER], include_in_schema=False)
        router.add_api_route(
            _PATH,
            self.take,
            methods=["PUT"],
            dependencies=[EDGE],
            status_code=201,
            response_class=Response,
            summary="A chunk of a file, from the edge",
            responses=_TAKEN,
        )
        return router

    async def give(self, edge_id: EdgeId, camera_id: CameraId, incident_id: IncidentId, file: MediaFile) -> Response:
        """With ranges. While the file is on its way the answer waits, 20 s at most, and then says how far it is."""
        name = MediaName(edge_id, camera_id, incident_id, file)
        try:
            held = await self._desk.get(name)
        except MediaError as error:
            answer = no(error.status, "file", error.expected, error.got, "busy" if error.status == 503 else None)
            if error.status in (503, 504):
                answer.headers["retry-after"] = _RETRY_S
            return answer
        except OSError as error:
            return _unreadable(error)
        self._switchboard.counters.media_served += 1
        return _file(name, held)

    async def tell(
        self, request: Request, edge_id: EdgeId, camera_id: CameraId, incident_id: IncidentId, file: MediaFile
    ) -> Response:
        """Whether a file is here, and how much of it; never asks the edge. Edges learn it of their own files."""
        refused = self._refuse(request, edge_id) if caller_of(request).kind == "edge" else None
        if refused is not None:
            return refused
        name = MediaName(edge_id, camera_id, incident_id, file)
        try:
            held = await self._desk.held(name)
        except OSError as error:
            return _unreadable(error)
        return _file(name, held) if held.path is not None else Response(None, 404, _progress(held))

    async def take(
        self, request: Request, edge_id: EdgeId, camera_id: CameraId, incident_id: IncidentId, file: MediaFile
    ) -> Response:
        """Answers 201 when the file is whole, 202 when more is to come, 409 when the chunk must begin elsewhere."""
        refused = self._refuse(request, edge_id)
        if refused is not None:
            return refused
        if self._uploads >= UPLOADS:
            answer = no(503, "file", f"at most {UPLOADS} chunks at once", "one more")
            answer.headers["retry-after"] = _RETRY_S
            return answer
        self._uploads += 1
        try:
            return await self._take(request, MediaName(edge_id, camera_id, incident_id, file))
        finally:
            self._uploads -= 1

    def _refuse(self, request: Request, edge_id: str) -> Response | None:
        """Why the token of a request does not allow to speak for `edge_id`, None when it does."""
        caller = caller_of(request)
        if caller.edge(edge_id) != edge_id:
            return no(403, "edge", f"the edge of this token, {caller.edge_id}", edge_id)
        return None

    async def _take(self, request: Request, name: MediaName) -> Response:
        try:
            data = await read_body(request, CHUNK_LIMIT)
        except TooLargeError as error:
            return no(413, "body", error.expected, error.got)
        except ClientDisconnect:
            return no(400, "body", "a whole chunk", "the end of the connection")
        self._count(name, data)
        said = request.headers.get("content-range", "")[:100]
        span = read_span(said, len(data))
        if span is None:
            return no(422, "content-range", f"bytes FIRST-LAST/LENGTH of a body of {len(data):,}", said)
        if span.length > self._file_limit:
            return no(413, "content-range", f"a file of at most {self._file_limit:,} bytes", f"{span.length:,}")
        return await self._keep(name, span, data)

    def _count(self, name: MediaName, data: bytes) -> None:
        """A chunk is uplink too. Cameras that the edge never named share its own line of the receipt."""
        board = self._switchboard
        edge = board.roster.get(name.edge_id)
        camera = edge.cameras.get(name.camera_id) if edge else None
        board.counters.traffic.came(f"media {camera.source if camera else name.edge_id}", data, board.clock.monotonic())

    async def _keep(self, name: MediaName, span: Span, data: bytes) -> Response:
        try:
            held = await self._desk.take(name, span, data)
        except OffsetError as error:
            answer = no(409, "content-range", f"bytes from {error.offset}", f"bytes from {span.start}")
            answer.headers["upload-offset"] = str(error.offset)
            return answer
        except NoRoomError as error:
            return no(507, "file", "room on the hub's disk", error.strerror or "none")
        except OSError as error:
            return _unreadable(error)
        return Response(None, 201 if held.path is not None else 202, _progress(held))


def _file(name: MediaName, held: Held) -> FileResponse:
    assert held.path is not None
    plays_nowhere = name.file is MediaFile.CLIP  # browsers keep it as a file, so it gets a name that says what it is
    return FileResponse(
        held.path,
        headers={"cache-control": "private, max-age=3600"},
        media_type=MEDIA_TYPES[name.file],
        filename=f"{name.camera_id}-{name.incident_id}.avi" if plays_nowhere else None,
    )


def _progress(held: Held) -> dict[str, str]:
    return {"upload-offset": str(held.offset), "upload-length": str(held.length), "cache-control": "no-store"}


def _unreadable(error: OSError) -> Response:
    return no(503, "file", "a disk that can be read and written", error.strerror or type(error).__name__, "store_away")


_GIVEN: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in sorted(set(MEDIA_TYPES.values()))}, "description": "the file"},
    206: {"description": "the range that was asked for"},
    404: answers.refused("there is none, in the edge's words"),
    416: {"description": "the range is outside the file"},
    422: answers.refused("a name is wrong"),
    503: answers.refused("too many files are on their way, or the disk cannot be read"),
    504: answers.refused("the edge is away or slow; ask again"),
    507: answers.refused("the hub's disk is full"),
}
_TAKEN: dict[int | str, dict[str, Any]] = {
    201: {"description": "the file is whole"},
    202: {"description": "more is to come, from `Upload-Offset`"},
    401: answers.refused("no token or a wrong one"),
    403: answers.refused("the token is of another edge"),
    409: answers.refused("the chunk does not begin at `Upload-Offset`"),
    413: answers.refused("the chunk or the file is too large"),
    422: answers.refused("a name or the range is wrong"),
    429: answers.refused("too many wrong tokens"),
    503: answers.refused("too many chunks at once"),
    507: answers.refused("the hub's disk is full"),
}
