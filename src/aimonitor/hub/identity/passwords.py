"""Passwords: argon2id (RFC 9106) with OWASP's figures for small machines: 19 MiB, two passes, one lane.

One thread does all of it, so that memory stays bounded however many sign in at once.
"""

import asyncio
import contextlib
import functools
import hashlib
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from aimonitor.hub.identity.roles import Refused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")

SHORTEST: Final = 10
LONGEST: Final = 256
_PASSES, _MEMORY_KIB, _LANES, _BYTES = 2, 19_456, 1, 32
_DISTINCT = 5
_WAITING = 16
_NOBODY = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}$bm9ib2R5IGlzIGhlcmU${'A' * 43}"
"""A hash that no password has: checking against it takes as long as against a person's."""
_FIXED_SALT = b"aimonitor environment"


class Passwords:
    """Makes and checks hashes off the event loop."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._one = asyncio.Lock()
        self._waiting = 0

    @functools.cached_property
    def _hasher(self) -> "PasswordHasher":
        """For the thread. Loaded there when somebody signs in first: a hub at rest is spared half a megabyte."""
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, hash_len=_BYTES)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One at a time, in the order of coming. Raises Refused when too many wait."""
        if self._waiting >= _WAITING:
            raise Refused(429, "password", f"at most {_WAITING} that sign in at once", "one more", wait_s=2.0)
        self._waiting += 1
        try:
            async with self._one:
                yield
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        """The hash of a password."""
        return await self._run(lambda: self._hasher.hash(normal(password)))

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Whether `password` has this hash. Nobody's (None) takes as long and never matches."""

        def check() -> bool:
            from argon2 import exceptions

            try:
                self._hasher.verify(hashed or _NOBODY, normal(password))
            except (exceptions.VerificationError, exceptions.InvalidHashError):
                return False
            return hashed is not None

        return await self._run(check)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def close(self) -> None:
        """Let the thread go."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def environment_hash(password: str) -> str:
    """The hash of a password from the environment: the same in every hub that has it, and after every start."""
    from argon2 import Type, low_level

    secret = normal(password).encode()
    return low_level.hash_secret(
        secret, _FIXED_SALT, _PASSES, _MEMORY_KIB, _LANES, _BYTES, Type.ID
    ).decode()  # fmt: skip


def stamp(hashed: str) -> str:
    """Ties a session to a password: another password, another stamp."""
    return hashlib.sha256(hashed.encode()).hexdigest()[:32]


def normal(password: str) -> str:
    """The same password typed on another keyboard (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_rules(password: str, name: str) -> None:
    """Length counts, and being no name; raises Refused (422) that does not repeat the password."""
    typed = normal(password)
    if not SHORTEST <= len(typed) <= LONGEST:
        raise Refused(422, "$.password", f"{SHORTEST} to {LONGEST} characters", f"{len(typed)}", code="password_length")
    if len(set(typed)) < _DISTINCT:
        raise Refused(
            422,
            "$.password",
            f"at least {_DISTINCT} different characters",
            f"{len(set(typed))}",
            code="password_simple",
        )
    if typed.casefold() == normal(name).casefold():
        raise Refused(422, "$.password", "something else than the name", "the name", code="password_is_name")
