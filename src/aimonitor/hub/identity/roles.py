"""What people and programs may do, and who is at the door. Pure."""

import enum
from typing import Literal

import msgspec

from aimonitor.contract.refusals import Code


class Role(enum.StrEnum):
    """Each may do what the ones before it may: watch; give commands and mark; set the system up."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Whether this role is `needed` or above it."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


Kind = Literal["local", "person", "program", "edge"]


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and what lets them.

    kind: `local` is anybody on this machine while the hub is open to it
    role: of people and programs; None for edges, which speak for themselves and read nothing
    edge_id: the only edge that the caller may speak for; None: any, where it may speak for edges at all
    key: of what it showed: the session or the token
    proof: digest of the secret that it showed, so that a rotated one ends with its holder
    """

    kind: Kind
    name: str
    role: Role | None = None
    edge_id: str | None = None
    key: str = ""
    proof: str = ""

    def may(self, needed: Role) -> bool:
        return self.role is not None and self.role.allows(needed)

    def edge(self, asked: str) -> str:
        """The edge that the caller speaks for when it asks to be `asked`."""
        return self.edge_id or asked


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The door stays shut: an HTTP status, the field, what was expected and what came. Says nothing of secrets.

    code: where there is a closer one than the status gives
    """

    def __init__(
        self, status: int, field: str, expected: str, got: str, *, wait_s: float = 0.0, code: Code | None = None
    ) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.status = status
        self.field = field
        self.expected = expected
        self.got = got
        self.wait_s = wait_s
        self.code = code


def unknown() -> Refused:
    """The one answer to no credentials, wrong, expired and revoked ones."""
    return Refused(
        401, "credentials", "a session, or a token as Authorization: Bearer or X-Token", "none that is valid"
    )


def impatient(wait_s: float) -> Refused:
    """The answer to who has guessed too often."""
    return Refused(429, "credentials", f"a pause of {wait_s:.0f} s after wrong ones", "one more try", wait_s=wait_s,
                   code="too_many_attempts")  # fmt: skip
