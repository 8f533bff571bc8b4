"""Look for cameras on the local network: ESP32-CAMs by their firmware, RTSP servers, ONVIF devices.

Only private networks of at most 1,024 addresses are searched, and only by what any client does: a connection, one
small request. A camera's only stream is taken for no longer than its first line needs.
"""

import contextlib
import ipaddress
import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aimonitor.common.clock import Clock
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts
from aimonitor.edge.sources.address import HttpAddress
from aimonitor.edge.sources.firmware import ESPHOME, recognize

HTTP_PORTS = (80, 8080)
RTSP_PORTS = (554, 8554)
HOST_LIMIT = 1024

_TIMEOUTS = Timeouts(connect_s=1.0, first_byte_s=2.0)
_CONNECT_S = 0.6
_AT_ONCE = 64
_DISCOVERY = ("239.255.255.250", 3702)
_DISCOVERY_S = 2.0
_DISCOVERED = 256
_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:{id}</w:MessageID>
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""

_SERVER = re.compile(rb"^server:[ \t]*([^\r\n]{1,60})", re.IGNORECASE | re.MULTILINE)
_SERVICE = re.compile(rb"<[^>]*XAddrs>\s*([^<\s]+)")
_NAME = re.compile(rb"onvif://www\.onvif\.org/name/([^\s<]{1,60})")


@dataclass(frozen=True, slots=True)
class Found:
    """A camera. `address` is what `--camera` takes; empty when only the camera's manual knows its path."""

    host: str
    port: int
    what: str
    address: str = ""
    advice: str = ""


def local_networks() -> list[ipaddress.IPv4Network]:
    """The /24 around each private address of this machine."""
    own: set[str] = set()
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))  # sends nothing; only asks which way it would go
        own.add(sock.getsockname()[0])
    with contextlib.suppress(OSError):  # it does not know its own name
        own.update(str(place[4][0]) for place in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))
    addresses = [ipaddress.IPv4Address(each) for each in sorted(own)]
    networks = [ipaddress.IPv4Network(f"{each}/24", strict=False) for each in addresses if _is_local(each)]
    return list(dict.fromkeys(networks))


def parse_network(text: str) -> ipaddress.IPv4Network:
    """`192.168.1.0/24` or one address; raises SourceError unless it is private and of HOST_LIMIT addresses at most."""
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise SourceError(f"network: expected such as 192.168.1.0/24, got {text[:60]!r}", retryable=False) from None
    if not network.is_private or network.num_addresses > HOST_LIMIT:
        raise SourceError(
            f"network: expected a private one of at most {HOST_LIMIT} addresses, got {network}", retryable=False
        )
    return network


def scan(
    networks: Iterable[ipaddress.IPv4Network],
    clock: Clock,
    *,
    http_ports: Iterable[int] = HTTP_PORTS,
    rtsp_ports: Iterable[int] = RTSP_PORTS,
    found: Callable[[Found], None] = lambda _: None,
) -> list[Found]:
    """Ask every address; `found` is called (in this thread) as soon as something answers, ONVIF devices last."""
    probes: list[tuple[Callable[[str, int, Clock], Found | None], str, int]] = []
    for network in networks:
        for host in _hosts(network):
            probes += [(_ask_http, host, port) for port in http_ports]
            probes += [(_ask_rtsp, host, port) for port in rtsp_ports]
    results: list[Found] = []
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scan") as pool:
        discovered = pool.submit(lambda: list(discover_onvif(clock)))
        for answer in pool.map(lambda probe: probe[0](probe[1], probe[2], clock), probes):
            if answer is not None:
                results.append(answer)
                found(answer)
        for answer in discovered.result():
            results.append(answer)
            found(answer)
    return results


def discover_onvif(
    clock: Clock, place: tuple[str, int] = _DISCOVERY, *, seconds: float = _DISCOVERY_S
) -> Iterator[Found]:
    """Devices that answer a WS-Discovery probe (OASIS WS-Discovery 1.1, ONVIF Core section 7.3), 256 at most."""
    seen: set[bytes] = set()
    until = clock.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.sendto(_PROBE.format(id=uuid.uuid4()).encode(), place)
            while len(seen) < _DISCOVERED and (left_s := until - clock.monotonic()) > 0:
                sock.settimeout(left_s)
                data, sender = sock.recvfrom(65_535)
                service = _SERVICE.search(data)
                if service is None or service[1] in seen:
                    continue
                seen.add(service[1])
                name = _NAME.search(data)
                what = "ONVIF camera" + (f" {_text(name[1])}" if name else "")
                advice = f"its service is {_text(service[1])}; its RTSP path is in its settings or manual"
                yield Found(sender[0], 0, what, advice=advice)
        except OSError:  # nobody answers any more, or this network has no multicast
            return


def _hosts(network: ipaddress.IPv4Network) -> list[str]:
    return [str(host) for host in network.hosts()]


def _is_local(address: ipaddress.IPv4Address) -> bool:
    return address.is_private and not address.is_loopback and not address.is_link_local


def _ask_http(host: str, port: int, clock: Clock) -> Found | None:
    if not _listens(host, port):
        return None
    address = HttpAddress(host, port, "/")
    try:
        firmware = recognize(address, timeouts=_TIMEOUTS, clock=clock, stop=threading.Event())
    except SourceError:
        return None
    default = 80
    where = f"esp32cam://{host}" + ("" if port == default else f":{port}")
    advice = f"the stream alone: {firmware.stream(address)}"
    if firmware is ESPHOME:
        where, advice = str(firmware.stream(address)), ""
    return Found(host, port, f"ESP32-CAM, {firmware.name}", where, advice)


def _ask_rtsp(host: str, port: int, clock: Clock) -> Found | None:
    del clock
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_S) as sock:
            sock.settimeout(_TIMEOUTS.first_byte_s)
            sock.sendall(f"OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            answer = sock.recv(4096)
    except OSError:
        return None
    if not answer.startswith(b"RTSP/1."):
        return None
    server = _SERVER.search(answer)
    name = f" ({_text(server[1])})" if server else ""
    advice = f"rtsp://user:password@{host}:{port}/PATH, with the path of its manual, such as /stream1 or /live"
    return Found(host, port, f"RTSP server{name}", advice=advice)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def _text(data: bytes) -> str:
    """What a stranger sent, fit for a terminal."""
    return "".join(char if char.isprintable() else "?" for char in data.decode("utf-8", "replace"))
