"""`GET /api/layout/…`: a camera's zones and lines, for pages that have no WebSocket and programs that draw them."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from aimonitor.hub import answers
from aimonitor.hub.identity.guard import VIEWER
from aimonitor.hub.rest import NAME, no
from aimonitor.hub.roster import Roster


class LayoutDoor:
    """Answers with what the edge said last; `CameraStatus.layout` tells when that is another one."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/api/layout/{edge_id}/{camera_id}",
            self.layout,
            dependencies=[VIEWER],
            tags=["pictures"],
            summary="The zones and lines of a camera: the contract's Layout",
            response_class=Response,
            responses={
                200: {"content": {"application/json": {}}, "description": "the newest Layout, as the edge said it"},
                404: answers.refused("no such camera, or its edge has not said"),
                422: answers.refused("a name is wrong"),
            },
        )
        return router

    async def layout(
        self, edge_id: Annotated[str, Path(pattern=NAME)], camera_id: Annotated[str, Path(pattern=NAME)]
    ) -> Response:
        """As every viewer is told of it by WebSocket."""
        camera = self._roster.camera(f"{edge_id}/{camera_id}")
        if camera is None or not camera.layout_text:
            return no(404, "source", "a camera whose edge has said its zones", f"{edge_id}/{camera_id}")
        return Response(camera.layout_text, media_type="application/json", headers={"cache-control": "no-store"})
