"""The bot's own small web server: Telegram's calls, and `/metrics` and `/health` for this machine or its network."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def open_doorway(
    host: str, port: int, *, called: tuple[str, Handler] | None, metrics: Callable[[], Awaitable[bytes]], limit: int
) -> AsyncIterator[None]:
    """Serve while the context lasts. Raises OSError when the port is taken.

    called: path and handler of Telegram's calls, where it calls; limit: bytes that a request may have
    """

    async def show_metrics(_: web.Request) -> web.Response:
        text = await metrics()
        return web.Response(body=text, headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=limit)
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/health", alive)
    if called is not None:
        app.router.add_post(*called)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await asyncio.shield(runner.cleanup())
