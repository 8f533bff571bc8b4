"""The hub as a process: one socket, one server, signals, and errors that a person can mend in one line."""

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from aimonitor.contract.founding import MESSAGE_LIMIT
from aimonitor.hub.app import Beside, create_app
from aimonitor.hub.settings import HubSettings
from aimonitor.hub.sink_protocol import SinkProtocol
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.stores.base import StoreError

log = logging.getLogger(__name__)

GRACE_S = 3
"""How long a stopping hub waits for connections to end by themselves."""


class StartError(RuntimeError):
    """The hub cannot start; the text says why and what to do."""


def run(settings: HubSettings, announce: Callable[[str], None] | None = None, *, beside: Sequence[Beside] = ()) -> None:
    """Serve until SIGINT or SIGTERM, with `beside` on the same loop; closes with 1012. Raises StartError."""
    try:
        asyncio.run(_try_store(settings))
    except (StoreError, ValueError) as error:
        raise StartError(str(error)) from None
    listener = bind(settings)
    app = create_app(settings, beside=beside)
    say = announce or log.info
    say(f"AI Monitor hub: http://{_shown(settings.host)}:{listener.getsockname()[1]}")
    if settings.host not in ("127.0.0.1", "::1", "localhost") and not settings.tokens:
        log.warning("no tokens are set: whoever reaches this address can send pictures (AIMONITOR_TOKENS)")
    server = make_server(settings, app)
    signal.signal(signal.SIGTERM, _exit_quietly)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        log.info("stopped")
    except SystemExit as error:
        if error.code:
            raise StartError("the hub could not start; the log above says why") from None
    finally:
        listener.close()


async def _try_store(settings: HubSettings) -> None:
    """Open the store once before anything else, so that a wrong path is a sentence and not a failed server."""
    store = make_store(settings.store_address, Keep())
    try:
        await store.open()
    finally:
        await store.close()


def make_server(settings: HubSettings, app: FastAPI) -> uvicorn.Server:
    """The server for `app`, as the hub needs it: no compression of pictures, our own limits, a short goodbye."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=SinkProtocol,
        ws_max_size=MESSAGE_LIMIT,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_S,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
    )
    return uvicorn.Server(config)


def bind(settings: HubSettings) -> socket.socket:
    """A listening socket; raises StartError that says what to do."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only where it says TCP: else 40 ms a message.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StartError(_why_not(settings, error)) from None
    return listener


def _why_not(settings: HubSettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", -1)):
        return f"port {settings.port} is in use: stop the program that has it, or choose another with --port or PORT"
    if error.errno == errno.EACCES:
        return f"not allowed to listen on {where}: choose a port above 1023 with --port or PORT"
    return f"cannot listen on {where}: {error.strerror or error}; check --host"


def _shown(host: str) -> str:
    """The host as a person can open it in a browser."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _exit_quietly(_signal: int, _frame: FrameType | None) -> None:
    """After uvicorn has closed everything it raises the signal again: end with exit code 0."""
    raise SystemExit(0)
