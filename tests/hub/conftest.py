"""People at the doors of the hub: our own edges and viewers, over real sockets."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_peers import Peer
from websockets.sync.client import connect

from aimonitor.contract import messages

sys.path[:0] = [str(Path(__file__).parents[1] / part) for part in ("faults", "system")]

_EVERYTHING = messages.Subscribe(everything=True)


@pytest.fixture
def dial() -> Iterator[Callable[..., Peer]]:
    """Open WebSockets that are closed at the end."""
    with contextlib.ExitStack() as sockets:

        def open_one(url: str, *, ours: bool = True, **options: Any) -> Peer:
            subprotocols = [messages.SUBPROTOCOL] if ours else None
            options = {"ping_interval": None, "close_timeout": 1, "max_size": 2**22, **options}
            return Peer(sockets.enter_context(connect(url, subprotocols=subprotocols, compression=None, **options)))

        yield open_one


@pytest.fixture
def edge(dial: Callable[..., Peer]) -> Callable[..., Peer]:
    """A v2 edge that has been welcomed; `welcome` is in its attribute."""

    def arrive(hub: Any, edge_id: str = "yard", cameras: tuple[str, ...] = ("gate",), **hello: Any) -> Peer:
        peer = dial(hub.ws("/ws/laptop"))
        infos = tuple(messages.CameraInfo(camera) for camera in cameras)
        peer.say(messages.Hello("test", edge_id, cameras=infos, **hello))
        peer.welcome = peer.hear(messages.Welcome)
        return peer

    return arrive


@pytest.fixture
def viewer(dial: Callable[..., Peer]) -> Callable[..., Peer]:
    """A v2 viewer that watches everything, unless told otherwise."""

    def arrive(hub: Any, wanted: messages.Subscribe | None = _EVERYTHING) -> Peer:
        peer = dial(hub.ws("/ws"))
        peer.welcome = peer.hear(messages.Welcome)
        if wanted is not None:
            peer.say(wanted)
            peer.say(messages.Ping(1.0))
            peer.hear(messages.Pong)
        return peer

    return arrive


@contextlib.contextmanager
def _farm(kind: str, factory: pytest.TempPathFactory) -> Iterator[Any]:
    import redis_farm

    servers = getattr(redis_farm, kind)(factory.mktemp(kind))
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def _emptied(servers: Any) -> str:
    import redis_farm

    for node in servers.nodes:
        redis_farm.ask(node.port, "flushall")
    return servers.url


@pytest.fixture(scope="session")
def _sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with _farm("Watched", tmp_path_factory) as servers:
        yield servers


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with _farm("Clustered", tmp_path_factory) as servers:
        yield servers


@pytest.fixture
def sentinel_url(_sentinel: Any) -> str:
    """The address of an empty Redis with replicas and sentinels. Slow to start."""
    return _emptied(_sentinel)


@pytest.fixture
def cluster_url(_cluster: Any) -> str:
    """The address of an empty cluster of Redis. Slow to start."""
    return _emptied(_cluster)
