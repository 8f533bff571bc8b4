"""The contract as JSON Schema (draft 2020-12), generated from the types: for browsers, bots and people.

`python -m aimonitor.contract.schema > docs/ref/contract.schema.json` renews the copy in the documentation.
"""

import inspect
import json
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from aimonitor.contract import setup
from aimonitor.contract.founding import FoundingMessage
from aimonitor.contract.messages import AnyMessage


def document() -> dict[str, Any]:
    """One schema document: every v2 message, the bodies of set-up commands and the founding message under `$defs`."""
    types = (AnyMessage, FoundingMessage, *setup.QUESTIONS, *setup.ANSWERS)
    (messages, founding, *_), components = schema_components(types, "#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AI Monitor contract",
        "description": "`v2` is any text message of the subprotocol aimonitor.v2; `v1` is the founding message.",
        "$defs": {"v1": founding, "v2": messages, **components},
    }


def founding_schema() -> dict[str, Any]:
    """The founding message alone, self-contained, for OpenAPI."""
    (schema,), components = schema_components((FoundingMessage,), "#/components/schemas/{name}")
    return {"schema": schema, "components": components}


def setup_schemas() -> dict[str, Any]:
    """What set-up asks and answers, by name (`setup.PolicyNow`), for OpenAPI."""
    _, components = schema_components((*setup.QUESTIONS, *setup.ANSWERS), "#/components/schemas/setup.{name}")
    return {f"setup.{name}": schema for name, schema in components.items()}


def schema_components(types: Iterable[Any], template: str) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """msgspec's, with docstrings as Python 3.13 compiles them: without the indentation of the source."""
    schemas, components = msgspec.json.schema_components(types, ref_template=template)
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return schemas, components


def text() -> str:
    """The document as it is kept in docs/ref/contract.schema.json."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
