"""The bridge to MQTT: announces every camera, keeps its figures and its still up to date, says when it is gone itself.

When the broker comes back, and when Home Assistant says that it has started, everything is said again at once. The only
file that knows the MQTT library.
"""

import asyncio
import logging
import ssl

import aiomqtt
import msgspec

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.hub_client import HubError, StoredEvent
from aimonitor.integrations import homeassistant as ha
from aimonitor.integrations.follower import RetryLaterError
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.settings import MqttSettings
from aimonitor.integrations.site import CameraNow, Site

log = logging.getLogger(__name__)

_TICK_S = 1.0
_RETRY_CAP_S = 2.0
_KEEPALIVE_S = 10


class Bridge:
    """A connection to the broker that comes back by itself; a receiver of events, too.

    What is retained at the broker is remembered in `_said`, and only what differs is said.
    """

    name = "mqtt"

    def __init__(self, settings: MqttSettings, hub: Hub, site: Site, clock: Clock) -> None:
        self._settings = settings
        self._topics = ha.Topics(settings.prefix, settings.discovery)
        self._hub = hub
        self._site = site
        self._clock = clock
        self._client: aiomqtt.Client | None = None
        self._said: dict[str, str] = {}
        self._stills: dict[str, float] = {}
        self._announced: set[str] = set()
        self._pictured_at = float("-inf")
        self.connections = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        waits, troubled = backoff.delays(first=0.3, cap=_RETRY_CAP_S), False
        where = f"{self._settings.host}:{self._settings.port}"
        while True:
            connections = self.connections
            try:
                await self._converse()
            except (aiomqtt.MqttError, OSError) as error:
                if self.connections > connections:
                    waits, troubled = backoff.delays(first=0.3, cap=_RETRY_CAP_S), False
                level = logging.DEBUG if troubled else logging.WARNING
                log.log(level, "no connection to the MQTT broker at %s: %s; trying again", where, error)
                troubled = True
            await asyncio.sleep(next(waits))

    async def deliver(self, event: StoredEvent) -> None:
        """Publish an event, and the still that goes with it. Raises RetryLaterError while there is no broker."""
        client = self._client
        if client is None:
            raise RetryLaterError("the MQTT broker is away")
        try:
            body = msgspec.json.encode(event)
            await client.publish(self._topics.event(event.source), body, qos=1)
            if event.phase == "opened":
                await self._show(client, event.source)
        except aiomqtt.MqttError as error:
            raise RetryLaterError(str(error)) from None

    async def _converse(self) -> None:
        settings = self._settings
        async with aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            tls_context=ssl.create_default_context() if settings.tls else None,
            will=aiomqtt.Will(self._topics.bridge, ha.OFFLINE, qos=1, retain=True),
            keepalive=_KEEPALIVE_S,
        ) as client:
            log.info("connected to the MQTT broker at %s:%d", settings.host, settings.port)
            self.connections += 1
            self._forget()
            self._client = client
            await client.subscribe(self._topics.birth, qos=1)
            ticking = asyncio.create_task(self._tick(client))
            listening = asyncio.create_task(self._listen(client))
            try:
                done, _ = await asyncio.wait((ticking, listening), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self._client = None
                for task in (ticking, listening):
                    task.cancel()
                await asyncio.gather(ticking, listening, return_exceptions=True)
                await _say_goodbye(client, self._topics.bridge)

    def _forget(self) -> None:
        """Say everything again: the broker, or who listens there, may have lost it."""
        self._said.clear()
        self._stills.clear()
        self._pictured_at = float("-inf")

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if str(message.topic) == self._topics.birth and message.payload == ha.ONLINE.encode():
                log.info("Home Assistant has started; everything is announced again")
                self._forget()

    async def _tick(self, client: aiomqtt.Client) -> None:
        while True:
            cameras = list(self._site)
            await self._say(client, self._topics.bridge, ha.ONLINE if self._site.hub_connected else ha.OFFLINE)
            for camera in cameras:
                await self._tell(client, camera)
            if self._site.hub_connected:
                await self._withdraw(client, {camera.source for camera in cameras})
            now = self._clock.monotonic()
            if now - self._pictured_at >= self._settings.still_every_s:
                self._pictured_at = now
                for camera in cameras:
                    if camera.available:
                        await self._show(client, camera.source)
            await asyncio.sleep(_TICK_S)

    async def _tell(self, client: aiomqtt.Client, camera: CameraNow) -> None:
        topics, source = self._topics, camera.source
        await self._say(client, topics.configuration(source), ha.announcement(camera, topics))
        self._announced.add(source)
        await self._say(client, topics.availability(source), ha.ONLINE if camera.available else ha.OFFLINE)
        if camera.available:
            await self._say(client, topics.state(source), ha.state(camera))

    async def _withdraw(self, client: aiomqtt.Client, present: set[str]) -> None:
        """Take back cameras that their edge no longer has: Home Assistant then removes the device."""
        for source in self._announced - present:
            topics = self._topics
            for topic in (topics.configuration(source), topics.state(source), topics.availability(source)):
                await self._say(client, topic, "")
            await client.publish(topics.still(source), b"", qos=1, retain=True)
            self._announced.discard(source)
            self._stills.pop(source, None)

    async def _say(self, client: aiomqtt.Client, topic: str, text: str) -> None:
        if self._said.get(topic) != text:
            await client.publish(topic, text, qos=1, retain=True)
            self._said[topic] = text

    async def _show(self, client: aiomqtt.Client, source: str) -> None:
        """The newest still, where it is another one."""
        try:
            still = await self._hub.picture(source)
        except HubError as error:
            log.debug("no still of %s: %s", source, error)
            return
        if still is not None and self._stills.get(source) != still.captured_at:
            await client.publish(self._topics.still(source), still.jpeg, qos=1, retain=True)
            self._stills[source] = still.captured_at


async def _say_goodbye(client: aiomqtt.Client, topic: str) -> None:
    """A clean end sends no last will, so we say it ourselves, where there still is a broker."""
    try:
        await client.publish(topic, ha.OFFLINE, qos=1, retain=True, timeout=1.0)
    except aiomqtt.MqttError as error:
        log.debug("no goodbye: %s", error)
