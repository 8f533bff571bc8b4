"""Sessions of browsers, and the tickets with which they open WebSockets. Kept by digest: who reads them has neither."""

from collections.abc import Callable
from typing import Final

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.hub.identity import passwords, secret
from aimonitor.hub.identity.people import People
from aimonitor.hub.identity.records import Person, Session, Ticket
from aimonitor.hub.identity.roles import Caller
from aimonitor.hub.identity.vaults import Shelf, Vault
from aimonitor.hub.stores.base import StoreError

TICKET_S: Final = 30
_SEEN_EVERY_S = 60.0
_REMEMBERED = 1_000


class Lifetime(msgspec.Struct, frozen=True):
    """A session ends when it was not used for `idle_s`, and `absolute_s` after signing in."""

    idle_s: float
    absolute_s: float


class Sessions:
    """All sessions. One that was found a moment ago is still found while the vault is away."""

    def __init__(
        self,
        vault: Vault,
        people: People,
        clock: Clock,
        lifetime: Lifetime,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._shelf = Shelf(vault, "session", Session)
        self._tickets = Shelf(vault, "ticket", Ticket)
        self._people = people
        self._clock = clock
        self.lifetime = lifetime
        self._changed = changed
        self._remembered: dict[str, Session] = {}

    async def start(self, person: Person) -> str:
        """A new session; returns its secret, for the cookie. Raises StoreError."""
        text, at = secret.make(), self._clock.utc()
        session = Session(person.name, passwords.stamp(person.password), at, at)
        await self._shelf.put(secret.digest(text), session)
        await self._people.seen(person)
        return text

    async def find(self, text: str) -> Caller | None:
        """Who signed in with this cookie, None when nobody did or it is over."""
        return await self.still(secret.digest(text)) if text else None

    async def still(self, key: str) -> Caller | None:
        """Whose session this is; used, it lives on."""
        session = await self._get(key)
        if session is None:
            return None
        at = self._clock.utc()
        if self._over(session, at):
            await self.end(key)
            return None
        person = self._people.get(session.name)
        if person is None or passwords.stamp(person.password) != session.stamp:
            person = await self._people.newest(session.name)  # another hub may have made or changed it just now
        if person is None or passwords.stamp(person.password) != session.stamp:
            return None
        if at - session.seen_at >= _SEEN_EVERY_S:
            await self._touch(key, person, at)
        return Caller("person", person.name, person.role, key=key)

    async def end(self, key: str) -> None:
        """Sign out."""
        self._remembered.pop(key, None)
        await self._shelf.take(key)
        self._changed()

    async def _get(self, key: str) -> Session | None:
        try:
            session = await self._shelf.get(key)
        except StoreError:
            return self._remembered.get(key)
        self._remembered.pop(key, None)
        if session is not None:
            self._remembered[key] = session
            if len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return session

    async def _touch(self, key: str, person: Person, at: float) -> None:
        try:
            await self._shelf.change(key, seen_at=at)
            await self._people.seen(person)
        except StoreError:
            pass  # it is still remembered as it was, and noted with the next use

    def _over(self, session: Session, at: float) -> bool:
        return at - session.seen_at >= self.lifetime.idle_s or at - session.created_at >= self.lifetime.absolute_s

    # --- tickets ----------------------------------------------------------------------------------------------------

    async def ticket(self, caller: Caller) -> str:
        """A ticket for one WebSocket within 30 s. Raises StoreError."""
        text = secret.make()
        await self._tickets.put(secret.digest(text), Ticket(caller, self._clock.utc() + TICKET_S))
        return text

    async def redeem(self, text: str) -> Caller | None:
        """Whose ticket this is; it is of no more use. Raises StoreError."""
        ticket = await self._tickets.take(secret.digest(text))
        return ticket.caller if ticket is not None and self._clock.utc() < ticket.until else None

    async def sweep(self) -> None:
        """Forget what is over. Raises StoreError."""
        at = self._clock.utc()
        for key, session in (await self._shelf.all()).items():
            if self._over(session, at):
                await self._shelf.take(key)
        for key, ticket in (await self._tickets.all()).items():
            if at >= ticket.until:
                await self._tickets.take(key)
