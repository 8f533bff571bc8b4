"""The hub as a process: one socket, one server, signals, and errors that a person can mend in one line."""

import asyncio
import errno
import functools
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from aimonitor.common.beat import beat_or
from aimonitor.common.reload import SettingsFile
from aimonitor.common.stop_signals import STOP_SIGNALS
from aimonitor.contract.founding import MESSAGE_LIMIT
from aimonitor.hub.app import Beside, create_app
from aimonitor.hub.http_protocol import HttpProtocol
from aimonitor.hub.identity.vaults import make_vault
from aimonitor.hub.limits import Places
from aimonitor.hub.patience import Patience
from aimonitor.hub.settings import DeviceToken, HubSettings
from aimonitor.hub.sink_protocol import SinkProtocol
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.stores.base import StoreError

log = logging.getLogger(__name__)

GRACE_S = 3
"""How long a stopping hub waits for connections to end by themselves."""


_TICKS_PER_S = 10
"""How often uvicorn calls `on_tick`, as its argument counts."""
_REPORT_EVERY_S = 60


class StartError(RuntimeError):
    """The hub cannot start; the text says why and what to do."""


class HubServer(uvicorn.Server):
    """uvicorn, asleep while nothing happens, and with an end to the patience of its connections."""

    def __init__(self, config: uvicorn.Config, places: Places, patience: Patience) -> None:
        super().__init__(config)
        self._places = places
        self._patience = patience
        self._reported = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether it is to end, which is most of what a hub at rest does."""
        self._loop = asyncio.get_running_loop()
        seconds = 0
        while not await self.on_tick(seconds * _TICKS_PER_S):
            seconds += 1
            await beat_or(self._told, 1.0)

    def stop(self) -> None:
        """End soon, as SIGTERM does; from any thread."""
        self.should_exit = True
        self._wake_up()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._wake_up()

    def _wake_up(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)

    async def on_tick(self, counter: int) -> bool:
        """Now and then: let go of who is too slow, and say how many found no place."""
        self._patience.sweep(asyncio.get_running_loop().time())
        if counter % (_TICKS_PER_S * _REPORT_EVERY_S) == 0 and self._places.refused > self._reported:
            log.warning("%d connections found no place in the last minute", self._places.refused - self._reported)
            self._reported = self._places.refused
        return await super().on_tick(counter)


def run(
    settings: HubSettings,
    announce: Callable[[str], None] | None = None,
    *,
    beside: Sequence[Beside] = (),
    insiders: Sequence[DeviceToken] = (),
    file: SettingsFile[HubSettings] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, with `beside` on the same loop; closes with 1012. Raises StartError.

    insiders: tokens of what runs beside, made for this run
    file: where the settings came from, if edits are to be followed
    """
    _leave_out()
    try:
        asyncio.run(_try_store(settings))
    except (StoreError, ValueError) as error:
        raise StartError(str(error)) from None
    listener = bind(settings)
    app = create_app(settings, beside=beside, insiders=insiders, file=file)
    say = announce or log.info
    say(f"AI Monitor hub: http://{_shown(settings.host)}:{listener.getsockname()[1]}")
    server = make_server(settings, app)
    for number in STOP_SIGNALS:
        if number != signal.SIGINT:
            signal.signal(number, _exit_quietly)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        log.info("stopped")
    except SystemExit as error:
        if error.code:
            raise StartError("the hub could not start; the log above says why") from None
    finally:
        listener.close()


def _leave_out() -> None:
    """Keep FastAPI from loading `pydantic.v1`, 1.3 MB, only to see that no type of ours is made with it.

    It takes the ImportError as that answer.
    """
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # Python's own sign for "not to be had"


async def _try_store(settings: HubSettings) -> None:
    """Open what is kept once before anything else, so that a wrong path is a sentence and not a failed server."""
    for kept in (make_store(settings.store_address, Keep()), make_vault(settings.identity_address)):
        try:
            await kept.open()
        finally:
            await kept.close()


def make_server(settings: HubSettings, app: FastAPI) -> HubServer:
    """The server for `app`, as the hub needs it: no compression of pictures, our own limits, a short goodbye."""
    places = Places(
        settings.max_http_connections,
        settings.max_http_connections // 4,
        shared=_shared_addresses(settings.trusted_proxies),
    )
    patience = Patience()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="auto",  # uvloop where there is one: a tenth to a fifth less for 50 viewers (docs/design/relay.md)
        http=functools.partial(HttpProtocol, places=places, patience=patience),  # type: ignore[arg-type]  # uvicorn only
        ws=functools.partial(SinkProtocol, patience=patience),  # type: ignore[arg-type]  # calls them
        ws_max_size=MESSAGE_LIMIT,
        ws_ping_interval=None,  # SinkProtocol pings when it is looked after
        ws_per_message_deflate=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_S,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
    )
    return HubServer(config, places, patience)


def _shared_addresses(trusted_proxies: str) -> Callable[[str], bool]:
    """Whether many people come from an address because a proxy of ours stands there."""
    parts = [part.strip() for part in trusted_proxies.split(",")]
    networks = [network for part in parts if (network := _network(part)) is not None]

    def shared(address: str) -> bool:
        found = _network(address)
        return "*" in parts or (found is not None and any(found.network_address in each for each in networks))

    return shared


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


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
