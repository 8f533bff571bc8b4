"""Bodies of requests: read strictly, documented from the same type, and never shown back."""

from typing import Any, Generic, TypeVar

import msgspec
from fastapi import Request

from aimonitor.contract import strict
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.schema import schema_components
from aimonitor.hub.identity.roles import Refused
from aimonitor.hub.reading import read_body

_LIMIT = 4096
_SECRETS = ("$.password", "$.old", "$.new", "$.code", "$.device_secret")

B = TypeVar("B", bound=msgspec.Struct)


class Body(Generic[B]):
    """The JSON body of one route."""

    def __init__(self, kind: type[B], example: dict[str, Any]) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        (schema,), components = schema_components([kind], "{name}")
        self.openapi = {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _whole(schema, components), "example": example}},
            }
        }

    async def read(self, request: Request) -> B:
        """The body. Raises Refused: 413, 415, 422."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "content-type", "application/json", kind[:100] or "nothing")
        try:
            return strict.decode(self._decoder, await read_body(request, _LIMIT), limit=_LIMIT)
        except TooLargeError as error:
            raise Refused(413, error.field, error.expected, error.got) from None
        except ContractError as error:
            got = "a value that is not shown" if error.field in _SECRETS else error.got
            raise Refused(422, error.field, error.expected, got) from None


def _whole(schema: Any, components: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON, through and through
    """The schema with what it refers to in its place: a document has one list of components, which is not ours."""
    if isinstance(schema, dict):
        beside = {key: _whole(value, components) for key, value in schema.items() if key != "$ref"}
        return _whole(components[schema["$ref"]], components) | beside if "$ref" in schema else beside
    return [_whole(each, components) for each in schema] if isinstance(schema, list) else schema
