"""The dashboard: files that the web build put beside this module, or a page that says how to build them."""

import os
from collections.abc import Iterable
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from aimonitor.hub import refusals
from aimonitor.hub.identity.guard import PUBLIC

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

_UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>AI Monitor hub</title>
<h1>AI Monitor hub</h1>
<p>The hub is running. Its dashboard has not been built: run <code>make web</code> (needs Node) and
start the hub again.</p>
<ul><li><a href="/health">/health</a><li><a href="/api/status">/api/status</a>
<li><a href="/api/history">/api/history</a><li><a href="/openapi.json">/openapi.json</a></ul>
</html>
"""


class _Files(StaticFiles):
    """Files by our own names of their types: Python takes Windows' from the registry, where anything may stand."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        kind = _TYPES.get(Path(full_path).suffix)
        if kind is not None:
            response.headers["content-type"] = kind
        return response


class _Assets(_Files):
    """Files whose names carry a hash of their content: may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


class _Rest:
    """What no route takes: the right path with a wrong method, a file of the dashboard, or nothing.

    Starlette asks the mount before it says 405, and names in `Allow` what one route takes of several on the same path.
    """

    def __init__(self, app: FastAPI, files: StaticFiles | None) -> None:
        self._app = app
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        allowed = methods_of(self._app.routes, scope)
        if allowed:
            error = refusals.body(405, "method", " or ".join(allowed), scope["method"][:20])
            await JSONResponse(error, 405, {"allow": ", ".join(allowed)})(scope, receive, send)
        elif self._files is not None and not scope["path"].startswith("/api/"):
            await self._files(scope, receive, send)
        else:
            raise HTTPException(404)  # answered by `nowhere`, as what `self._files` raises


def methods_of(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """The methods with which the path is taken by a route, in any of the routers; none when there is no such path."""
    own = [route for route in routes if not isinstance(route, Mount)]
    return [
        method for method in _METHODS if any(each.matches({**scope, "method": method})[0] is Match.FULL for each in own)
    ]


def add_pages(app: FastAPI, static: Path = STATIC) -> None:
    """`/` and everything that the dashboard is made of; what was built after the start is seen after the next one."""
    index = static / "index.html"

    async def dashboard() -> Response:
        headers = {"cache-control": "no-cache"}
        if not index.is_file():
            return HTMLResponse(_UNBUILT, headers=headers)
        return FileResponse(index, media_type="text/html", headers=headers)

    app.add_api_route(
        "/",
        dashboard,
        dependencies=[PUBLIC],
        response_class=HTMLResponse,
        tags=["dashboard"],
        summary="The dashboard",
    )
    if (static / "assets").is_dir():
        app.mount("/assets", _Assets(directory=static / "assets"), name="assets")
    app.mount("/", _Rest(app, _Files(directory=static) if static.is_dir() else None), name="static")
