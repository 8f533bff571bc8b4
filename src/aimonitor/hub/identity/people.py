"""The people: who they are, what they may do, and whether a password is theirs."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.hub.identity.passwords import Passwords, check_rules
from aimonitor.hub.identity.records import Person
from aimonitor.hub.identity.roles import Refused, Role
from aimonitor.hub.identity.vaults import Shelf, Vault
from aimonitor.hub.identity.vaults.copied import CopiedShelf

ENVIRONMENT_NAME: Final = "admin"
"""The person whom AIMONITOR_ADMIN_PASSWORD makes."""
_MOST = 1_000
_SEEN_EVERY_S = 300.0
_NAME = re.compile(r"\w(?:[\w .@+'’-]{0,62}[\w.])?")


class People:
    """All people. What it knows is as old as the last `refresh`, at most a few seconds where hubs share a vault."""

    def __init__(
        self,
        vault: Vault,
        passwords: Passwords,
        clock: Clock,
        environment_hash: str | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """environment_hash: of the admin whom the environment makes, None where it makes none."""
        self._shelf = CopiedShelf(Shelf(vault, "person", Person), changed)
        self._passwords = passwords
        self._clock = clock
        self._always: dict[str, Person] = {}
        if environment_hash is not None:
            self._always[ENVIRONMENT_NAME] = Person(ENVIRONMENT_NAME, Role.ADMIN, environment_hash, clock.utc())

    async def refresh(self) -> None:
        """Learn what other hubs and programs changed. Raises StoreError; what was known then stays."""
        await self._shelf.refresh()

    @property
    def any(self) -> bool:
        return bool(self._always or self._shelf.known)

    def all(self) -> list[Person]:
        return sorted({**self._shelf.known, **self._always}.values(), key=lambda person: person.created_at)

    def is_environment(self, person: Person) -> bool:
        """Whether the environment makes this person, so that it cannot be changed here."""
        return key_of(person.name) in self._always

    def get(self, name: str) -> Person | None:
        key = key_of(name)
        return self._always.get(key) or self._shelf.known.get(key)

    async def newest(self, name: str) -> Person | None:
        """The person with this name as the vault has it now; as last known while it is away."""
        key = key_of(name)
        return self._always.get(key) or await self._shelf.get(key)

    async def check(self, name: str, password: str) -> Person | None:
        """The person with this name and password; takes as long when there is no such person. Raises Refused."""
        person = await self.newest(name)
        right = await self._passwords.matches(person.password if person else None, password)
        return person if right else None

    async def add(self, name: str, role: Role, password: str) -> Person:
        """A new person. Raises Refused and StoreError."""
        name = unicodedata.normalize("NFC", name).strip()
        if not _NAME.fullmatch(name):
            raise Refused(
                422, "$.name", "1 to 64 letters, digits, spaces and . @ + - _", repr(name[:70]), code="bad_name"
            )
        check_rules(password, name)
        if not self.any and role is not Role.ADMIN:
            raise Refused(
                422, "$.role", "admin for the first person, who lets in the others", role, code="first_is_admin"
            )
        if len(self._shelf.known) >= _MOST:
            raise Refused(409, "$.name", f"at most {_MOST} people", "one more", code="too_many_people")
        person = Person(name, role, await self._passwords.hash(password), self._clock.utc())
        if key_of(name) in self._always or not await self._shelf.add(key_of(name), person):
            raise Refused(409, "$.name", "a name that nobody has", repr(name), code="name_taken")
        return person

    async def change(self, name: str, *, role: Role | None = None, password: str | None = None) -> Person:
        """Give a person another role or password. Raises Refused and StoreError."""
        person = self._own(name)
        if role is not None and role is not Role.ADMIN:
            self._keep_an_admin(person)
        fields: dict[str, object] = {} if role is None else {"role": role}
        if password is not None:
            check_rules(password, person.name)
            fields["password"] = await self._passwords.hash(password)
        changed = await self._shelf.change(key_of(name), **fields)
        if changed is None:
            raise _nobody(name)
        return changed

    async def remove(self, name: str) -> Person:
        """Forget a person. Raises Refused and StoreError."""
        person = self._own(name)
        self._keep_an_admin(person)
        await self._shelf.remove(key_of(name))
        return person

    async def seen(self, person: Person) -> None:
        """Note that a person was here, every five minutes."""
        key, at = key_of(person.name), self._clock.utc()
        if at - (person.last_seen_at or 0.0) < _SEEN_EVERY_S:
            return
        if key in self._always:
            self._always[key] = msgspec.structs.replace(person, last_seen_at=at)
        else:
            await self._shelf.change(key, last_seen_at=at)

    def _own(self, name: str) -> Person:
        """The person with this name, if not the environment's."""
        if key_of(name) in self._always:
            raise Refused(
                409, "name", "a person who is not set by AIMONITOR_ADMIN_PASSWORD", repr(name), code="set_elsewhere"
            )
        person = self._shelf.known.get(key_of(name))
        if person is None:
            raise _nobody(name)
        return person

    def _keep_an_admin(self, person: Person) -> None:
        """Refuse to let the last admin go: nobody could let anybody in again."""
        others = (each for each in self.all() if key_of(each.name) != key_of(person.name))
        if person.role is Role.ADMIN and not any(each.role is Role.ADMIN for each in others):
            raise Refused(409, "role", "at least one admin", "the last one to go", code="last_admin")


def key_of(name: str) -> str:
    """Names are the same whatever their case and composition (Unicode, 3.13)."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _nobody(name: str) -> Refused:
    return Refused(404, "name", "somebody who is known", repr(name[:70]))
