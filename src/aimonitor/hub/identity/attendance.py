"""Who is connected now. A socket whose session or token is no longer good is closed within a few seconds."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator

from aimonitor.hub.identity.roles import Caller
from aimonitor.hub.limits import POLICY_VIOLATION
from aimonitor.hub.stores.base import StoreError

Close = Callable[[int, str], None]
Still = Callable[[Caller], Awaitable[Caller | None]]


class Present:
    """One socket. `caller` is as it was when last checked: a role may change meanwhile."""

    def __init__(self, caller: Caller, close: Close) -> None:
        self.caller = caller
        self.close = close


class Attendance:
    """All sockets with what let them in."""

    def __init__(self) -> None:
        self._present: set[Present] = set()

    @contextlib.contextmanager
    def present(self, caller: Caller, close: Close) -> Iterator[Present]:
        """A socket, for as long as it is open."""
        one = Present(caller, close)
        self._present.add(one)
        try:
            yield one
        finally:
            self._present.discard(one)

    async def check(self, still: Still) -> None:
        """Close the sockets for which `still` finds no caller any more; while the vault is away nobody is closed."""
        answers: dict[Caller, Caller | None] = {}
        for one in tuple(self._present):
            if one.caller not in answers:
                try:
                    answers[one.caller] = await still(one.caller)
                except StoreError:
                    answers[one.caller] = one.caller
            now = answers[one.caller]
            if now is None:
                one.close(POLICY_VIOLATION, "the session or token is no longer valid")
            else:
                one.caller = now
