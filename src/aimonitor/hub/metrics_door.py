"""`GET /metrics`: for whoever has the token; without a token, for programs that ask from this very machine."""

import asyncio
import functools
import hmac
from collections.abc import Callable
from typing import Protocol

from fastapi import APIRouter, Request
from pydantic import SecretStr
from starlette.responses import Response

from aimonitor.hub.identity.guard import PUBLIC
from aimonitor.hub.identity.secret import token_of

_LOOPBACK = ("127.0.0.1", "::1")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of a proxy: who is asking then sits behind it, whatever the address says."""


class Page(Protocol):
    """What is shown."""

    def answer(self, accept: str) -> tuple[bytes, str]:
        """The page and its content type, in the format that `accept` prefers."""
        ...


class MetricsDoor:
    """The endpoint and who may read it. The page is made when it is asked for first."""

    def __init__(self, make_page: Callable[[], Page], token: SecretStr | None) -> None:
        self._page = functools.cache(make_page)
        self._token = token.get_secret_value() if token else ""

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/metrics",
            self.metrics,
            dependencies=[PUBLIC],  # it has a rule of its own
            response_class=Response,
            tags=["state"],
            summary="Metrics for Prometheus",
            responses={200: {"content": {"text/plain": {}}}, 401: {"description": "no token, or a wrong one"}},
        )
        return router

    async def metrics(self, request: Request) -> Response:
        """All of it; a few milliseconds for a hundred cameras."""
        if not self._may_read(request):
            return Response("expected metrics_token as Authorization: Bearer\n", 401, {"www-authenticate": "Bearer"})
        page = await asyncio.to_thread(self._page)  # the first time it loads Prometheus' library: 50 ms beside the loop
        body, kind = page.answer(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": kind, "cache-control": "no-store"})

    def _may_read(self, request: Request) -> bool:
        if self._token:
            return hmac.compare_digest(self._token.encode(), token_of(request.headers).encode("utf-8", "replace"))
        forwarded = any(name in request.headers for name in _FORWARDED)
        return not forwarded and request.client is not None and request.client.host in _LOOPBACK
