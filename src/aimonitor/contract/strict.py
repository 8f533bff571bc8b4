"""Strict JSON in: one function that either returns the value or says which field was wrong, how, and what came.

The happy path is msgspec's typed decoder. Only a refused message is looked at a second time, to find what stood at
the place that the decoder complains about.
"""

import json
import math
import re
from typing import Any, TypeVar

import msgspec

from aimonitor.contract.errors import ContractError, TooLargeError

T = TypeVar("T")

_SHOWN = 40
_AT = re.compile(r" - at `(?:key in )?(?P<path>\$[^`]*)`$")
_GOT = re.compile(r"^Expected (?P<expected>.+?)(?:, got (?P<got>.+))?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]")
_NAMES = {"`str`": "a string", "`int`": "an integer", "`float`": "a number", "`bool`": "true or false"}
_NAMES |= {"`object`": "an object", "`array`": "an array", "`null`": "null"}


def decode(decoder: "msgspec.json.Decoder[T]", data: bytes | str, *, limit: int) -> T:
    """Decode `data` (at most `limit` bytes, UTF-8 JSON).

    Raises TooLargeError, or ContractError naming field, expected and got. NaN and Infinity are refused: not JSON.
    """
    if len(data) > limit:
        raise TooLargeError(limit, len(data))
    if isinstance(data, bytes):
        _check_utf8(data)
    try:
        return decoder.decode(data)
    except RecursionError:
        raise ContractError("$", "less nesting", "arrays or objects nested too deeply") from None
    except msgspec.ValidationError as error:
        raise _explain(str(error), data) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise _explain_malformed(str(error), data) from None


def _check_utf8(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError("$", "UTF-8 text", f"byte 0x{data[error.start]:02x} at offset {error.start}") from None


def _explain(complaint: str, data: bytes | str) -> ContractError:
    path_match = _AT.search(complaint)
    path = path_match["path"] if path_match else "$"
    complaint = complaint[: path_match.start()] if path_match else complaint
    if missing := _MISSING.match(complaint):
        return ContractError(f"{path}.{missing['name']}", "this field", "nothing")
    match = _GOT.match(complaint)
    expected = _plain(match["expected"]) if match else _plain(complaint)
    return ContractError(path, expected, _value_at(path, data))


def _plain(phrase: str) -> str:
    for name, words in _NAMES.items():
        phrase = phrase.replace(name, words)
    if phrase.startswith("Invalid enum value"):
        return "one of its known values"
    if phrase.endswith("out of range"):
        return "a finite number of ordinary size"
    if "matching regex" in phrase:
        return "a name of letters, digits, '.', '_' and '-'"
    return phrase.replace("`", "")


def _value_at(path: str, data: bytes | str) -> str:
    """Say in a few characters what stands at `path`."""
    try:
        value: Any = json.loads(data)
        for step in _STEP.finditer(path):
            value = value[step["name"]] if step["name"] else value[int(step["index"])]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "something else"
    return describe(value)


def describe(value: object) -> str:
    """Say in a few characters what `value` is, safely for a log or an answer."""
    if isinstance(value, dict):
        return f"an object with {len(value)} fields"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    shown = json.dumps(value, ensure_ascii=True)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _explain_malformed(complaint: str, data: bytes | str) -> ContractError:
    """Tell a number that JSON does not have (NaN, Infinity, 1e999) from text that is no JSON at all."""

    def refuse(name: str) -> float:
        return math.nan if name == "NaN" else math.inf

    try:
        value = json.loads(data, parse_constant=refuse)
    except RecursionError:
        return ContractError("$", "less nesting", "arrays or objects nested too deeply")
    except ValueError:
        return ContractError("$", "a JSON message", complaint.removeprefix("JSON is malformed: ") or "something else")
    try:
        path = _find_non_finite(value, "$")
    except RecursionError:
        return ContractError("$", "less nesting", "arrays or objects nested too deeply")
    if path is not None:
        return ContractError(path[0], "a finite number", path[1])
    return ContractError("$", "a JSON message", complaint)


def _find_non_finite(value: object, path: str) -> tuple[str, str] | None:
    if isinstance(value, float) and not math.isfinite(value):
        return path, "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(f"{path}.{key}", item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    for inner_path, item in items:
        found = _find_non_finite(item, inner_path)
        if found:
            return found
    return None
