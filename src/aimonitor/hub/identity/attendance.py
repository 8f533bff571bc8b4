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
        self._present: dict[Caller, set[Present]] = {}
        """By caller: a thousand viewers may have come with one token."""

    @contextlib.contextmanager
    def present(self, caller: Caller, close: Close) -> Iterator[Present]:
        """A socket, for as long as it is open."""
        one = Present(caller, close)
        self._present.setdefault(caller, set()).add(one)
        try:
            yield one
        finally:
            self._leave(one)

    def _leave(self, one: Present) -> None:
        others = self._present[one.caller]
        others.discard(one)
        if not others:
            del self._present[one.caller]

    async def check(self, still: Still) -> None:
        """Close the sockets for which `still` finds no caller any more; while the vault is away nobody is closed."""
        for caller in tuple(self._present):
            try:
                now = await still(caller)
            except StoreError:
                continue
            if now != caller:
                self._change(caller, now)

    def _change(self, caller: Caller, now: Caller | None) -> None:
        for one in tuple(self._present.get(caller, ())):
            if now is None:
                one.close(POLICY_VIOLATION, "the session or token is no longer valid")
            else:
                self._leave(one)
                one.caller = now
                self._present.setdefault(now, set()).add(one)
