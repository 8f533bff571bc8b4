"""Data under buttons that nobody can forge: an HMAC binds action and argument to the chat they were shown in.

A client may send back any 64 bytes it likes, so whatever comes is checked before it is read. Pure.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

DATA_LIMIT = 64
"""Bytes that Telegram takes as callback data."""
_MAC_BYTES = 9
"""72 bits, of which none can be tried offline; 12 characters."""


@dataclass(frozen=True, slots=True)
class Press:
    """What a genuine button asks for."""

    action: str
    argument: str = ""


class Seal:
    """Signs with a key that the bot made for itself and keeps."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError(f"expected a key of at least 16 bytes, got {len(key)}")
        self._key = key

    def close(self, action: str, argument: str | int, chat_id: int) -> str:
        """Callback data for a button in `chat_id`."""
        body = f"{action}:{argument}"
        data = f"{body}:{self._mac(body, chat_id)}"
        if len(data.encode()) > DATA_LIMIT:
            raise ValueError(f"expected callback data of at most {DATA_LIMIT} bytes, got {len(data)}: {body!r}")
        return data

    def open(self, data: str, chat_id: int) -> Press | None:
        """What the button asks for; None when it is not ours or not of this chat."""
        body, _, mac = data.rpartition(":")
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), self._mac(body, chat_id).encode()):
            return None
        action, _, argument = body.partition(":")
        return Press(action, argument)

    def _mac(self, body: str, chat_id: int) -> str:
        digest = hmac.new(self._key, f"{chat_id}|{body}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode("ascii")


def short_name(source: str) -> str:
    """Twelve characters that stand for a camera in a button, where its full name may not fit."""
    return base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()[:9]).decode("ascii")
