"""Letting a device in without typing a secret: it shows a code, a person who is signed in says yes.

The flow is that of RFC 8628 (device authorization): the code is short, made of letters that are not mistaken for
others (its section 6.1) and only good for being approved; the device comes back with a secret of its own, and its
token is made in that moment, so that it is kept nowhere.
"""

import secrets
from typing import Final

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.hub.identity import secret
from aimonitor.hub.identity.records import Pairing, Token
from aimonitor.hub.identity.roles import Refused
from aimonitor.hub.identity.tokens import Tokens
from aimonitor.hub.identity.vaults import Shelf, Vault
from aimonitor.hub.limits import Guesses

EXPIRES_S: Final = 600
INTERVAL_S: Final = 2
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_WAITING = 100


class Claimed(msgspec.Struct, frozen=True):
    """What a device learns when it comes back: the state, and once its token."""

    state: str
    token: Token | None = None
    text: str = ""


class Pairings:
    """All devices that ask. Methods raise Refused and StoreError."""

    def __init__(self, vault: Vault, tokens: Tokens, clock: Clock) -> None:
        self._shelf = Shelf(vault, "pairing", Pairing)
        self._tokens = tokens
        self._clock = clock
        self._asked = Guesses()

    async def ask(self, edge_id: str, name: str, *, address: str, network: str) -> tuple[Pairing, str]:
        """A device asks; returns the pairing and the secret with which it may claim. Five a minute from an address."""
        at = self._clock.monotonic()
        wait_s = self._asked.wait_s(network, at)
        if wait_s:
            raise Refused(429, "pairing", "five requests a minute at most", "one more", wait_s=wait_s)
        self._asked.wrong(network, at)
        if len(await self.waiting()) >= _WAITING:
            raise Refused(429, "pairing", f"at most {_WAITING} devices that wait", "one more", wait_s=60.0)
        code, utc = _make_code(), self._clock.utc()
        text = f"{code}.{secret.make()}"
        pairing = Pairing(code, edge_id, name, address, utc, utc + EXPIRES_S, secret.digest(text))
        await self._shelf.put(code, pairing)
        return pairing, text

    async def waiting(self) -> list[Pairing]:
        """The devices that wait for an answer, oldest first."""
        at = self._clock.utc()
        found = (await self._shelf.all()).values()
        return sorted((each for each in found if each.state == "waiting" and at < each.until), key=lambda each: each.at)

    async def answer(self, code: str, *, approve: bool, edge_id: str | None) -> Pairing:
        """A person says yes or no, and may give the edge another id."""
        pairing = await self._shelf.get(code)
        if pairing is None or pairing.state != "waiting" or self._clock.utc() >= pairing.until:
            raise Refused(404, "code", "the code of a device that waits", code[:20], code="unknown_code")
        state = "approved" if approve else "denied"
        changed = await self._shelf.change(code, state=state, edge_id=edge_id or pairing.edge_id)
        return changed or pairing

    async def claim(self, text: str) -> Claimed:
        """The device comes back. The token is given once."""
        code = text.partition(".")[0]
        pairing = await self._shelf.get(code or "-")
        if (
            pairing is None
            or not secret.same(pairing.digest, secret.digest(text))
            or self._clock.utc() >= pairing.until
        ):
            return Claimed("expired")
        if pairing.state == "waiting":
            return Claimed("waiting")
        if await self._shelf.take(code) is None:
            return Claimed("expired")
        if pairing.state == "denied":
            return Claimed("denied")
        token, secret_text = await self._tokens.make(
            pairing.name or pairing.edge_id, edge_id=pairing.edge_id, role=None
        )
        return Claimed("approved", token, secret_text)

    async def sweep(self) -> None:
        """Forget the devices that no longer wait."""
        at = self._clock.utc()
        for code, pairing in (await self._shelf.all()).items():
            if at >= pairing.until:
                await self._shelf.take(code)


def _make_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
