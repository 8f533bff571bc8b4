"""A checksum inside the messages that must not be misread: who greets, events, and what acknowledges them.

TCP's checksum lets one damaged segment in some ten thousand through, and plain WebSockets have none of their own; a
digit that changed on the way would make another event of the same one, or another journal of the edge. TLS makes this
superfluous, and harmless. The sum is taken over the text as it travels, so that it fits as well where one side knows
fields that the other does not.
"""

import re
import zlib
from typing import TypeVar

import msgspec

from aimonitor.contract import codec
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import Ack, Event, Hello, Welcome

Sealed = TypeVar("Sealed", Ack, Event, Hello, Welcome)

_CHECK = re.compile(r',"check":\d+')  # not inside a string: there the quotes are escaped


def seal(message: Sealed) -> Sealed:
    """The message with its `check`: CRC-32 (ITU-T V.42) of its own encoding without one."""
    return msgspec.structs.replace(message, check=_sum(codec.encode(msgspec.structs.replace(message, check=0))))


def verify(message: Sealed, text: str | bytes, *, required: bool) -> None:
    """Raises ContractError when the check does not fit `text`, as the message came, or is missing where `required`."""
    if message.check == 0 and not required:
        return
    expected = _sum(_CHECK.sub("", text if isinstance(text, str) else text.decode("utf-8")))
    if message.check != expected:
        raise ContractError("$.check", f"{expected}, the checksum of the message", str(message.check))


def _sum(text: str) -> int:
    return zlib.crc32(text.encode("utf-8")) or 1
