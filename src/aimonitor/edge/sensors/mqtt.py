"""Sensors that publish by MQTT: one connection to the owner's broker, reconnected by the caller.

Topics are `<base>/<device>/thermal/frame`, with wildcards if wanted; the device is the sensor. Of any other topic the
sensor is its last two levels.
"""

import asyncio
import re
from dataclasses import dataclass

from aimonitor.edge.sensors import mqtt_packets as packets
from aimonitor.edge.sensors.intake import Dialect, Intake

_KEEPALIVE_S = 30
_PING_EVERY_S = 10.0
_CONNECT_WITHIN_S = 10.0
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to subscribe to what."""

    host: str
    port: int
    topic: str
    user: str = ""
    password: str = ""


async def subscribe(broker: Broker, intake: Intake, dialect: Dialect, *, client_id: str) -> None:
    """Take everything that the topic brings until the connection ends. Raises OSError, TimeoutError, MqttError."""
    async with asyncio.timeout(_CONNECT_WITHIN_S):
        reader, writer = await asyncio.open_connection(broker.host, broker.port)
    session = _Session(broker, intake, dialect)
    now = asyncio.get_running_loop().time
    try:
        writer.write(packets.connect(client_id, user=broker.user, password=broker.password, keepalive_s=_KEEPALIVE_S))
        heard_at = pinged_at = now()
        while True:
            data = await _read(reader)
            if data == b"":
                raise ConnectionResetError("the broker closed the connection")
            if data is not None:
                heard_at = now()
                writer.write(session.hear(data))
            elif now() - heard_at > _KEEPALIVE_S:
                raise TimeoutError("the broker does not answer")
            if now() - pinged_at >= _PING_EVERY_S:  # however much comes in: the broker counts what we send
                pinged_at = now()
                writer.write(packets.PING)
            await writer.drain()
    finally:
        writer.close()


class _Session:
    """One connection: bytes in, bytes out, publications to the intake."""

    def __init__(self, broker: Broker, intake: Intake, dialect: Dialect) -> None:
        self._broker, self._intake, self._dialect = broker, intake, dialect
        self._stream = packets.PacketReader()
        self._is_accepted = False

    def hear(self, data: bytes) -> bytes:
        """What is to be sent in answer. Raises MqttError."""
        return b"".join(self._answer(packet) for packet in self._stream.feed(data))

    def _answer(self, packet: packets.Packet) -> bytes:
        if not self._is_accepted:
            packets.check_connack(packet)
            self._is_accepted = True
            return packets.subscribe(1, self._broker.topic)
        if packet.kind == packets.SUBACK and packet.body[-1:] == b"\x80":
            raise packets.MqttError(f"the broker refuses the topic {self._broker.topic}")
        if packet.kind != packets.PUBLISH:
            return b""
        message = packets.publication(packet)
        self._intake.try_take(sensor_of(message.topic), message.payload, self._dialect)
        return packets.acknowledge(message.packet_id) if message.packet_id else b""


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    """What comes next, or None after a while of silence."""
    try:
        async with asyncio.timeout(_PING_EVERY_S):
            return await reader.read(_CHUNK)
    except TimeoutError:
        return None


def sensor_of(topic: str) -> str:
    """The sensor's id in a topic, fit for an identifier."""
    levels = [level for level in topic.split("/") if level]
    if levels[-2:] == ["thermal", "frame"] and len(levels) > 2:
        return _identifier(levels[-3])
    return _identifier("-".join(levels[-2:]))


def _identifier(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[:64] or "default"
