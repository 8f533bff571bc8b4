"""Where nobody of ours has any business: an address that leads there is a mistake or an attack (SSRF).

Cameras, sensors and receivers of webhooks live in private networks, so those are allowed. What is not: the services
from which clouds give a machine its credentials, and addresses that are nobody's. Ask about the address that a socket
is about to use, never about a name: a name may resolve to another address the next time (DNS rebinding).
"""

import ipaddress
import socket

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = tuple(
    ipaddress.ip_network(each)
    for each in (
        "169.254.169.0/24",  # AWS, Azure, Google, Oracle, DigitalOcean: metadata, time, DNS
        "169.254.170.0/24",  # AWS: credentials of containers
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # Google
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, 2.5.5.1, deprecated: the same


def forbidden(ip: str) -> str | None:
    """The address as it is meant when nothing of ours may connect to `ip`, else None. `ip` may have a zone."""
    meant = _meant(ipaddress.ip_address(ip.partition("%")[0]))
    if meant.is_multicast or meant.is_unspecified or any(meant in network for network in _METADATA):
        return str(meant)
    return None


def _meant(address: _Address) -> _Address:
    """The IPv4 address that is written inside an IPv6 one, if one is: mapped, 6to4, translated or compatible."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and (address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1)):
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address


def is_public(ip: str) -> bool:
    """Whether `ip` is an address of the internet, whatever it is written inside."""
    return _meant(ipaddress.ip_address(ip.partition("%")[0])).is_global


def check_peer(connected: socket.socket) -> None:
    """Raises OSError when a socket is connected to a place where nothing of ours has any business."""
    wrong = forbidden(str(connected.getpeername()[0]))
    if wrong is not None:
        raise OSError(f"expected an address of this network or of the internet, got {wrong}")
