"""The dashboard: files that the web build put beside this module, or a page that says how to build them."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from aimonitor.hub.identity.guard import PUBLIC

STATIC = Path(__file__).parent / "static"

_UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>AI Monitor hub</title>
<h1>AI Monitor hub</h1>
<p>The hub is running. Its dashboard has not been built: run <code>make web</code> (needs Node) and
start the hub again.</p>
<ul><li><a href="/health">/health</a><li><a href="/api/status">/api/status</a>
<li><a href="/api/history">/api/history</a><li><a href="/openapi.json">/openapi.json</a></ul>
</html>
"""


class _Assets(StaticFiles):
    """Files whose names carry a hash of their content: may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


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
    if static.is_dir():
        app.mount("/", StaticFiles(directory=static), name="static")
