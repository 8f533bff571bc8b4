"""What every refusal by HTTP says: `{"error": {"code", "field", "expected", "got"}}`. Pure.

`code` is of the vocabulary that pages translate; `field`, `expected` and `got` are for people who look closer.
"""

from typing import Any

from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.refusals import Code

_OF_STATUS: dict[int, Code] = {
    400: "incomplete",
    401: "signed_out",
    403: "forbidden",
    404: "missing",
    405: "wrong_method",
    409: "conflict",
    413: "too_large",
    415: "not_json",
    422: "invalid",
    429: "busy",
    501: "edge_outdated",
    502: "edge_nonsense",
    503: "unavailable",
    504: "edge_silent",
    507: "disk_full",
}


def body(
    status: int, field: str, expected: str, got: str, code: Code | None = None, **beside: object
) -> dict[str, Any]:
    """The body of an answer with `status`, which gives the code where no closer one is known."""
    error = {"code": code or _OF_STATUS.get(status, "invalid"), "field": field, "expected": expected, "got": got}
    return {"error": error, **beside}


def of_contract(error: ContractError) -> dict[str, Any]:
    """The body for a message that broke the contract."""
    return body(413 if isinstance(error, TooLargeError) else 422, error.field, error.expected, error.got)
