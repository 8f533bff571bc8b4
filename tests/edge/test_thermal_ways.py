"""The ways in, over real sockets of this machine."""

import asyncio
import contextlib
import json
import socket
import urllib.error
import urllib.request

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from aimonitor.common.clock import ManualClock, SystemClock
from aimonitor.edge.sensors import mqtt_packets as packets
from aimonitor.edge.sensors import thermal1
from aimonitor.edge.sensors.http_request import RequestError, parse_head
from aimonitor.edge.sensors.intake import Intake
from aimonitor.edge.sensors.mqtt import sensor_of
from aimonitor.edge.sensors.receiver import Receiver
from aimonitor.edge.sensors.ways import SensorAddressError, open_way

GRID = np.linspace(15.0, 35.0, 768, dtype=np.float32).reshape(24, 32)
ARRAY = json.dumps([21.5] * 64).encode()
WITHIN_S = 15.0


class Readings(list):
    """Readings in order; `arrive` waits for the next ones."""

    def __init__(self):
        super().__init__()
        self._came = asyncio.Event()

    def __call__(self, reading):
        self.append(reading)
        self._came.set()

    async def arrive(self, count):
        async with asyncio.timeout(WITHIN_S):
            while len(self) < count:
                self._came.clear()
                await self._came.wait()


@contextlib.asynccontextmanager
async def receiving(*, token=""):
    """A receiver on a free port: its port, its readings, its intake."""
    readings = Readings()
    intake = Intake(readings, SystemClock())
    server = await Receiver(intake, token=token).listen("127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], readings, intake


def test_what_is_wrong_with_a_sensor_that_cannot_be_answered_is_said_once_a_minute(caplog):
    clock = ManualClock()
    intake = Intake(Readings(), clock)
    for _ in range(3):
        assert not intake.try_take("yard", b"no picture")
    clock.advance(61)
    assert not intake.try_take("yard", b"no picture")
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("thermal sensor yard: messages refused: 1, the last one because of ")
    assert "expected" in first
    assert second.startswith("thermal sensor yard: messages refused: 3")
    assert intake.refused == 4


@contextlib.asynccontextmanager
async def opened(address):
    """A way, kept open in a task of its own, and its readings."""
    readings = Readings()
    _, way = open_way(address, "yard", readings, SystemClock())
    task = asyncio.ensure_future(way)
    try:
        yield readings
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def post(port, path, body, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_sensor_posts_and_is_answered():
    async def story():
        async with receiving() as (port, readings, _):
            said = [
                await asyncio.to_thread(post, port, "/api/v1/thermal/hall", thermal1.to_bytes(GRID, 1, 2)),
                await asyncio.to_thread(post, port, "/api/v1/thermography", ARRAY),
                await asyncio.to_thread(post, port, "/api/v1/thermal/hall?unit=dC", json.dumps([215] * 64).encode()),
            ]
            assert said == [(200, {"ok": True})] * 3
            assert [reading.sensor_id for reading in readings] == ["hall", "default", "hall"]
            assert readings[2].celsius[0, 0] == pytest.approx(21.5)

    asyncio.run(story())


def test_what_is_wrong_is_said_with_status_and_hint():
    async def story():
        async with receiving(token="secret-token") as (port, readings, intake):
            ask = asyncio.to_thread
            path = "/api/v1/thermal/hall?token=secret-token"
            status, said = await ask(post, port, path, json.dumps([21.5] * 65).encode())
            assert status == 422
            assert said["expected"].startswith("64, 192")
            assert "thermal/1" in said["hint"]
            again = thermal1.to_bytes(GRID, 5, 100)
            assert (await ask(post, port, path, again))[0] == 200
            assert (await ask(post, port, path, again))[0] == 409
            assert (await ask(post, port, path, b" " * 70_000))[0] == 413
            assert (await ask(post, port, "/api/v1/thermal/hall", ARRAY))[0] == 401
            assert (await ask(post, port, "/elsewhere?token=secret-token", ARRAY))[0] == 404
            authorized = await ask(post, port, "/api/v1/thermal/a", ARRAY, Authorization="Bearer secret-token")
            assert authorized[0] == 200
            assert (len(readings), intake.accepted, intake.refused) == (2, 2, 2)

    asyncio.run(story())


def test_thirty_one_in_a_moment_are_one_too_many():
    async def story():
        readings = Readings()
        server = await Receiver(Intake(readings, ManualClock())).listen("127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            said = [await asyncio.to_thread(post, port, "/api/v1/thermal/a", ARRAY) for _ in range(31)]
        assert [status for status, _ in said] == [200] * 30 + [429]

    asyncio.run(story())


@pytest.mark.parametrize("rubbish", [b"hello\r\n\r\n", b"POST / HTTP/1.1\r\nno colon\r\n\r\n", b"\x16\x03\x01" * 3000])
def test_what_is_no_http_ends_and_hurts_nobody(rubbish):
    async def story():
        async with receiving() as (port, readings, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(rubbish)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(WITHIN_S):
                    await reader.read()
            writer.close()
            assert (await asyncio.to_thread(post, port, "/api/v1/thermal/a", ARRAY))[0] == 200
            assert len(readings) == 1

    asyncio.run(story())


def test_a_websocket_takes_text_and_binary_and_answers_what_is_wrong():
    async def story():
        async with receiving() as (port, readings, _):
            async with connect(f"ws://127.0.0.1:{port}/ws/thermal/hall") as socket_:
                await socket_.send(ARRAY.decode())
                await socket_.send(thermal1.to_bytes(GRID, 1, 2))
                await socket_.send("[1, 2, 3]")
                async with asyncio.timeout(WITHIN_S):
                    refusal = await socket_.recv()
            assert "got 3" in refusal
            assert [reading.celsius.shape for reading in readings] == [(8, 8), (24, 32)]

    asyncio.run(story())


def test_a_sketch_that_answers_when_asked_is_asked():
    async def sketch(connection):
        async for message in connection:
            assert message == "F"
            await connection.send(ARRAY.decode())

    async def story():
        async with serve(sketch, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with opened(f"ws://127.0.0.1:{port}") as readings:
                await readings.arrive(2)
                assert readings[0].sensor_id == "yard"

    asyncio.run(story())


def test_a_page_that_gives_raw_is_polled():
    body = json.dumps({"sensor": "AMG8833", "data": ",".join(["21.5"] * 64)}).encode()

    async def page(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"GET /raw HTTP")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async def story():
        server = await asyncio.start_server(page, "127.0.0.1", 0)
        async with server, opened(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/raw?every=0.1") as readings:
            await readings.arrive(2)
            assert readings[0].celsius.shape == (8, 8)

    asyncio.run(story())


def test_a_tcam_streams_between_its_marks():
    import base64

    kelvin = np.full(19200, 29315, "<u2")
    image = json.dumps({"metadata": {}, "radiometric": base64.b64encode(kelvin.tobytes()).decode()}).encode()

    async def camera(reader, writer):
        command = await reader.readuntil(b"\x03")
        assert json.loads(command[1:-1])["cmd"] == "stream_on"
        writer.write(b'\x02{"cam_info":{"info_value":1}}\x03')
        writer.write(b"\x02" + image + b"\x03")
        await writer.drain()
        await reader.read()
        writer.close()

    async def story():
        server = await asyncio.start_server(camera, "127.0.0.1", 0)
        async with server, opened(f"tcam://127.0.0.1:{server.sockets[0].getsockname()[1]}") as readings:
            await readings.arrive(1)
            assert readings[0].celsius.shape == (120, 160)
            assert readings[0].celsius[0, 0] == pytest.approx(20.0)

    asyncio.run(story())


class Broker:
    """As much of an MQTT broker as one subscriber needs; written from the standard, not from our packets."""

    def __init__(self, refuse=0):
        self.refuse = refuse
        self.acknowledged = []
        self.subscribed = ""

    async def __call__(self, reader, writer):
        kind, body = await self._packet(reader)
        assert (kind, body[:7]) == (0x10, b"\x00\x04MQTT\x04")
        writer.write(bytes((0x20, 2, 0, self.refuse)))
        if not self.refuse:
            kind, body = await self._packet(reader)
            assert kind == 0x82
            self.subscribed = body[4:-1].decode()
            writer.write(b"\x90\x03" + body[:2] + b"\x00")
            self._publish(writer, "home/hall/thermal/frame", thermal1.to_bytes(GRID, 1, 2), 0)
            self._publish(writer, "home/attic/thermal/frame", ARRAY, 1)
            self._publish(writer, "home/attic/thermal/frame", b"nonsense", 0)
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    self.acknowledged.append(await self._packet(reader))
        writer.close()

    @staticmethod
    async def _packet(reader):
        kind = (await reader.readexactly(1))[0]
        length, shift = 0, 0
        while True:
            digit = (await reader.readexactly(1))[0]
            length |= (digit & 127) << shift
            shift += 7
            if not digit & 128:
                return kind, await reader.readexactly(length)

    @staticmethod
    def _publish(writer, topic, payload, qos):
        body = len(topic).to_bytes(2, "big") + topic.encode() + (b"\x00\x07" if qos else b"") + payload
        length = bytes((len(body) & 127 | 128, len(body) >> 7)) if len(body) > 127 else bytes((len(body),))
        writer.write(bytes((0x30 | qos << 1,)) + length + body)


def test_a_topic_of_the_owners_broker_is_heard_and_acknowledged():
    async def story():
        broker = Broker()
        server = await asyncio.start_server(broker, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, opened(f"mqtt://me:word@127.0.0.1:{port}/home/%2B/thermal/frame") as readings:
            await readings.arrive(2)
        assert [reading.sensor_id for reading in readings] == ["hall", "attic"]
        assert broker.subscribed == "home/+/thermal/frame"
        assert (0x40, b"\x00\x07") in broker.acknowledged

    asyncio.run(story())


def test_a_broker_that_refuses_is_a_warning_with_the_reason(caplog):
    async def story():
        server = await asyncio.start_server(Broker(refuse=4), "127.0.0.1", 0)
        async with server, opened(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}/t"):
            async with asyncio.timeout(WITHIN_S):
                while not caplog.records:
                    await asyncio.sleep(0.01)
        assert "the right user name and password" in caplog.text

    asyncio.run(story())


def test_packets_may_come_in_any_pieces():
    body = b"\x00\x01t" + b"x" * 300
    packet = bytes((0x30, len(body) & 127 | 128, len(body) >> 7)) + body
    for size in (1, 2, 7, 1000):
        reader, found = packets.PacketReader(), []
        for start in range(0, len(packet * 2), size):
            found.extend(reader.feed((packet * 2)[start : start + size]))
        assert [packets.publication(one).payload for one in found] == [b"x" * 300] * 2


def test_a_packet_without_end_is_refused():
    with pytest.raises(packets.MqttError, match="at most"):
        packets.PacketReader().feed(b"\x30\xff\xff\xff\x7f")


@pytest.mark.parametrize(
    ("topic", "sensor"),
    [
        ("home/hall/thermal/frame", "hall"),
        ("/thermalcamera/camera2/image", "camera2-image"),
        ("a b", "a-b"),
        ("/", "default"),
    ],
)
def test_a_topic_names_its_sensor(topic, sensor):
    assert sensor_of(topic) == sensor


def test_a_recording_is_played_to_its_end(request):
    path = request.path.parent / "three_frames.cptv"

    async def story():
        readings = Readings()
        _, way = open_way(f"cptv:{path}", "yard", readings, SystemClock())
        await asyncio.wait_for(way, WITHIN_S)
        assert len(readings) == 3
        assert readings[2].at - readings[0].at == pytest.approx(0.222, abs=0.2)

    asyncio.run(story())


def test_a_sensor_that_is_not_there_is_tried_again(caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def story():
        async with opened(f"tcam://127.0.0.1:{port}") as readings:
            async with asyncio.timeout(WITHIN_S):
                while not caplog.records:
                    await asyncio.sleep(0.01)
            assert not readings

    asyncio.run(story())
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "address", ["ftp://somewhere", "mqtt:///topic", "http://host/raw?every=often", "ws://host:port"]
)
def test_an_address_that_cannot_be_right_is_refused(address):
    with pytest.raises(SensorAddressError, match="expected"):
        open_way(address, "yard", lambda reading: None, ManualClock())


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"GET\r\n\r\n", 400), (b"GET / FTP/1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n bad: 1\r\n\r\n", 400)],
)
def test_a_head_that_is_none_is_refused(head, status):
    with pytest.raises(RequestError) as refusal:
        parse_head(head)
    assert refusal.value.status == status


@pytest.mark.parametrize(("length", "status"), [("", 411), ("\xb2", 411), ("1001", 413), ("9" * 5000, 413)])
def test_a_length_that_is_none_or_too_much_is_refused(length, status):
    with pytest.raises(RequestError) as refusal:
        parse_head(f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode("latin-1")).length(1000)
    assert refusal.value.status == status
