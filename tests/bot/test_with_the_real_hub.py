"""The bot beside the real hub, over real sockets, in real time: an edge's incident, a founding client's, commands."""

import asyncio
import base64
import contextlib
import json
import time
import urllib.request

import pytest
from bot_stage import OWNER
from fake_hub import jpeg
from fake_telegram import TOKEN, FakeTelegram
from websockets.asyncio.client import connect

from aimonitor.bot import app
from aimonitor.bot.settings import BotSettings
from aimonitor.contract import codec, frames, messages


class Edge:
    """A v2 edge with one camera that answers `snapshot` as the real one does: the figures, and the picture of them."""

    def __init__(self, url, token=""):
        self._url = url
        self._token = token
        self.frame = 0
        self.ready = asyncio.Event()

    async def run(self):
        async with connect(self._url, subprotocols=[messages.SUBPROTOCOL]) as self._socket:
            cameras = (messages.CameraInfo("gate", "Front gate"),)
            await self.say(messages.Hello("test", "yard", token=self._token, cameras=cameras))
            async for data in self._socket:
                await self._take(codec.decode(data))

    async def say(self, message):
        await self._socket.send(codec.encode(message))

    async def _take(self, message):
        match message:
            case messages.Welcome():
                await self.say(messages.Status("yard/gate", "live", time.time(), "Front gate"))
                self.ready.set()
            case messages.Ping(sent_at=sent_at):
                await self.say(messages.Pong(sent_at, time.time(), time.time()))
            case messages.Command(command_id=number, name="snapshot"):
                await self.say(messages.CommandResult(number, ok=True, words="it comes"))
                self.frame += 1
                at = round(time.time(), 3)
                tracks = (messages.TrackView(7, "person", (0.3, 0.3, 0.5, 0.8), 0.9, risk=0.6),)
                risk = messages.RiskView(0.55, "ALERT")
                await self.say(messages.Observation("yard/gate", self.frame, at, 160, 120, risk, tracks=tracks))
                header = frames.FrameHeader("yard/gate", self.frame, at, 160, 120)
                await self._socket.send(frames.encode(header, jpeg()))
            case messages.Command(command_id=number, name=name):
                await self.say(messages.CommandResult(number, ok=False, words=f"unknown command {name!r}"))


@contextlib.asynccontextmanager
async def _world(hub, tmp_path, *, edge_token="", **bot):
    telegram = await FakeTelegram().start()
    edge = Edge(hub.ws("/ws/laptop"), edge_token)
    settings = BotSettings(
        token=TOKEN, chats=OWNER, hub=hub.url, api_base=telegram.url, state=tmp_path / "bot.sqlite3", timezone="UTC",
        **bot,
    )  # fmt: skip
    tasks = [asyncio.create_task(edge.run()), asyncio.create_task(app.beside(settings))]
    try:
        await asyncio.wait_for(edge.ready.wait(), 10)
        await _until(lambda: len(hub.app.state.switchboard.relay) == 1 and "getUpdates" in _methods(telegram), telegram)
        telegram.say(OWNER, "/cameras")
        await _until(lambda: "Front gate" in "".join(telegram.texts(OWNER)), telegram)
        yield telegram, edge
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await telegram.stop()


def _methods(telegram):
    return {method for _, method, _ in telegram.calls}


async def _until(condition, telegram):
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not so within 20 s; chats show {telegram.messages}")


def _founding(hub, frame_id, level):
    body = {
        "frame_id": frame_id,
        "timestamp": time.time(),
        "video_frame": base64.b64encode(jpeg()).decode(),
        "risk_score": 0.74 if level == "ALERT" else 0.1,
        "risk_level": level,
        "scene": {"vehicles": 4, "persons": 2, "avg_speed": 3.2, "convoy_detected": True, "thermal_active": False},
        "fps": 9.8,
    }
    request = urllib.request.Request(
        f"{hub.url}/api/data", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()


_SHUT = {"admin_password": "nobody comes in without", "tokens": "yard:edge-secret,@operator:bot-secret"}


@pytest.mark.parametrize(
    ("hub", "tokens"),
    [({}, {}), (_SHUT, {"edge_token": "edge-secret", "hub_token": "bot-secret"})],
    ids=["open", "shut"],
)
def test_an_edges_incident_reaches_the_chat_with_its_still_and_boxes(start_hub, tmp_path, hub, tokens):
    async def story():
        async with _world(start_hub(**hub), tmp_path, **tokens) as (telegram, edge):
            now = round(time.time(), 3)
            event = messages.Event("yard/gate", 1, "i1", "loitering", "opened", now, now, "ALERT", 0.55, zone="Gate")
            await edge.say(event)
            await _until(lambda: any("Alert" in m.text and m.photo for m in telegram.messages), telegram)
            alert = telegram.last(OWNER, "Alert")
            assert "Front gate" in alert.text
            assert alert.photo != jpeg()
            telegram.press(alert, "Acknowledge")
            await _until(lambda: "Acknowledged by Dana" in alert.text, telegram)
            telegram.say(OWNER, "/history")
            await _until(lambda: any("1 · 20" in text and "began" in text for text in telegram.texts(OWNER)), telegram)
            telegram.say(OWNER, "/snapshot")
            await _until(lambda: sum(bool(m.photo) for m in telegram.messages) == 2, telegram)

    asyncio.run(story())


def test_a_founding_clients_alert_is_one_message_from_rise_to_fall(start_hub, tmp_path):
    async def story():
        hub = start_hub()
        async with _world(hub, tmp_path) as (telegram, _):
            await asyncio.to_thread(_founding, hub, 1, "ALERT")
            await _until(lambda: any("risk level" in m.text and m.photo for m in telegram.messages), telegram)
            await asyncio.to_thread(_founding, hub, 2, "NORMAL")
            alert = telegram.last(OWNER, "risk level")
            await _until(lambda: "ended after" in alert.text, telegram)
            assert "Alert" in alert.text
            assert sum("risk level" in m.text for m in telegram.messages) == 1

    asyncio.run(story())


def test_a_bot_that_the_hub_does_not_know_says_what_to_give_it(start_hub, tmp_path, caplog):
    async def story():
        hub = start_hub(**_SHUT)
        telegram = await FakeTelegram().start()
        settings = BotSettings(
            token=TOKEN, chats=OWNER, hub=hub.url, api_base=telegram.url, state=tmp_path / "bot.sqlite3"
        )
        task = asyncio.create_task(app.beside(settings))
        try:
            await _until(lambda: "give the bot one as hub_token" in caplog.text, telegram)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await telegram.stop()

    asyncio.run(story())
