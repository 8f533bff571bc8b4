"""MQTT against a real Mosquitto: what Home Assistant finds there, and what becomes of it when something is away."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time

import aiohttp
import aiomqtt
import pytest
from hub_peers import frame, jpeg, said

from aimonitor.common.clock import SystemClock
from aimonitor.contract import messages
from aimonitor.integrations import homeassistant as ha
from aimonitor.integrations.bridge import Bridge
from aimonitor.integrations.follower import RetryLaterError
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.settings import MqttSettings
from aimonitor.integrations.site import Site

GATE = "aimonitor/yard/gate"
CONFIGURATION = ha.Topics().configuration("yard/gate")
BIRTH_WITHIN_S = 5.0
PATIENCE_S = 20.0


class Ear:
    """Somebody who listens at the broker: the newest payload of each topic, and all in order."""

    def __init__(self):
        self.newest = {}
        self.heard = []

    async def listen(self, client):
        async for message in client.messages:
            self.heard.append(str(message.topic))
            self.newest[str(message.topic)] = bytes(message.payload)

    def json(self, topic):
        return json.loads(self.newest.get(topic) or b"null")


@contextlib.asynccontextmanager
async def listening(broker, *topics):
    ear = Ear()
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic in topics or ("#",):
            await client.subscribe(topic, qos=1)
        task = asyncio.create_task(ear.listen(client))
        try:
            yield ear, client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def bridging(hub, broker):
    clock, site = SystemClock(), Site()
    async with aiohttp.ClientSession() as session:
        link = Hub(hub.url, "", session, site, clock)
        bridge = Bridge(MqttSettings(host="127.0.0.1", port=broker.port, still_every_s=1), link, site, clock)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(bridge.run())]
        try:
            yield bridge
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition, within_s=PATIENCE_S):
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_camera_announces_itself_and_shows_what_it_sees(running_hub, broker, yard_of):
    yard = yard_of(running_hub)
    yard.say(messages.Status("yard/gate", "live", 1.0, name="The gate"))
    risk = messages.RiskView(0.74, "ALERT", (messages.Factor("loitering", 0.74, "loitering 47 s in Gate"),))
    yard.say(said(risk=risk, scene=messages.SceneView(persons=2, vehicles=4)))
    yard.say(frame(picture=jpeg(320, 240)))

    async def story():
        async with listening(broker) as (ear, _), bridging(running_hub, broker):
            await until(lambda: (ear.json(f"{GATE}/state") or {}).get("persons") == 2)
            await until(lambda: f"{GATE}/still" in ear.newest)
            assert ear.json(CONFIGURATION)["device"]["name"] == "The gate"
            assert ear.newest["aimonitor/bridge"] == b"online"
            assert ear.newest[f"{GATE}/availability"] == b"online"
            assert ear.newest[f"{GATE}/still"] == jpeg(320, 240)
            shown = ear.json(f"{GATE}/state")
            assert (shown["risk_percent"], shown["level"], shown["vehicles"]) == (74, "ALERT", 4)
            assert shown["reasons"] == "loitering 47 s in Gate"
        async with listening(broker) as (late, _):  # it is retained: who comes later finds it
            await until(lambda: late.json(CONFIGURATION) == ear.json(CONFIGURATION))
            await until(lambda: late.newest.get("aimonitor/bridge") == b"offline")  # and that we went

    asyncio.run(story())


def test_figures_are_said_when_they_change_and_not_otherwise(running_hub, broker, yard_of):
    yard = yard_of(running_hub)
    yard.say(said(scene=messages.SceneView(persons=1)))

    async def story():
        async with listening(broker) as (ear, _), bridging(running_hub, broker) as bridge:
            await until(lambda: (ear.json(f"{GATE}/state") or {}).get("persons") == 1)
            yard.say(said(frame_id=2, scene=messages.SceneView(persons=3)))
            await until(lambda: ear.json(f"{GATE}/state")["persons"] == 3)
            assert ear.heard.count(CONFIGURATION) == 1
            assert ear.heard.count(f"{GATE}/state") <= 3
            assert bridge.connections == 1

    asyncio.run(story())


def test_home_assistant_that_starts_anew_is_told_everything_within_five_seconds(running_hub, broker, yard_of, measured):
    yard = yard_of(running_hub)
    yard.say(said(scene=messages.SceneView(persons=1)))

    async def story():
        async with listening(broker) as (ear, home_assistant), bridging(running_hub, broker):
            await until(lambda: (ear.json(f"{GATE}/state") or {}).get("persons") == 1)
            ear.heard.clear()
            began = time.monotonic()
            await home_assistant.publish("homeassistant/status", "online", qos=1)
            await until(lambda: {CONFIGURATION, f"{GATE}/state", "aimonitor/bridge"} <= set(ear.heard), BIRTH_WITHIN_S)
            took_s = time.monotonic() - began
            measured("F15", "Home Assistant restarts (birth message): all said again", "<= 5 s", f"{took_s:.1f} s")

    asyncio.run(story())


def test_a_broker_that_was_away_and_forgot_is_told_everything(running_hub, broker, yard_of, measured):
    yard = yard_of(running_hub)
    yard.say(said(scene=messages.SceneView(persons=1)))

    async def story():
        async with bridging(running_hub, broker) as bridge:
            await until(lambda: bridge.connections == 1)
            await asyncio.to_thread(broker.stop)
            await until(lambda: bridge._client is None)
            with pytest.raises(RetryLaterError, match="away"):
                await bridge.deliver(None)
            await asyncio.to_thread(broker.start)
            began = time.monotonic()
            await until(lambda: bridge.connections == 2)
            async with listening(broker) as (ear, _):
                await until(lambda: (ear.json(f"{GATE}/state") or {}).get("persons") == 1)
                assert ear.newest["aimonitor/bridge"] == b"online"
                assert ear.json(CONFIGURATION)["device"]["name"] == "The gate"
            took_s = time.monotonic() - began
            measured("F15", "MQTT broker killed and back without memory: all said again", "<= 5 s", f"{took_s:.1f} s")

    asyncio.run(story())


def test_an_edge_that_goes_takes_its_cameras_offline_and_not_the_others(running_hub, broker, yard_of):
    yard, shop = yard_of(running_hub), yard_of(running_hub, messages.CameraInfo("door"), edge_id="shop")
    for edge, source in ((yard, "yard/gate"), (shop, "shop/door")):
        edge.say(said(source))

    async def story():
        async with listening(broker) as (ear, _), bridging(running_hub, broker):
            await until(lambda: ear.newest.get("aimonitor/shop/door/availability") == b"online")
            await until(lambda: ear.newest.get(f"{GATE}/availability") == b"online")
            await asyncio.to_thread(yard.peer.socket.close)
            await until(lambda: ear.newest.get(f"{GATE}/availability") == b"offline")
            assert ear.newest["aimonitor/shop/door/availability"] == b"online"

    asyncio.run(story())


def test_a_hub_that_is_away_makes_all_of_it_unavailable(start_hub, broker, yard_of):
    hub = start_hub()
    yard = yard_of(hub)
    yard.say(said())

    async def story():
        async with listening(broker) as (ear, _), bridging(hub, broker):
            await until(lambda: ear.newest.get("aimonitor/bridge") == b"online")
            await asyncio.to_thread(hub.stop)
            await until(lambda: ear.newest.get("aimonitor/bridge") == b"offline")

    asyncio.run(story())


def test_a_camera_that_was_taken_away_is_withdrawn(running_hub, broker, yard_of):
    infos = (messages.CameraInfo("gate"), messages.CameraInfo("door"))
    yard = yard_of(running_hub, *infos)
    door = ha.Topics().configuration("yard/door")

    async def story():
        async with listening(broker) as (ear, _), bridging(running_hub, broker):
            await until(lambda: ear.newest.get(door, b"") != b"")
            await asyncio.to_thread(yard.peer.socket.close)
            await asyncio.to_thread(yard_of, running_hub, infos[0])
            await until(lambda: ear.newest.get(door) == b"")
            assert ear.newest[CONFIGURATION] != b""

    asyncio.run(story())


def program(hub, broker, folder):
    (folder / "aimonitor.toml").write_text(
        f'[integrations]\nhub = "{hub.url}"\n[integrations.mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
    )
    log = (folder / "log").open("wb")
    command = [sys.executable, "-m", "aimonitor", "integrations"]
    return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log), log


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 0)])
def test_the_program_tells_events_and_its_own_end_however_it_ends(running_hub, broker, yard_of, tmp_path, number, code):
    yard = yard_of(running_hub)
    yard.say(said())
    process, log = program(running_hub, broker, tmp_path)

    async def story():
        async with listening(broker) as (ear, _):
            await until(lambda: ear.newest.get("aimonitor/bridge") == b"online")
            bookmarks = tmp_path / "var" / "integrations.json"
            await until(bookmarks.exists)
            await asyncio.to_thread(yard.happen)
            await until(lambda: f"{GATE}/event" in ear.newest)
            told = ear.json(f"{GATE}/event")
            assert (told["kind"], told["phase"], told["incident_id"]) == ("loitering", "opened", "i1")
            process.send_signal(number)
            await until(lambda: ear.newest["aimonitor/bridge"] == b"offline")
            await until(lambda: process.poll() is not None)

    try:
        asyncio.run(story())
    finally:
        process.kill()
        process.wait(10)
        log.close()
    assert process.returncode == code, (tmp_path / "log").read_text()


def test_a_missing_table_is_one_sentence(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "aimonitor", "integrations"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "[integrations.mqtt]" in result.stderr
    assert result.stderr.count("\n") == 1
