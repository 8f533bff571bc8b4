"""Why something was not set up, for the page: which field, in which words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aimonitor.common.settings import SettingsError
from aimonitor.contract import setup
from aimonitor.edge.policy_errors import PolicyError, Problem

_SHOWN = 50


class SetupError(ValueError):
    """It cannot be done now; `why` is a word of `contract.setup.Refused`."""

    def __init__(self, why: str, words: str) -> None:
        super().__init__(words)
        self.why = why


@contextmanager
def alone(lock: threading.Lock, words: str) -> Iterator[None]:
    """Hold `lock`; whoever comes meanwhile is told that it is busy, in `words`, and does not wait."""
    if not lock.acquire(blocking=False):
        raise SetupError("busy", words)
    try:
        yield
    finally:
        lock.release()


def problems_of(error: SettingsError) -> tuple[setup.Problem, ...]:
    """Everything that is wrong, the first 50."""
    problems = error.problems if isinstance(error, PolicyError) else [Problem("", str(error))]
    return tuple(
        setup.Problem(path[:1000], words[:1000], code, limit) for path, words, code, limit in problems[:_SHOWN]
    )
