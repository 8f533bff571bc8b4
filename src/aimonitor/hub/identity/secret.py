"""Secrets: 256 random bits each, kept as SHA-256 only; with so many bits a slow hash would add nothing."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

_PREFIX = "aim"
_ID_BYTES = 6


def make() -> str:
    """A new secret, 43 characters that are safe in a URL and a header."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two digests are equal; takes the same time wherever they differ."""
    return hmac.compare_digest(one, other)


def make_token() -> tuple[str, str]:
    """A new token as `(id, text)`; the text is `aim_<id>_<secret>`, so that it is found by its id."""
    token_id = secrets.token_hex(_ID_BYTES)
    return token_id, with_id(token_id)


def with_id(token_id: str) -> str:
    """A new text for the token with this id."""
    return f"{_PREFIX}_{token_id}_{make()}"


def id_of(text: str) -> str:
    """The id in a token's text; empty when it is no token of ours."""
    prefix, _, rest = text.partition("_")
    token_id, separator, _ = rest.partition("_")
    return token_id[:64] if prefix == _PREFIX and separator else ""


def token_of(headers: Mapping[str, str]) -> str:
    """The token in `Authorization: Bearer` or `X-Token`, empty when there is none. A query string is never read."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-token", "")
