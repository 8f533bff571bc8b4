"""The part of MQTT 3.1.1 (OASIS standard, 2014) that a subscriber needs, as bytes. No I/O."""

from dataclasses import dataclass

CONNACK, PUBLISH, SUBACK = 2, 3, 9
_PACKET_LIMIT = 80 * 1024

_REFUSALS = {
    1: "another protocol version",
    2: "another client id",
    3: "a broker that is available",
    4: "the right user name and password",
    5: "to be authorized",
}


class MqttError(ValueError):
    """The broker refused, or what came is no MQTT."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One control packet: type, flags (lower four bits of the first byte), and what follows the length."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """A message of a topic; `packet_id` is to be acknowledged when it is not 0 (QoS 1)."""

    topic: str
    payload: bytes
    packet_id: int = 0


def connect(client_id: str, *, user: str = "", password: str = "", keepalive_s: int = 30) -> bytes:
    """CONNECT with a clean session."""
    flags = 0x02 | (0x80 if user else 0) | (0x40 if user and password else 0)
    body = _text("MQTT") + bytes((4, flags)) + keepalive_s.to_bytes(2, "big") + _text(client_id)
    if user:
        body += _text(user) + (_text(password) if password else b"")
    return _packet(0x10, body)


def subscribe(packet_id: int, topic: str) -> bytes:
    """SUBSCRIBE to one topic filter, QoS 0: a picture that was lost is old."""
    return _packet(0x82, packet_id.to_bytes(2, "big") + _text(topic) + b"\x00")


def acknowledge(packet_id: int) -> bytes:
    """PUBACK."""
    return _packet(0x40, packet_id.to_bytes(2, "big"))


PING = bytes((0xC0, 0))


def check_connack(packet: Packet) -> None:
    """Raises MqttError when the broker did not accept."""
    if packet.kind != CONNACK or len(packet.body) != 2:
        raise MqttError(f"expected CONNACK, got packet type {packet.kind}")
    if code := packet.body[1]:
        raise MqttError(f"the broker expected {_REFUSALS.get(code, 'something else')} (return code {code})")


def publication(packet: Packet) -> Publication:
    """The message in a PUBLISH packet. Raises MqttError."""
    body, qos = packet.body, packet.flags >> 1 & 3
    end = 2 + int.from_bytes(body[:2], "big")
    start = end + (2 if qos else 0)
    if len(body) < start or qos > 1:
        raise MqttError(f"expected a whole PUBLISH of QoS 0 or 1, got {len(body)} bytes of QoS {qos}")
    try:
        topic = body[2:end].decode("utf-8")
    except UnicodeDecodeError:
        raise MqttError("expected a topic in UTF-8") from None
    return Publication(topic, body[start:], int.from_bytes(body[end:start], "big"))


class PacketReader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are whole now. Raises MqttError for a length beyond the limit."""
        self._data += data
        packets = []
        while (packet := self._take()) is not None:
            packets.append(packet)
        return packets

    def _take(self) -> Packet | None:
        length, shift = 0, 0
        for position in range(1, min(5, len(self._data))):
            byte = self._data[position]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        else:
            if len(self._data) >= 5:
                raise MqttError("expected a length of at most four bytes")
            return None
        if length > _PACKET_LIMIT:
            raise MqttError(f"expected packets of at most {_PACKET_LIMIT:,} bytes, got {length:,}")
        end = position + 1 + length
        if len(self._data) < end:
            return None
        packet = Packet(self._data[0] >> 4, self._data[0] & 15, bytes(self._data[position + 1 : end]))
        del self._data[:end]
        return packet


def _text(text: str) -> bytes:
    data = text.encode("utf-8")
    return len(data).to_bytes(2, "big") + data


def _packet(first: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes((first,)) + bytes(length) + body
