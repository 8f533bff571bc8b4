"""Addresses of cameras for people elsewhere: a password reads `***`, and comes back as what it was.

It comes back only at the same host for the same user: nobody gets a password by pointing its address at themselves.
"""

import re
from collections.abc import Iterable

HIDDEN = "***"

_SECRET = re.compile(r"pass|pwd|token|secret|key|auth", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<name>[?&][^=&#]*=)(?P<value>[^&#]*)")


def masked(address: str) -> str:
    """`address` without its secrets: the password, and what looks like one among the parameters."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    authority = _authority(rest)
    credentials, at, place = authority.rpartition("@")
    if ":" in credentials:
        credentials = f"{credentials.partition(':')[0]}:{HIDDEN}"
    return f"{scheme}://{credentials}{at}{place}{_PARAMETER.sub(_hide, rest[len(authority) :])}"


def _hide(found: re.Match[str]) -> str:
    return found["name"] + (HIDDEN if _SECRET.search(found["name"]) and found["value"] else found["value"])


def unmasked(address: str, known: Iterable[str]) -> str | None:
    """`address` with the secrets that a known address has at the same place; None when none has."""
    if HIDDEN not in address:
        return address
    for each in known:
        restored = _restore(address, each)
        if restored is not None and HIDDEN not in restored:
            return restored
    return None


def _restore(address: str, known: str) -> str | None:
    if _place(masked(known)) != _place(address):
        return None
    (scheme, _, rest), theirs = address.partition("://"), known.partition("://")[2]
    rest = _authority(theirs) + rest[len(_authority(rest)) :]
    secrets = {found["name"][1:]: found["value"] for found in _PARAMETER.finditer(theirs)}

    def put_back(found: re.Match[str]) -> str:
        value = secrets.get(found["name"][1:], found["value"]) if found["value"] == HIDDEN else found["value"]
        return found["name"] + value

    return f"{scheme}://{_PARAMETER.sub(put_back, rest)}"


def _authority(rest: str) -> str:
    """User, password, host and port."""
    return re.split(r"[/?#]", rest, maxsplit=1)[0]


def _place(address: str) -> tuple[str, str]:
    """Where a masked address leads, and for whom."""
    scheme, _, rest = address.partition("://")
    return scheme.lower(), _authority(rest)
