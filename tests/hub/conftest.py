"""People at the doors of the hub: our own edges and viewers, over real sockets."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hub_peers import Peer
from websockets.sync.client import connect

from aimonitor.contract import messages

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
