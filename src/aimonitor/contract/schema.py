"""The contract as JSON Schema (draft 2020-12), generated from the types: for browsers, bots and people.

`python -m aimonitor.contract.schema > docs/ref/contract.schema.json` renews the copy in the documentation.
"""

import json
import sys
from typing import Any

import msgspec

from aimonitor.contract import setup
from aimonitor.contract.founding import FoundingMessage
from aimonitor.contract.messages import AnyMessage


def document() -> dict[str, Any]:
    """One schema document: every v2 message, the bodies of set-up commands and the founding message under `$defs`."""
    (messages, founding, *_), components = msgspec.json.schema_components(
        (AnyMessage, FoundingMessage, *setup.QUESTIONS, *setup.ANSWERS), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AI Monitor contract",
        "description": "`v2` is any text message of the subprotocol aimonitor.v2; `v1` is the founding message.",
        "$defs": {"v1": founding, "v2": messages, **components},
    }


def founding_schema() -> dict[str, Any]:
    """The founding message alone, self-contained, for OpenAPI."""
    (schema,), components = msgspec.json.schema_components(
        (FoundingMessage,), ref_template="#/components/schemas/{name}"
    )
    return {"schema": schema, "components": components}


def setup_schemas() -> dict[str, Any]:
    """What set-up asks and answers, by name (`setup.PolicyNow`), for OpenAPI."""
    template = "#/components/schemas/setup.{name}"
    _, components = msgspec.json.schema_components((*setup.QUESTIONS, *setup.ANSWERS), ref_template=template)
    return {f"setup.{name}": schema for name, schema in components.items()}


def text() -> str:
    """The document as it is kept in docs/ref/contract.schema.json."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
