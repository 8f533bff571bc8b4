"""The first admin: a one-time link that the hub prints while nobody can sign in."""

import logging
import secrets
import socket

from aimonitor.common.clock import Clock
from aimonitor.hub.identity import secret
from aimonitor.hub.identity.people import People
from aimonitor.hub.identity.records import Person, SetupCode
from aimonitor.hub.identity.roles import Refused, Role
from aimonitor.hub.identity.vaults import Shelf, Vault

log = logging.getLogger(__name__)

_VALID_S = 7 * 86_400.0
_CODE_BYTES = 18


class Setup:
    """Codes by digest: every hub of several prints its own, and the first that is used makes all others worthless."""

    def __init__(self, vault: Vault, people: People, clock: Clock, address: str) -> None:
        """address: of the hub, as a browser elsewhere reaches it"""
        self._shelf = Shelf(vault, "setup", SetupCode)
        self._people = people
        self._clock = clock
        self._address = address
        self._printed = False

    async def invite(self) -> None:
        """Print the link, once in a hub's life, unless somebody can sign in. Raises StoreError."""
        if self._printed or self._people.any:
            return
        self._printed = True
        code = secrets.token_urlsafe(_CODE_BYTES)
        await self._shelf.put(secret.digest(code), SetupCode(self._clock.utc() + _VALID_S))
        words = f"nobody can sign in yet; open this link once to become the admin: {self._address}/#/setup/{code}"
        log.warning("%s", words)
        print(words, flush=True)  # noqa: T201 - a person who starts a hub looks at its terminal

    async def accept(self, code: str, name: str, password: str) -> Person:
        """Make the holder of a code the first admin. Raises Refused (403 for a wrong code) and StoreError."""
        key = secret.digest(code)
        await self._people.refresh()
        known = None if self._people.any else await self._shelf.get(key)
        if known is None or self._clock.utc() >= known.until:
            raise Refused(
                403, "$.code", "the code of the link that the hub printed, unused", "another", code="wrong_code"
            )
        person = await self._people.add(name, Role.ADMIN, password)
        for each in await self._shelf.all():
            await self._shelf.take(each)
        return person


def reachable_address(host: str, port: int, public_url: str) -> str:
    """The hub's address for a browser elsewhere: as set, else this machine's in its network. Sends nothing."""
    if public_url:
        return public_url.rstrip("/")
    if host not in ("", "0.0.0.0", "::"):
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): only asks which address would be used
            own = probe.getsockname()[0]
        except OSError:
            own = "127.0.0.1"
    return f"http://{own}:{port}"
