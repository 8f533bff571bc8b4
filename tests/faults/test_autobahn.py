"""RFC 6455 by the suite that browsers and servers are judged by: the hub's way in and the edge's way out."""

import asyncio
import json
import socket
import subprocess
import threading
import time

import pytest
from autobahn import ask, find_wstest, judge, verdicts
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from aimonitor.common.clock import SystemClock
from aimonitor.common.websocket_client import HubConnection
from aimonitor.contract import codec
from aimonitor.hub import serve
from aimonitor.hub.connection import Connection
from aimonitor.hub.metrics import Counters
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.settings import HubSettings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COMPRESSION = ["12.*", "13.*"]  # neither side ever offers it
OVER_2_MIB = ["9.1.4", "9.1.5", "9.1.6", "9.2.4", "9.2.5", "9.2.6", "9.3.*", "9.4.*"]


class Echo:
    """Says again what it hears, on the hub's own way out."""

    def __init__(self, connection):
        self._connection = connection

    def take(self, data, _at):
        self._connection.outlet.say(Parcel(data))

    def refuse(self, error):
        raise AssertionError(error)


async def echo(scope, receive, send):
    """An application that echoes over the hub's server, protocol, sink and outlet."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    websocket = WebSocket(scope, receive, send)
    await websocket.accept()
    connection = Connection(websocket, SystemClock(), Counters(), rate=1e9)
    await connection.run(connection.listen(Echo(connection)))


@pytest.fixture
def echo_hub():
    settings = HubSettings(port=0)
    listener = serve.bind(settings)
    server = serve.make_server(settings, echo)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    yield listener.getsockname()[1]
    server.stop()
    thread.join(20)
    listener.close()
    assert not thread.is_alive()


def test_the_hub_as_server(echo_hub, tmp_path, measured):
    found = ask(f"ws://127.0.0.1:{echo_hub}", tmp_path, [*COMPRESSION, *OVER_2_MIB])
    judge(found, 270, "the hub as server", measured)


def test_the_edge_as_client(tmp_path, measured):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    plan = {
        "outdir": str(tmp_path / "report"),
        "url": f"ws://127.0.0.1:{port}",
        "cases": ["*"],
        "exclude-cases": [*COMPRESSION, "9.*"],  # the edge takes 256 KiB
        "exclude-agent-cases": {},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    process = subprocess.Popen(
        [find_wstest(), "-m", "fuzzingserver", "-s", tmp_path / "plan.json", "-w", "0"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        asyncio.run(_play_every_case(f"ws://127.0.0.1:{port}"))
    finally:
        process.terminate()
        process.wait(20)
    judge(verdicts(tmp_path / "report"), 240, "the edge as client", measured)


async def _play_every_case(url):
    def dial(path):
        return connect(
            url + path, create_connection=HubConnection, compression=None, close_timeout=1, ping_interval=None,
            max_size=codec.TEXT_LIMIT, proxy=None,
        )  # fmt: skip

    deadline = time.monotonic() + 30
    while True:
        try:
            async with dial("/getCaseCount") as socket:
                cases = int(await socket.recv())
            break
        except (OSError, InvalidHandshake):
            assert time.monotonic() < deadline, "wstest did not start within 30 s"
            await asyncio.sleep(0.2)
    for case in range(1, cases + 1):
        try:
            async with dial(f"/runCase?case={case}&agent=edge") as socket:
                async for message in socket:
                    await socket.send(message)
        except ConnectionClosed:
            continue
    async with dial("/updateReports?agent=edge") as socket:
        await socket.wait_closed()
