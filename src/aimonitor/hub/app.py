"""The wiring diagram of the hub."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

import aimonitor
from aimonitor.common.beat import until_beat
from aimonitor.common.clock import Clock, SystemClock
from aimonitor.common.histogram import Histogram
from aimonitor.common.reload import SettingsFile, follow
from aimonitor.common.tasks import begin, end
from aimonitor.common.tracing import Tracer, open_tracer
from aimonitor.contract import schema
from aimonitor.hub import answers, nowhere, pages, rest
from aimonitor.hub.buses import Bus, make_bus
from aimonitor.hub.course import CourseDoor
from aimonitor.hub.courtesy import STATE, Courtesy
from aimonitor.hub.edge_socket import EdgeDoor
from aimonitor.hub.health import Doctor
from aimonitor.hub.history import History
from aimonitor.hub.identity import guard as guards
from aimonitor.hub.identity import routes
from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.scribe import Scribe
from aimonitor.hub.identity.vaults import Vault
from aimonitor.hub.journeys import Journeys
from aimonitor.hub.layouts import LayoutDoor
from aimonitor.hub.limits import Places
from aimonitor.hub.live import Live
from aimonitor.hub.marks import MarkDoor
from aimonitor.hub.media import MediaDoor
from aimonitor.hub.media_desk import MediaDesk
from aimonitor.hub.media_store import MediaKeep, MediaStore
from aimonitor.hub.metrics import Counters
from aimonitor.hub.metrics_door import MetricsDoor, Page
from aimonitor.hub.push.desk import PushDesk
from aimonitor.hub.push.routes import PushRoutes
from aimonitor.hub.relay import Relay
from aimonitor.hub.roster import Roster
from aimonitor.hub.security import Door as SocketDoor
from aimonitor.hub.security import Gate, SecurityHeaders
from aimonitor.hub.settings import DeviceToken, HubSettings
from aimonitor.hub.setup import SetupDoor
from aimonitor.hub.statistics import StatisticsDoor
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.stores.base import EventStore, NewEvent
from aimonitor.hub.switchboard import Switchboard
from aimonitor.hub.viewer_socket import ViewerDoor

if TYPE_CHECKING:
    from aimonitor.hub.neighbors import Neighbors

log = logging.getLogger(__name__)

Beside = Callable[[], Coroutine[None, None, None]]

_NEIGHBORS_TICK_S = 0.5
"""How long another hub hears later than we that somebody watches one of its cameras."""
_CROSS_SITE = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""What pages of the listed origins may do with a token; cookies are never sent from other sites."""
_MB = 1_000_000
_DAY_S = 86_400.0


class _Hub(msgspec.Struct, frozen=True):
    """The parts that everything else is made of."""

    settings: HubSettings
    store: EventStore
    history: History
    board: Switchboard
    neighbors: "Neighbors | None"
    identity: Identity
    guard: guards.Guard
    push: PushDesk
    places: Places
    media: MediaDesk
    tracer: Tracer


def create_app(
    settings: HubSettings,
    *,
    clock: Clock | None = None,
    store: EventStore | None = None,
    bus: Bus | None = None,
    vault: Vault | None = None,
    static: Path = pages.STATIC,
    beside: Sequence[Beside] = (),
    insiders: Sequence[DeviceToken] = (),
    file: SettingsFile[HubSettings] | None = None,
) -> FastAPI:
    """The hub as an ASGI application; everything it needs is made here and nowhere else.

    file: where the settings came from, if edits are to be followed
    beside: what runs on the hub's loop from start to end without being part of it, such as the bot
    insiders: tokens of what runs beside, made for this run
    """
    clock = clock or SystemClock()
    store = store or make_store(settings.store_address, Keep(settings.kept_events, settings.history_samples))
    if bus is None and settings.redis_url is not None:
        bus = make_bus(settings.redis_url.get_secret_value())
    hub = _assemble(settings, clock, store, bus, Identity(settings, clock, vault, insiders))
    edge_door = EdgeDoor(hub.board, hub.guard, settings)
    viewer_door = ViewerDoor(hub.board, hub.guard, settings)
    live = Live(hub.board, hub.identity.tokens, hub.places, edge_door, viewer_door)
    works = [*_works(hub), *beside]
    if file is not None:
        works.append(lambda: follow(file, live.adopt))
    app = FastAPI(
        title="AI Monitor hub",
        version=aimonitor.__version__,
        description="Relays what edges see to whoever watches, and remembers what happened.",
        docs_url=None,  # their pages need a CDN and inline scripts, which our content security policy refuses
        redoc_url=None,
        lifespan=lambda _: _lifespan(hub, works),
    )
    _furnish(app, hub, {"/ws/laptop": edge_door.serve, "/ws": viewer_door.serve}, static)
    return app


def _assemble(settings: HubSettings, clock: Clock, store: EventStore, bus: Bus | None, identity: Identity) -> _Hub:
    """Make the parts, and join them where one has to tell another."""
    counters = Counters()

    def stored(event: NewEvent, is_new: bool) -> None:
        board.event_stored(event, is_new)
        if is_new:
            push.consider(event.body)

    roster = Roster(settings.max_edges)
    history = History(store, clock, counters, stored, roster.has_online)
    board = Switchboard(
        roster=roster,
        relay=Relay(counters, lambda work: asyncio.get_running_loop().call_soon(work), Courtesy(clock)),
        history=history,
        clock=clock,
        counters=counters,
        heartbeat_s=settings.heartbeat_s,
        stalled_viewer_s=settings.stalled_viewer_s,
    )
    neighbors = _neighbors(board, bus, clock)
    if neighbors is not None:
        board.unasked, board.guests, board.tell_hubs = neighbors.result, lambda: neighbors.guests, neighbors.tell
        board.want_still = neighbors.want_still
    tracer = open_tracer(settings.traces, settings.traces_share, "aimonitor-hub")
    if settings.traces:
        board.tell_journey = Journeys(tracer, clock).relayed
    board.note_command = identity.trail.note_command
    push = _push_desk(settings, identity, board)
    places = Places(settings.max_connections, settings.connections_per_address)
    media = MediaDesk(_media_store(settings, clock), board, settings.media_wait_s)
    guard = guards.Guard(identity, settings.cors_origins)
    return _Hub(settings, store, history, board, neighbors, identity, guard, push, places, media, tracer)


def _neighbors(board: Switchboard, bus: Bus | None, clock: Clock) -> "Neighbors | None":
    if bus is None:
        return None
    from aimonitor.hub.neighbors import Neighbors  # most hubs have none

    return Neighbors(board, bus, clock)


def _push_desk(settings: HubSettings, identity: Identity, board: Switchboard) -> PushDesk:
    return PushDesk(
        identity.vault,
        identity.people,
        board.clock,
        board.counters,
        contact=settings.push_address,
        camera_name=board.roster.name_of,
        local=settings.push_local,
    )


def _works(hub: _Hub) -> list[Beside]:
    """What runs from start to end."""
    works: list[Beside] = [hub.history.run, hub.media.run, hub.identity.run, hub.push.run]
    board, neighbors = hub.board, hub.neighbors
    works.append(lambda: _tick(board.tick_s, board.clock, board.tick, board.counters.waits.tick))
    if neighbors is not None:
        works.append(neighbors.run)
        works.append(lambda: _tick(_NEIGHBORS_TICK_S, board.clock, lambda: neighbors.tick(board.clock.monotonic())))
    return works


def _furnish(app: FastAPI, hub: _Hub, sockets: Mapping[str, SocketDoor], static: Path) -> None:
    """Every way in: routes with who they are for, pages, sockets, and what every answer carries."""
    settings, board = hub.settings, hub.board
    app.state.switchboard = board
    app.add_exception_handler(RequestValidationError, _refuse_parameters)
    app.add_exception_handler(ClientDisconnect, _let_go)
    app.add_exception_handler(HTTPException, nowhere.refuse)
    served = app.state.routes = guards.protect(app, hub.guard, [door.router() for door in _doors(hub)])
    pages.add_pages(app, static)
    app.add_middleware(Scribe, trail=hub.identity.trail)
    app.add_middleware(
        CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=_CROSS_SITE, allow_headers=["*"]
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Gate, doors=sockets, origins=settings.cors_origins, places=hub.places, counters=board.counters)
    app.openapi = _openapi_with_contract(served, app.openapi)  # type: ignore[method-assign]


def _doors(hub: _Hub) -> tuple[routes.Door, ...]:
    """What answers HTTP."""
    board = hub.board
    return (
        rest.Questions(board, Doctor(board, hub.places, board.clock)),
        LayoutDoor(board.roster),
        rest.DataDoor(board),
        MetricsDoor(lambda: _exposition(hub), hub.settings.metrics_token),
        MarkDoor(board),
        MediaDoor(hub.media, board, file_limit=hub.settings.media_file_mb * _MB),
        SetupDoor(board),
        StatisticsDoor(board),
        CourseDoor(board),
        PushRoutes(hub.push),
        *routes.doors(hub.identity, hub.guard),
    )


def _exposition(hub: _Hub) -> Page:
    from aimonitor.hub.exposition import Exposition  # with Prometheus' library, 2 MB that a hub at rest is spared

    return Exposition(hub.board, hub.places, hub.board.clock)


@contextlib.asynccontextmanager
async def _lifespan(hub: _Hub, works: Sequence[Beside]) -> AsyncIterator[dict[str, Courtesy]]:
    """Open the stores, run what works from start to end, and put everything away in the reverse order.

    The state that it yields is for `HttpProtocol`.
    """
    await hub.store.open()
    await hub.identity.open()
    tasks = [begin(work(), "a part of the hub") for work in works]
    try:
        yield {STATE: hub.board.relay.courtesy}
    finally:
        await end(tasks)
        await hub.history.finish()
        await hub.identity.close()
        await hub.store.close()
        await asyncio.to_thread(hub.tracer.close)


async def _tick(period_s: float, clock: Clock, work: Callable[[], None], lateness: Histogram | None = None) -> None:
    while True:
        wait_s = until_beat(period_s)
        due = clock.monotonic() + wait_s
        await asyncio.sleep(wait_s)
        if lateness is not None:
            lateness.add(clock.monotonic() - due)
        try:
            work()
        except Exception:  # top of a task: one bad tick must not end all heartbeats
            log.exception("a tick of the hub failed")


def _media_store(settings: HubSettings, clock: Clock) -> MediaStore:
    keep = MediaKeep(settings.media_mb * _MB, settings.media_headroom_mb * _MB, settings.media_days * _DAY_S)
    return MediaStore(Path(settings.media_path), keep, clock)


async def _let_go(_: Request, _error: Exception) -> JSONResponse:
    """The client went away, or was too slow, before its request was whole: nobody reads this, and nobody is alarmed."""
    return rest.no(400, "body", "the whole request", "the end of the connection")


async def _refuse_parameters(_: Request, error: Exception) -> JSONResponse:
    """FastAPI's own complaints, said as all others."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(step) for step in first["loc"])
    return rest.no(422, field, str(first["msg"]), repr(first.get("input"))[:100])


def _openapi_with_contract(
    served: Sequence[APIRoute], make: Callable[[], dict[str, Any]]
) -> Callable[[], dict[str, Any]]:
    """FastAPI's document, who each route is for, and the founding message, which the contract parses. Made once."""

    @functools.cache
    def openapi() -> dict[str, Any]:
        document = make()
        founding = schema.founding_schema()["components"]
        document.setdefault("components", {}).setdefault("schemas", {}).update(
            founding | schema.setup_schemas() | answers.refusal_schemas()
        )
        guards.document(served, document)
        return document

    return openapi
