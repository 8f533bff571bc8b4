"""A clip on its way from a real edge's uplink to a real hub, while the way is cut and the hub restarted."""

import asyncio
import contextlib
from types import SimpleNamespace

import httpx
import pytest

from aimonitor.common.clock import SystemClock
from aimonitor.contract import messages
from aimonitor.edge.commands import CommandDesk
from aimonitor.edge.delivery import CHUNK, HubAddress
from aimonitor.edge.journal import Journal
from aimonitor.edge.keeper import Keeper
from aimonitor.edge.media import MediaSender
from aimonitor.edge.uplink import Address, Uplink

CLIP = bytes(range(251)) * 5000
PATH = "/api/media/yard/gate/i-1/clip.avi"
SNAPSHOT = "/api/media/yard/gate/i-1/snapshot.jpg"


class BrittleWay:
    """A way to the hub that resets a connection after `cut_after` bytes of it, and lets nobody through when closed."""

    def __init__(self, port):
        self.target, self.cut_after, self.is_open = port, None, True
        self.cuts = 0
        self.carried = 0
        self._streams = set()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.break_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def break_all(self):
        for stream in self._streams:
            stream.transport.abort()

    async def _accept(self, reader, near):
        if not self.is_open:
            near.transport.abort()
            return
        far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
        self._streams |= {near, far}
        for work in (self._carry(reader, far, near, counts=True), self._carry(far_reader, near, far, counts=False)):
            self._tasks.add(asyncio.ensure_future(work))

    async def _carry(self, reader, onwards, back, *, counts):
        sent = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(16 * 1024):
                sent += len(data)
                if counts and self.cut_after is not None and sent > self.cut_after:
                    self.cut_after = None
                    self.cuts += 1
                    back.transport.abort()
                    break
                self.carried += len(data) if counts else 0
                onwards.write(data)
                await onwards.drain()
        onwards.transport.abort()


@pytest.fixture
def edge(tmp_path):
    """Start an edge without cameras: uplink, command desk, and sender of what lies in its folder."""
    folder = tmp_path / "edge" / "clips" / "gate" / "i-1"
    folder.mkdir(parents=True)
    (folder / "clip.avi").write_bytes(CLIP)
    (folder / "snapshot.jpg").write_bytes(b"jpeg")

    @contextlib.asynccontextmanager
    async def start(port, token="", pace=1e9):
        url, clock = f"ws://127.0.0.1:{port}/ws/laptop", SystemClock()
        media = MediaSender(tmp_path / "edge", HubAddress.of(url), "yard", token, clock, bytes_per_s=pace)
        desk, journal = CommandDesk(media), Journal(tmp_path / "edge.sqlite3", clock)
        desk.add("gate", None, None)
        uplink = Uplink(
            Address(url, "yard", token),
            cameras=[messages.CameraInfo("gate")],
            boot_id="b",
            journal=journal,
            clock=clock,
            attend=lambda _: None,
            command=desk.obey,
        )
        media.start()
        running = asyncio.ensure_future(uplink.run())
        try:
            await until(lambda: uplink.connected)
            yield SimpleNamespace(uplink=uplink, media=media)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await asyncio.to_thread(media.close)
            journal.close()

    return start


async def until(condition, within=20.0):
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def get(hub, path=PATH):
    return await asyncio.to_thread(httpx.get, hub.url + path, timeout=30)


def online(hub):
    return hub.app.state.switchboard.roster.online


def test_a_clip_comes_when_it_is_asked_for_and_goes_on_after_a_cut(start_hub, edge):
    hub = start_hub(tokens="yard:secret")

    async def story():
        async with BrittleWay(hub.port) as way, edge(way.port, token="secret") as yard:
            way.cut_after = CHUNK + 100_000
            answer = await get(hub)
            assert (answer.status_code, answer.content) == (200, CLIP)
            assert way.cuts == 1
            assert way.carried < len(CLIP) + CHUNK + 100_000
            assert (await get(hub, SNAPSHOT)).content == b"jpeg"
            missing = await get(hub, "/api/media/yard/gate/i-2/clip.avi")
            assert missing.status_code == 404
            assert missing.json()["error"]["got"] == "there is no clip.avi of i-2 here, or not yet"
            elsewhere = await get(hub, "/api/media/yard/attic/i-1/clip.avi")
            assert "no camera 'attic' here" in elsewhere.json()["error"]["got"]
            assert yard.media.sent == 2

    asyncio.run(story())


def test_an_upload_survives_a_hub_that_is_restarted_and_an_uplink_that_reconnects(start_hub, edge):
    async def story():
        first = start_hub(media_wait_s=1)
        async with BrittleWay(first.port) as way, edge(way.port) as yard:
            way.cut_after = 2 * CHUNK + 100_000
            asked = asyncio.ensure_future(get(first))
            await until(lambda: way.cuts)
            way.is_open = False
            way.break_all()
            carried = way.carried
            assert (await asked).status_code == 504
            await asyncio.to_thread(first.stop)
            second = await asyncio.to_thread(start_hub)
            way.target, way.is_open = second.port, True
            await until(lambda: online(second) and yard.media.sent)
            assert (await get(second)).content == CLIP
            assert way.carried - carried < len(CLIP) - CHUNK  # the chunks before the cut did not come again
            assert yard.uplink.reconnects >= 1

    asyncio.run(story())


def test_a_slow_clip_does_not_hold_up_what_the_uplink_says(start_hub, edge):
    hub = start_hub(media_wait_s=1)

    async def story():
        async with edge(hub.port, pace=20_000.0) as yard:
            asked = asyncio.ensure_future(get(hub))
            await until(lambda: hub.counters.media_asked)
            for number in range(20):
                yard.uplink.say(messages.Status("yard/gate", f"state-{number}", 1.0))
                await until(lambda state=f"state-{number}": shown(hub) == state)
            assert (await asked).status_code == 504
            assert yard.media.sent == 0

    def shown(hub):
        camera = hub.app.state.switchboard.roster.camera("yard/gate")
        return camera.status.state if camera.status else ""

    asyncio.run(story())


def test_with_the_policy_snapshots_they_follow_by_themselves(running_hub, edge, tmp_path):
    import cv2
    import numpy as np

    from aimonitor.edge.clips import Opening, kept
    from aimonitor.edge.keeper import Parcel

    jpeg = cv2.imencode(".jpg", np.full((24, 32, 3), 90, np.uint8))[1].tobytes()

    async def story():
        async with edge(running_hub.port) as yard:
            keeper = Keeper(tmp_path / "edge", yard.media.follow)
            keeper.start()
            picture = kept(jpeg, (), at=0.0, utc=1_700_000_000.0, frame_id=1, size=(32, 24))
            keeper.keep([Parcel("gate", Opening("i-7", picture))])
            await until(lambda: yard.media.sent)
            await asyncio.to_thread(keeper.close)

    asyncio.run(story())
    answer = httpx.get(running_hub.url + "/api/media/yard/gate/i-7/snapshot.jpg")
    assert (answer.status_code, answer.content) == (200, jpeg)
    assert running_hub.counters.media_asked == 0
