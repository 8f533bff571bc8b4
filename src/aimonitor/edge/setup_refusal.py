"""Why something was not set up, for the page: which field, in which words."""

from aimonitor.common.settings import SettingsError
from aimonitor.contract.setup import Problem
from aimonitor.edge.policy_errors import PolicyError

_SHOWN = 50


class SetupError(ValueError):
    """It cannot be done now; `why` is a word of `contract.setup.Refused`."""

    def __init__(self, why: str, words: str) -> None:
        super().__init__(words)
        self.why = why


def problems_of(error: SettingsError) -> tuple[Problem, ...]:
    """Everything that is wrong, the first 50."""
    pairs = error.problems if isinstance(error, PolicyError) else [("", str(error))]
    return tuple(Problem(field[:1000], words[:1000]) for field, words in pairs[:_SHOWN])
