"""What the routes of identity answer, for the OpenAPI document."""

from typing import Any, Literal

from pydantic import Field

from aimonitor.hub import answers
from aimonitor.hub.identity.roles import Role


class User(answers.Answer):
    """Somebody who is signed in."""

    name: str = Field(examples=["Dana"])
    role: Role


class Access(answers.Answer):
    """`open`: this machine need not sign in; `setup`: nobody can sign in yet; `login`: sign in, or who did."""

    access: Literal["open", "login", "setup"]
    user: User | None = None


class SignedIn(answers.Answer):
    """The session is in the cookie."""

    user: User


class TicketGiven(answers.Answer):
    """Offer `aimonitor.ticket.<ticket>` as a second WebSocket subprotocol, once."""

    ticket: str
    expires_s: int


class KnownUser(User):
    """A person. `environment`: set by AIMONITOR_ADMIN_PASSWORD, and not to be changed here."""

    created_at: float
    last_seen_at: float | None = None
    environment: bool = False


class Users(answers.Answer):
    users: list[KnownUser]


class KnownToken(answers.Answer):
    """A token without its secret. `founding`: set by AIMONITOR_TOKENS, and not to be changed here."""

    token_id: str
    label: str
    edge_id: str | None
    role: Role | None
    created_at: float
    last_used_at: float | None
    expires_at: float | None
    founding: bool


class Tokens(answers.Answer):
    tokens: list[KnownToken]


class TokenMade(answers.Answer):
    """The secret is shown this once."""

    token_id: str
    secret: str


class TokenRotated(answers.Answer):
    """The old secret is valid until this one is used, or for 24 hours."""

    secret: str


class PairingAsked(answers.Answer):
    """Show the code; claim with the secret every `interval_s`."""

    code: str = Field(examples=["BCDF-GHJK"])
    device_secret: str
    approve_path: str = Field(examples=["/#/setup/pair/BCDF-GHJK"])
    interval_s: int
    expires_s: int


class WaitingDevice(answers.Answer):
    """A device that asks to be let in, and from where."""

    code: str
    edge_id: str
    name: str
    address: str
    at: float


class WaitingDevices(answers.Answer):
    pairings: list[WaitingDevice]


class PairingState(answers.Answer):
    """`waiting`, `denied` or `expired`."""

    state: str


class PairingToken(answers.Answer):
    """The device is let in."""

    edge_id: str
    token: str


class AuditLine(answers.Answer):
    """`did` is the name of what was asked for, `what` what it concerned, `outcome` `done` or `refused <status>`."""

    at: float
    who: str
    did: str
    what: str
    outcome: str
    address: str = ""


class AuditTrail(answers.Answer):
    entries: list[AuditLine]


BODY_REFUSALS: dict[int | str, dict[str, Any]] = {
    413: answers.refused("too large"),
    415: answers.refused("not JSON"),
    422: answers.refused("a name or the body is wrong"),
    503: answers.refused("the vault cannot be read or written now"),
}
STATE_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: answers.refused("there is none"),
    409: answers.refused("not as things stand"),
    422: answers.refused("a name is wrong"),
    503: answers.refused("the vault cannot be read or written now"),
}
