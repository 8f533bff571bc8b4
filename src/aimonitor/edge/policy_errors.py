"""What is wrong with a policy: for each problem where, what was expected and what came."""

import difflib
from collections.abc import Iterable, Sequence
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aimonitor.common.settings import SettingsError

_SHOWN = 60


def unknown_word(word: str, known: Iterable[str], what: str = "") -> str:
    """`unknown 'loitring'; did you mean 'loitering'?`"""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.5) or words
    expected = f"did you mean {' or '.join(map(repr, near))}?" if near else f"expected {what or 'none'}"
    return f"unknown {word!r}; {expected}"


class PolicyError(SettingsError):
    """A policy was refused. The text is the first problem in one line; `problems` are all of them, as (path, words)."""

    def __init__(self, where: str, problems: Sequence[tuple[str, str]]) -> None:
        path, words = problems[0]
        super().__init__(f"{where}: {path}: {words}" if path else f"{where}: {words}")
        self.problems = tuple(problems)

    @classmethod
    def of(cls, error: ValidationError, model: type[BaseModel], where: str) -> "PolicyError":
        """What pydantic complains about, in our words."""
        return cls(where, [_problem(each, model) for each in error.errors(include_url=False)])


def _problem(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    path = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return path, unknown_word(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    message = error["msg"].removeprefix("Value error, ")
    got = repr(error["input"])
    if error["type"] == "value_error" or len(got) > _SHOWN:
        return path, message
    return path, f"{message[:1].lower()}{message[1:]}, got {got}"


def _keys(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """The keys that are known where `path` leads: through nested models and tables of models."""
    for step in path:
        field = model.model_fields.get(str(step))
        if field is None:
            continue  # the name of a zone or line: the model is that of the table
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return list(model.model_fields)
