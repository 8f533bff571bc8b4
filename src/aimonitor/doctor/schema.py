"""The settings file as JSON Schema, for editors that complete keys and mark wrong ones while one types."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from aimonitor.doctor.sections import SECTIONS, Section

_TEXT = {"type": "string"}
_ALSO: Mapping[tuple[str, str], list[dict[str, Any]]] = {
    ("hub", "tokens"): [_TEXT, {"type": "object", "additionalProperties": _TEXT}],
    ("hub", "cors_origins"): [_TEXT],
    ("edge", "camera"): [_TEXT, {"type": "array", "items": _TEXT}],
    ("bot", "chats"): [_TEXT, {"type": "integer"}],
}
"""Forms that a validator takes before pydantic looks, so that pydantic's own schema does not know them."""


def settings_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of aimonitor.toml. Raises ImportError where a program is not installed."""
    sections = [find() for find in SECTIONS.values()]
    models: list[tuple[type, JsonSchemaMode]] = [(section.model, "validation") for section in sections]
    generator = GenerateJsonSchema(ref_template="#/$defs/{model}")
    tables, definitions = generator.generate_definitions(
        [(model, mode, model.__pydantic_core_schema__) for model, mode in models]  # type: ignore[attr-defined]
    )
    plain = {str(name): _plain(definition) for name, definition in definitions.items()}
    properties = {}
    for section in sections:
        table = tables[section.model, "validation"]
        _complete(section, plain[str(table["$ref"]).rpartition("/")[2]])
        properties[section.name] = table
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aimonitor.toml",
        "description": "Settings of AI Monitor. Every key may be left out.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": plain,
    }


def _plain(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Without what TOML cannot say (null) and what says nothing (titles that repeat the key)."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    plain = {
        name: {key: _plain(each) for key, each in value.items()} if name == "properties" else _plain(value)
        for name, value in schema.items()
        if name != "title" and not (name == "default" and value is None)
    }
    if len(plain.get("anyOf", ())) == 1:
        plain |= plain.pop("anyOf")[0]
    return plain


def _complete(section: Section, definition: dict[str, Any]) -> None:
    """Add the other forms of a key, and say which keys need no restart; nothing is required, variables may give it."""
    definition.pop("required", None)
    for key, schema in definition["properties"].items():
        words = {name: schema.pop(name) for name in ("description", "default") if name in schema}
        if others := _ALSO.get((section.name, key)):
            alone = dict(schema)
            schema.clear()
            schema["anyOf"] = [alone, *others]
        if key in section.live:
            words["description"] = f"{words.get('description', '')} Followed without a restart.".strip()
        schema.update(words)


def text() -> str:
    """The schema as it is kept in docs/ref/aimonitor.schema.json."""
    return json.dumps(settings_schema(), indent=2, ensure_ascii=False) + "\n"
