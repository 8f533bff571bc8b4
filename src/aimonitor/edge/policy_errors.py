"""What is wrong with a policy: for each problem where, what was expected and what came."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from aimonitor.common.settings import SettingsError
from aimonitor.contract.setup import ProblemCode

_SHOWN = 60
_LIMITS: Mapping[str, tuple[ProblemCode, str]] = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at_least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at_most", "le"),
    "too_short": ("too_few", "min_length"),
    "too_long": ("too_many", "max_length"),
    "string_too_short": ("too_short", "min_length"),
    "string_too_long": ("too_long", "max_length"),
}
"""Pydantic's types of errors about a limit: our code, and where in the error's context the limit is."""
_CODES: Mapping[str, ProblemCode] = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "literal_error": "unknown",
    "string_pattern_mismatch": "malformed",
    **dict.fromkeys(
        ("float_type", "float_parsing", "finite_number", "int_type", "int_parsing", "int_from_float"), "no_number"
    ),
}
_OWN: frozenset[str] = frozenset(get_args(ProblemCode)) - _LIMITS.keys() - _CODES.keys()
"""Types of errors that validators of ours raise."""


def fault(code: ProblemCode, words: str) -> PydanticCustomError:
    """What a validator raises: a ValueError with a code of its own, one that pydantic does not know."""
    return PydanticCustomError(code, "{words}", {"words": words})


def unknown_word(word: str, known: Iterable[str], what: str = "") -> str:
    """`unknown 'loitring'; did you mean 'loitering'?`"""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.5) or words
    expected = f"did you mean {' or '.join(map(repr, near))}?" if near else f"expected {what or 'none'}"
    return f"unknown {word!r}; {expected}"


class Problem(NamedTuple):
    """One thing that is wrong: where, in words, and in short; `limit` is what the code is about, if it has one."""

    path: str
    words: str
    code: ProblemCode | None = None
    limit: float | None = None


class PolicyError(SettingsError):
    """A policy was refused. The text is the first problem in one line; `problems` are all of them."""

    def __init__(self, where: str, problems: Sequence[Problem]) -> None:
        path, words = problems[0][:2]
        super().__init__(f"{where}: {path}: {words}" if path else f"{where}: {words}")
        self.problems = tuple(problems)

    @classmethod
    def of(cls, error: ValidationError, model: type[BaseModel], where: str) -> "PolicyError":
        """What pydantic complains about, in our words."""
        return cls(where, [_problem(each, model) for each in error.errors(include_url=False)])


def _problem(error: ErrorDetails, model: type[BaseModel]) -> Problem:
    return Problem(".".join(str(step) for step in error["loc"]), _words(error, model), *_code(error))


def _words(error: ErrorDetails, model: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return unknown_word(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    message = error["msg"].removeprefix("Value error, ")
    got = repr(error["input"])
    if error["type"] in _OWN or error["type"] == "value_error" or len(got) > _SHOWN:
        return message
    return f"{message[:1].lower()}{message[1:]}, got {got}"


def _code(error: ErrorDetails) -> tuple[ProblemCode | None, float | None]:
    kind = error["type"]
    if kind in _LIMITS:
        code, key = _LIMITS[kind]
        return code, error["ctx"][key]
    return _CODES.get(kind) or next((own for own in get_args(ProblemCode) if own == kind), None), None


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
