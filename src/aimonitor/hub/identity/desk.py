"""Who is this? Everything about identity in one object, which asks its parts."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from aimonitor.common.beat import beat_or
from aimonitor.common.clock import Clock
from aimonitor.hub.identity import passwords, secret, setup
from aimonitor.hub.identity.attendance import Attendance
from aimonitor.hub.identity.pairing import Pairings
from aimonitor.hub.identity.passwords import Passwords
from aimonitor.hub.identity.peer import Peer, is_loopback
from aimonitor.hub.identity.people import People, key_of
from aimonitor.hub.identity.records import Person
from aimonitor.hub.identity.roles import Caller, Refused, Role, impatient, unknown
from aimonitor.hub.identity.sessions import Lifetime, Sessions
from aimonitor.hub.identity.tokens import Tokens
from aimonitor.hub.identity.trail import Trail
from aimonitor.hub.identity.vaults import Vault, make_vault
from aimonitor.hub.limits import Guesses
from aimonitor.hub.settings import DeviceToken, HubSettings
from aimonitor.hub.stores.base import StoreError

log = logging.getLogger(__name__)

LOCAL = Caller("local", "this machine", Role.ADMIN)
LOCAL_EDGE = Caller("local", "this machine", Role.ADMIN, key="edge")
_CHECK_EVERY_S = 2.0
_SWEEP_EVERY = 300
_FAMILIAR = 10_000


class Identity:
    """People, tokens and who is connected.

    Open to this machine: to people until there is a first person, to edges until there is a person or an edge's token.
    """

    def __init__(
        self, settings: HubSettings, clock: Clock, vault: Vault | None = None, insiders: Sequence[DeviceToken] = ()
    ) -> None:
        """insiders: tokens of programs that run beside the hub, whatever the settings say"""
        self.vault = vault or make_vault(settings.identity_address)
        self._clock = clock
        self._passwords = Passwords()
        self._something_changed = asyncio.Event()
        changed = self._something_changed.set
        admin = settings.admin_password
        admin_hash = passwords.environment_hash(admin.get_secret_value()) if admin else None
        self.people = People(self.vault, self._passwords, clock, admin_hash, changed)
        lifetime = Lifetime(settings.session_idle_hours * 3600, settings.session_days * 86_400)
        self.sessions = Sessions(self.vault, self.people, clock, lifetime, changed)
        self.tokens = Tokens(self.vault, clock, settings.tokens, insiders, changed)
        self.pairings = Pairings(self.vault, self.tokens, clock)
        self.trail = Trail(self.vault, clock)
        self.attendance = Attendance()
        address = setup.reachable_address(settings.host, settings.port, settings.public_url)
        self.setup = setup.Setup(self.vault, self.people, clock, address)
        self._open_locally = settings.open_locally
        self._reachable = settings.host != "localhost" and not is_loopback(settings.host)
        self._guesses = Guesses()
        self._guessed_names = Guesses()
        self._familiar: OrderedDict[tuple[str, str], None] = OrderedDict()

    # --- life -------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Get ready, and print the set-up link where others reach the hub and nobody can sign in. Raises StoreError."""
        await self.vault.open()
        await self._refresh()
        if self._reachable:
            await self.setup.invite()

    async def run(self) -> None:
        """Keep up with other hubs, and let nobody stay whose session or token is over."""
        writing = asyncio.create_task(self.trail.run())
        turn, is_known_bad = 0, False
        try:
            while True:
                await beat_or(self._something_changed, _CHECK_EVERY_S)
                turn += 1
                try:
                    await self._refresh()
                    if turn % _SWEEP_EVERY == 0:
                        await self.sessions.sweep()
                        await self.pairings.sweep()
                    is_known_bad = False
                except StoreError as error:
                    log.log(logging.DEBUG if is_known_bad else logging.WARNING, "people are as last known: %s", error)
                    is_known_bad = True
                try:
                    await self.attendance.check(self.still)
                except Exception:  # top of a task: if it ended, nobody would be thrown out any more
                    log.exception("looking at who is connected failed")
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def close(self) -> None:
        """Write what is left and let go of everything."""
        await self.trail.finish()
        self._passwords.close()
        await self.vault.close()

    async def _refresh(self) -> None:
        await self.people.refresh()
        await self.tokens.refresh()

    # --- who is this? -----------------------------------------------------------------------------------------------

    def open_to(self, peer: Peer) -> bool:
        """Whether this peer need not sign in."""
        return self._open_locally and peer.local and not self.people.any

    def open_to_edge(self, peer: Peer) -> bool:
        """Whether an edge at this peer needs no token."""
        return self.open_to(peer) and not self.tokens.any_for_edges

    async def who(self, headers: Mapping[str, str], cookie: str, peer: Peer, *, as_edge: bool = False) -> Caller:
        """Who sends this request. Raises Refused.

        as_edge: what is asked for is done by edges, so that no session helps
        """
        text = secret.token_of(headers)
        if text and not as_edge:
            return await self.by_token(text, peer)
        if as_edge:
            return await self.edge(text, peer)
        caller = await self.sessions.find(cookie)
        if caller is not None:
            return caller
        if self.open_to(peer):
            return LOCAL
        raise unknown()

    async def edge(self, text: str, peer: Peer) -> Caller:
        """The edge with this token. A hub that is open to it looks at none, as founded. Raises Refused."""
        if self.open_to_edge(peer):
            return LOCAL_EDGE
        if not text:
            raise unknown()
        return await self.by_token(text, peer)

    async def by_token(self, text: str, peer: Peer) -> Caller:
        """The holder of a token. Raises Refused: 401, and 429 for who guessed too often.

        A right one is good even while others guess at its id; an address that guesses is not listened to at all.
        """
        at = self._clock.monotonic()
        wait_s = self._guesses.wait_s(peer.network, at)
        if wait_s:
            raise impatient(wait_s)
        caller = await self.tokens.check(text)
        if caller is not None:
            return caller
        if self.open_to_edge(peer):
            return LOCAL
        account = f"token {secret.id_of(text)}"
        wait_s = self._guesses.wait_s(account, at) if secret.id_of(text) else 0.0
        self._guesses.wrong(peer.network, at)
        if secret.id_of(text):
            self._guesses.wrong(account, at)
        raise impatient(wait_s) if wait_s else unknown()

    async def by_ticket(self, text: str, peer: Peer) -> Caller:
        """The holder of a ticket, which is used up. Raises Refused and StoreError."""
        at = self._clock.monotonic()
        wait_s = self._guesses.wait_s(peer.network, at)
        if wait_s:
            raise impatient(wait_s)
        caller = await self.sessions.redeem(text)
        caller = await self.still(caller) if caller is not None else None
        if caller is None:
            self._guesses.wrong(peer.network, at)
            raise unknown()
        return caller

    async def still(self, caller: Caller) -> Caller | None:
        """The caller as it stands now, None when what let it in is no longer good. Raises StoreError."""
        if caller.kind == "person":
            return await self.sessions.still(caller.key)
        if caller.kind != "local":
            return await self.tokens.still(caller)
        is_open = not self.people.any and not (caller.key and self.tokens.any_for_edges)
        return caller if is_open else None

    # --- signing in -------------------------------------------------------------------------------------------------

    async def sign_in(self, name: str, password: str, peer: Peer) -> tuple[Person, str]:
        """The person and the cookie's secret. Raises Refused and StoreError.

        Five wrong tries in a minute make an address wait, and a name as well; a name's wait does not concern addresses
        where its person has signed in before, so that nobody is locked out by others who guess.
        """
        person = await self._check_password(name, password, peer)
        return person, await self.start_session(person, peer)

    async def change_password(self, name: str, old: str, new: str, peer: Peer) -> tuple[Person, str]:
        """Another password for who knows the old one; the person and a new session's secret, all others being over.

        Raises Refused and StoreError.
        """
        try:
            await self._check_password(name, old, peer)
        except Refused as refusal:
            if refusal.status != 401:
                raise
            raise Refused(403, "$.old", "the password until now", "another", code="wrong_password") from None
        person = await self.people.change(name, password=new)
        return person, await self.start_session(person, peer)

    async def set_up(self, code: str, name: str, password: str, peer: Peer) -> Person:
        """The first admin, for who has the printed code. Raises Refused and StoreError."""
        at, key = self._clock.monotonic(), f"set-up {peer.network}"
        wait_s = self._guessed_names.wait_s(key, at)
        if wait_s:
            raise impatient(wait_s)
        try:
            return await self.setup.accept(code, name, password)
        except Refused as refusal:
            if refusal.status == 403:
                self._guessed_names.wrong(key, at)
            raise

    async def _check_password(self, name: str, password: str, peer: Peer) -> Person:
        async with self._passwords.turn():  # else many tries at once would all be looked at before the first counts
            return await self._check_in_turn(name, password, peer)

    async def _check_in_turn(self, name: str, password: str, peer: Peer) -> Person:
        at, key = self._clock.monotonic(), key_of(name)
        keys = [f"from {peer.network}"]
        if (key, peer.network) not in self._familiar:
            keys.append(f"of {key}")
        wait_s = max(self._guessed_names.wait_s(each, at) for each in keys)
        if wait_s:
            raise impatient(wait_s)
        person = await self.people.check(name, password)
        if person is None:
            for each in (f"from {peer.network}", f"of {key}"):
                self._guessed_names.wrong(each, at)
            raise unknown()
        return person

    async def start_session(self, person: Person, peer: Peer) -> str:
        """Sign a person in whose password was just right; returns the cookie's secret. Raises StoreError."""
        self._familiar[key_of(person.name), peer.network] = None
        if len(self._familiar) > _FAMILIAR:
            self._familiar.popitem(last=False)
        return await self.sessions.start(person)
