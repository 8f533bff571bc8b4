"""The ways in, by the scheme of an address; each kept open for as long as the edge runs.

listen://0.0.0.0:8090                   sensors send to us: HTTP POST and WebSocket
http://192.168.1.40/raw?every=1         a sensor that is asked (also https); ?unit=dC where it does not say
ws://192.168.1.41:81                    a sketch that answers `F` (also wss); ?ask= (empty) for one that speaks unasked
tcam://192.168.1.42                     tCam, tCam-Mini; port 5001
mqtt://user:password@broker/topic       a topic filter of the owner's broker; port 1883
cptv:recording.cptv                     a recording
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from websockets.exceptions import WebSocketException

from aimonitor.common.backoff import delays
from aimonitor.common.clock import Clock
from aimonitor.edge.sensors import mqtt, pull
from aimonitor.edge.sensors.intake import Deliver, Dialect, Intake
from aimonitor.edge.sensors.mqtt_packets import MqttError
from aimonitor.edge.sensors.receiver import Receiver

log = logging.getLogger(__name__)

_OWN_KEYS = frozenset({"format", "unit", "every", "ask"})


class SensorAddressError(ValueError):
    """The address of a sensor cannot be used; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Way:
    """An opened address: everything that a scheme's function needs."""

    address: SplitResult
    options: Mapping[str, str]
    sensor_id: str
    intake: Intake
    deliver: Deliver
    clock: Clock
    token: str

    @property
    def dialect(self) -> Dialect:
        return Dialect(self.options.get("format", "auto"), self.options.get("unit", "C"))

    @property
    def plain_address(self) -> str:
        """The address without our own options."""
        query = [(key, value) for key, value in parse_qsl(self.address.query) if key not in _OWN_KEYS]
        return self.address._replace(query=urlencode(query)).geturl()


Run = Callable[[Way], Awaitable[None]]


def open_way(
    address: str, sensor_id: str, deliver: Deliver, clock: Clock, *, token: str = ""
) -> tuple[Intake, Awaitable[None]]:
    """The intake (for its counters) and what to await for readings: it returns at a recording's end, else never.

    Raises SensorAddressError for an address that cannot be right; awaiting it raises ThermalFormatError for a recording
    that is none.
    """
    split = urlsplit(address)
    run = WAYS.get(split.scheme)
    if run is None:
        raise SensorAddressError(f"expected a thermal sensor at {', '.join(f'{each}:' for each in WAYS)}…")
    if split.scheme != "cptv" and not split.hostname:
        raise SensorAddressError(f"expected {split.scheme}://<host>…, got no host")
    options = dict(parse_qsl(split.query, keep_blank_values=True))
    try:
        float(options.get("every", "1")), split.port
    except ValueError:
        raise SensorAddressError("expected numbers as port and as every=<seconds>") from None
    intake = Intake(deliver, clock)
    return intake, _keep_open(run, Way(split, options, sensor_id, intake, deliver, clock, token))


async def _keep_open(run: Run, way: Way) -> None:
    """Try again with growing delays; warn once, then be quiet until it works."""
    waits, accepted = delays(), 0
    is_known_bad = False
    while True:
        try:
            await run(way)
        except (OSError, EOFError, TimeoutError, MqttError, WebSocketException) as error:
            (log.debug if is_known_bad else log.warning)(
                "thermal sensor %s: %s", way.sensor_id, str(error) or "no answer"
            )
        else:
            return
        if way.intake.accepted > accepted:
            waits, accepted = delays(), way.intake.accepted
        is_known_bad = True
        await asyncio.sleep(next(waits))


async def _listen(way: Way) -> None:
    server = await Receiver(way.intake, token=way.token).listen(way.address.hostname or "", way.address.port or 8090)
    async with server:
        await server.serve_forever()


async def _http(way: Way) -> None:
    every_s = max(0.1, float(way.options.get("every", "1")))
    await pull.poll_http(way.plain_address, way.sensor_id, way.intake, way.dialect, every_s=every_s)


async def _websocket(way: Way) -> None:
    ask = way.options.get("ask", "F")
    await pull.ask_websocket(way.plain_address, way.sensor_id, way.intake, way.dialect, ask=ask)


async def _tcam(way: Way) -> None:
    await pull.stream_tcam(way.address.hostname or "", way.address.port or 5001, way.sensor_id, way.intake)


async def _mqtt(way: Way) -> None:
    address = way.address
    topic = unquote(address.path.removeprefix("/")) or "+/thermal/frame"
    user, password = unquote(address.username or ""), unquote(address.password or "")
    broker = mqtt.Broker(address.hostname or "", address.port or 1883, topic, user, password)
    await mqtt.subscribe(broker, way.intake, way.dialect, client_id=f"aimonitor-{way.sensor_id}"[:23])


async def _cptv(way: Way) -> None:
    path = Path(unquote(way.address.netloc + way.address.path))
    await pull.replay_cptv(path, way.sensor_id, way.deliver, way.clock.monotonic)


WAYS: Mapping[str, Run] = {
    "listen": _listen,
    "http": _http,
    "https": _http,
    "ws": _websocket,
    "wss": _websocket,
    "tcam": _tcam,
    "mqtt": _mqtt,
    "cptv": _cptv,
}
