"""What is kept of people, sessions, tokens and pairings. Of secrets only digests. Times are UTC seconds."""

from typing import Literal

import msgspec

from aimonitor.hub.identity import secret
from aimonitor.hub.identity.roles import Caller, Role


class Person(msgspec.Struct, frozen=True):
    """A person. `password` is an argon2id hash in its usual encoding."""

    name: str
    role: Role
    password: str
    created_at: float
    last_seen_at: float | None = None


class Session(msgspec.Struct, frozen=True):
    """A browser in which somebody signed in. `stamp` ties it to the password of that time."""

    name: str
    stamp: str
    created_at: float
    seen_at: float


class Ticket(msgspec.Struct, frozen=True):
    """Lets its holder open one WebSocket."""

    caller: Caller
    until: float


class Token(msgspec.Struct, frozen=True):
    """A device's token (edge_id) or a program's (role). After a rotation the old digest is valid until `old_until`."""

    token_id: str
    label: str
    edge_id: str | None
    role: Role | None
    digest: str
    created_at: float
    last_used_at: float | None = None
    expires_at: float | None = None
    old_digest: str = ""
    old_until: float = 0.0

    def accepts(self, digest: str, utc: float) -> bool:
        """Whether a secret of this digest is valid at `utc`."""
        is_new, is_old = secret.same(digest, self.digest), secret.same(digest, self.old_digest)
        return (is_new or (is_old and utc < self.old_until)) and (self.expires_at is None or utc < self.expires_at)


class SetupCode(msgspec.Struct, frozen=True):
    """Lets its holder become the first admin."""

    until: float


class Pairing(msgspec.Struct, frozen=True):
    """A device that asks to be let in. `digest` is of the secret with which it comes back for the answer."""

    code: str
    edge_id: str
    name: str
    address: str
    at: float
    until: float
    digest: str
    state: Literal["waiting", "approved", "denied"] = "waiting"


class Note(msgspec.Struct, frozen=True):
    """A line of the audit trail."""

    at: float
    who: str
    did: str
    what: str
    outcome: str
    address: str = ""
