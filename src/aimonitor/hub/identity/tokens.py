"""Tokens of edges and programs: kept ones, which can be rotated and revoked, and those that the environment sets."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from aimonitor.common.clock import Clock
from aimonitor.hub.identity import secret
from aimonitor.hub.identity.records import Token
from aimonitor.hub.identity.roles import Caller, Kind, Refused, Role
from aimonitor.hub.identity.vaults import Shelf, Vault
from aimonitor.hub.identity.vaults.copied import CopiedShelf
from aimonitor.hub.settings import EDGE_ID, DeviceToken
from aimonitor.hub.stores.base import StoreError

OVERLAP_S: Final = 86_400.0
"""How long a rotated token is valid beside the new one, unless that is used before."""
_MOST = 5_000
_USED_EVERY_S = 60.0
_ENVIRONMENT = "environment-"


class Tokens:
    """All tokens. What it knows of other hubs' changes is as old as the last `refresh`; checks ask the vault."""

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        environment: Iterable[DeviceToken] = (),
        insiders: Sequence[DeviceToken] = (),
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """insiders: tokens that are always there and never shown"""
        self._shelf = CopiedShelf(Shelf(vault, "token", Token), changed)
        self._clock = clock
        self._insiders = [_fixed(number, each, clock.utc()) for number, each in enumerate(insiders)]
        self.set_fixed(environment)

    def set_fixed(self, environment: Iterable[DeviceToken]) -> None:
        """From now on these are the tokens that the settings name; who came in with another is let go within 5 s."""
        self._fixed = [_fixed(number, each, self._clock.utc()) for number, each in enumerate(environment, 1)]

    async def refresh(self) -> None:
        """Learn what other hubs and programs changed. Raises StoreError; what was known then stays."""
        await self._shelf.refresh()

    @property
    def any_for_edges(self) -> bool:
        """Whether edges are asked for one."""
        return any(token.role is None for token in (*self._fixed, *self._shelf.known.values()))

    def all(self) -> list[Token]:
        """The environment's first, then by age."""
        return [*self._fixed, *sorted(self._shelf.known.values(), key=lambda token: token.created_at)]

    @staticmethod
    def is_founding(token: Token) -> bool:
        """Whether the environment sets it, so that it cannot be changed here."""
        return token.token_id.startswith(_ENVIRONMENT)

    # --- checking ---------------------------------------------------------------------------------------------------

    async def check(self, text: str) -> Caller | None:
        """Whose token this is, None when it is wrong. Every text, right or wrong, costs one digest and one look-up."""
        token_id, digest = secret.id_of(text), secret.digest(text)
        token = await self._shelf.get(token_id or "-")
        caller = self._accept(token, digest)
        if caller is not None and token is not None:
            await self._note_use(token, digest)
        return caller

    async def still(self, caller: Caller) -> Caller | None:
        """The caller as its token stands now; None when that was revoked, rotated or has expired."""
        token = self._shelf.known.get(caller.key) or await self._shelf.get(caller.key)
        return self._accept(token, caller.proof)

    def _accept(self, token: Token | None, digest: str) -> Caller | None:
        fixed = [each for each in (*self._fixed, *self._insiders) if secret.same(each.digest, digest)]
        if fixed:
            return _caller(fixed[0], digest)
        if token is None or not token.accepts(digest, self._clock.utc()):
            return None
        return _caller(token, digest)

    async def _note_use(self, token: Token, digest: str) -> None:
        """Remember that it was used; with the first use of a new secret the old one is over."""
        fields: dict[str, object] = {}
        if digest == token.digest and token.old_digest:
            fields = {"old_digest": "", "old_until": 0.0}
        at = self._clock.utc()
        if at - (token.last_used_at or 0.0) >= _USED_EVERY_S:
            fields["last_used_at"] = at
        if fields:
            with contextlib.suppress(StoreError):  # it is right all the same, and noted with the next use
                await self._shelf.change(token.token_id, **fields)

    # --- changing ---------------------------------------------------------------------------------------------------

    async def make(self, label: str, *, edge_id: str | None, role: Role | None) -> tuple[Token, str]:
        """A new token and its secret, which is shown this once. Raises Refused and StoreError."""
        if len(self._shelf.known) >= _MOST:
            raise Refused(409, "$.label", f"at most {_MOST} tokens", "one more", code="too_many_tokens")
        token_id, text = secret.make_token()
        token = Token(token_id, label, edge_id, role, secret.digest(text), self._clock.utc())
        await self._shelf.add(token_id, token)
        return token, text

    async def rotate(self, token_id: str) -> tuple[Token, str]:
        """Another secret for a token. Raises Refused and StoreError."""
        token = self._own(token_id)
        text = secret.with_id(token_id)
        changed = await self._shelf.change(
            token_id,
            digest=secret.digest(text),
            old_digest=token.digest,
            old_until=self._clock.utc() + OVERLAP_S,
        )
        if changed is None:
            raise _no_token(token_id)
        return changed, text

    async def revoke(self, token_id: str) -> Token:
        """Make a token worthless. Raises Refused and StoreError."""
        token = self._own(token_id)
        await self._shelf.remove(token_id)
        return token

    def _own(self, token_id: str) -> Token:
        if any(token.token_id == token_id for token in self._fixed):
            raise Refused(
                409, "token_id", "a token that is not set by AIMONITOR_TOKENS", token_id, code="set_elsewhere"
            )
        token = self._shelf.known.get(token_id)
        if token is None:
            raise _no_token(token_id)
        return token


def check_edge_id(edge_id: str) -> None:
    """Raises Refused for what cannot be an edge's name."""
    if not EDGE_ID.fullmatch(edge_id):
        raise Refused(422, "edge_id", "1 to 64 letters, digits, '.', '_' and '-'", repr(edge_id[:70]), code="bad_name")


def _fixed(number: int, token: DeviceToken, utc: float) -> Token:
    label = token.label or (f"environment, {token.edge_id or token.role or 'any edge'}")
    digest = secret.digest(token.secret.get_secret_value())
    role = Role(token.role) if token.role else None
    return Token(f"{_ENVIRONMENT}{number}", label, token.edge_id, role, digest, utc)


def _caller(token: Token, digest: str) -> Caller:
    kind: Kind = "edge" if token.role is None else "program"
    return Caller(kind, token.label, token.role, token.edge_id, token.token_id, digest)


def _no_token(token_id: str) -> Refused:
    return Refused(404, "token_id", "a token that is known", repr(token_id[:70]))
