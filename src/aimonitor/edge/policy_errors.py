"""What is wrong with a policy, in one line that says where, what was expected and what came."""

import difflib
from collections.abc import Iterable
from typing import get_args

from pydantic import BaseModel, ValidationError

_SHOWN = 60


def unknown_word(word: str, known: Iterable[str], what: str = "") -> str:
    """`unknown 'loitring'; did you mean 'loitering'?`"""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.5) or words
    expected = f"did you mean {' or '.join(map(repr, near))}?" if near else f"expected {what or 'none'}"
    return f"unknown {word!r}; {expected}"


def in_one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The first error of a policy."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        keys = _keys(model, first["loc"][:-1])
        return f"{path}: {unknown_word(str(first['loc'][-1]), keys)}"
    message = first["msg"].removeprefix("Value error, ")
    got = repr(first["input"])
    if first["type"] == "value_error" or len(got) > _SHOWN:
        return f"{path}: {message}" if path else message
    return f"{path}: {message[:1].lower()}{message[1:]}, got {got}"


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
