"""Webhooks: every event as JSON by POST, signed as Standard Webhooks 1.0 says, so that receivers have a library.

`webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<webhook-id>.<webhook-timestamp>.<body>")>`. The id is the same
at every try: `<source>:<seq>`. https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import binascii
import errno
import hashlib
import hmac
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from aimonitor.common.clock import Clock
from aimonitor.common.reach import forbidden
from aimonitor.hub_client import StoredEvent
from aimonitor.integrations.follower import RefusedError, RetryLaterError
from aimonitor.integrations.settings import WebhookSettings
from aimonitor.integrations.site import at_least

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""What getaddrinfo gives for one address."""

_PREFIX = "whsec_"
_TRY_AGAIN = frozenset({408, 425, 429})
_LONGEST_PAUSE_S = 3600.0


def open_checked(address: AddressInfo) -> socket.socket:
    """A socket for an address that was resolved; raises OSError where no receiver lives (see `common.reach`)."""
    family, kind, protocol, _, place = address
    wrong = forbidden(str(place[0]))
    if wrong is not None:
        raise OSError(errno.EACCES, f"expected a receiver's IP address, got {wrong}")
    return socket.socket(family, kind, protocol)


def sign(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The signature header. A secret that begins with `whsec_` is base64 after that."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("webhook secret: expected base64 after whsec_") from None
    content = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


class Webhook:
    """One receiver of events."""

    def __init__(self, settings: WebhookSettings, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._secret = settings.secret.get_secret_value()
        sign(self._secret, "", 0, b"")  # a secret that cannot sign is told at the start
        self.name = f"webhook {settings.url}"

    async def deliver(self, event: StoredEvent) -> None:
        """POST it; redirects are not followed. Raises RetryLaterError or RefusedError."""
        if event.phase not in self._settings.phases or not at_least(event.level, self._settings.level):
            return
        body = msgspec.json.encode(event)
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        try:
            async with self._session.post(
                self._settings.url,
                data=body,
                headers=self._headers(event, body),
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                status, headers = answer.status, answer.headers
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise RetryLaterError(str(error) or type(error).__name__) from None
        _judge(status, headers)

    def _headers(self, event: StoredEvent, body: bytes) -> dict[str, str]:
        identity, timestamp = f"{event.source}:{event.seq}", int(self._clock.utc())
        return {
            "content-type": "application/json",
            "user-agent": "aimonitor",
            "webhook-id": identity,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secret, identity, timestamp, body),
        }


def _judge(status: int, headers: Mapping[str, str]) -> None:
    if 200 <= status < 300:
        return
    if status >= 500 or status in _TRY_AGAIN:
        asked = headers.get("retry-after", "")
        raise RetryLaterError(
            f"it answered {status}", min(_LONGEST_PAUSE_S, float(asked) if asked.isdecimal() else 0.0)
        )
    raise RefusedError(f"expected an answer of 2xx, got {status}")
