"""Text messages of our own format, in and out."""

import msgspec

from aimonitor.contract import strict
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import AnyMessage

TEXT_LIMIT = 256 * 1024
"""Bytes of one text message: an observation of 500 tracks fits."""

_DECODER: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Unknown(msgspec.Struct, frozen=True):
    """A well-formed message of a type that this version does not know: to be skipped and counted."""

    type: str


def encode(message: AnyMessage) -> str:
    """One message as compact JSON text."""
    return _ENCODER.encode(message).decode("utf-8")


def decode(data: bytes | str) -> AnyMessage | Unknown:
    """Decode one text message; an unknown type is no error. Raises ContractError (TooLargeError above TEXT_LIMIT)."""
    try:
        return strict.decode(_DECODER, data, limit=TEXT_LIMIT)
    except ContractError as error:
        if error.field == "$.type" and error.got.startswith('"'):
            return Unknown(error.got.strip('"'))
        raise
