"""Who may come in: device tokens. Kept as SHA-256 only; a token has 256 bits, so a slow hash would add nothing."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aimonitor.hub.settings import DeviceToken

DEFAULT_EDGE = "default"
"""The edge of a founding client whose token names none."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: to speak for `edge_id`, or for any edge when it is None."""

    edge_id: str | None = None

    def edge(self, asked: str) -> str:
        """The edge that the holder speaks for when it asks to be `asked`."""
        return self.edge_id or asked


class TokenBook:
    """All device tokens. Without any the hub is open: everybody may speak for any edge."""

    def __init__(self, tokens: Iterable[DeviceToken]) -> None:
        self._grants = [(_digest(token.secret.get_secret_value()), Grant(token.edge_id)) for token in tokens]

    @property
    def open(self) -> bool:
        return not self._grants

    def check(self, token: str) -> Grant | None:
        """What `token` allows, None when it is wrong. Takes as long for a right token as for a wrong one."""
        if self.open:
            return Grant()
        digest = _digest(token)
        found: Grant | None = None
        for known, grant in self._grants:
            if hmac.compare_digest(known, digest):
                found = grant
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def token_of(headers: Mapping[str, str]) -> str:
    """The token in `Authorization: Bearer` or `X-Token`, empty when there is none. A query string is never read."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-token", "")
