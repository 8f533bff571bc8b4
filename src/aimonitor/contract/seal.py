"""A checksum inside the messages that must not be misread: events, and what acknowledges them.

TCP's checksum lets one damaged segment in some ten thousand through, and plain WebSockets have none of their own; a
digit that changed on the way would make another event of the same one. TLS makes this superfluous, and harmless.
"""

import zlib
from typing import TypeVar

import msgspec

from aimonitor.contract import codec
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import Ack, Event, Welcome

Sealed = TypeVar("Sealed", Event, Ack, Welcome)


def seal(message: Sealed) -> Sealed:
    """The message with its `check`: CRC-32 (ITU-T V.42) of its own encoding without one."""
    return msgspec.structs.replace(message, check=_sum(message))


def verify(message: Sealed, *, required: bool) -> None:
    """Raises ContractError when the check does not fit, or is missing where it is `required`."""
    if message.check == 0 and not required:
        return
    expected = _sum(message)
    if message.check != expected:
        raise ContractError("$.check", f"{expected}, the checksum of the message", str(message.check))


def _sum(message: Sealed) -> int:
    plain = msgspec.structs.replace(message, check=0)
    return zlib.crc32(codec.encode(plain).encode("utf-8")) or 1
