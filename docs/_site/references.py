"""Pages of reference from the JSON that the code generates: settings, messages, REST."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def settings_page(folder: Path) -> str:
    """Every key of aimonitor.toml."""
    schema: Json = json.loads((folder / "aimonitor.schema.json").read_text(encoding="utf-8"))
    lines = [
        "# Settings",
        "",
        "Every key of `aimonitor.toml`, from the programs themselves. Each may stand in a variable as well,",
        "`AIMONITOR_<TABLE>_<KEY>`, or in a file that `AIMONITOR_<TABLE>_<KEY>_FILE` names. How they are read and",
        "changed: [configuration](../guide/configuration.md). For editors:",
        "[aimonitor.schema.json](aimonitor.schema.json), and an [example](aimonitor.example.toml).",
        "",
    ]
    definitions: Json = schema["$defs"]
    for table, where in schema["properties"].items():
        lines += _table(f"[{table}]", _named(where), definitions, depth=2)
    return "\n".join(lines)


def _table(heading: str, name: str, definitions: Json, *, depth: int) -> Iterator[str]:
    definition: Json = definitions[name]
    yield f"{'#' * depth} {heading}"
    yield ""
    if definition.get("description"):
        yield from (definition["description"], "")
    yield from ("| key | takes | default | |", "|---|---|---|---|")
    inner = []
    for key, value in definition["properties"].items():
        yield f"| `{key}` | {_takes(value)} | {_default(value)} | {_cell(value.get('description', ''))} |"
        for child, many in _children(value):
            inner.append((f"[[{heading.strip('[]')}.{key}]]" if many else f"[{heading.strip('[]')}.{key}]", child))
    yield ""
    for inner_heading, child in inner:
        yield from _table(inner_heading, child, definitions, depth=depth + 1)


def _children(value: Json) -> Iterator[tuple[str, bool]]:
    """Tables below a key, and whether there may be many of them."""
    for form in value.get("anyOf", [value]):
        if "$ref" in form:
            yield _named(form), False
        elif "$ref" in form.get("items", {}):
            yield _named(form["items"]), True


def _named(reference: Json) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _takes(value: Json) -> str:
    """What a value may be, in words."""
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_takes(form) for form in value["anyOf"]))
    if "$ref" in value:
        return "a table"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if value.get("type") == "array":
        return "tables" if "$ref" in value.get("items", {}) else f"a list: {_takes(value.get('items', {}))}"
    if value.get("type") == "object":
        return "a table of names"
    return _plain(value)


def _plain(value: Json) -> str:
    words = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    bounds = [
        f"{sign} {value[key]:,g}"
        for key, sign in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<"))
        if key in value
    ]
    word = "a secret" if value.get("format") == "password" else words.get(value.get("type", ""), "a value")
    return " ".join([word, ", ".join(bounds)]).strip()


def _default(value: Json) -> str:
    if value.get("default") in (None, "", [], {}):
        return ""
    return f"`{json.dumps(value['default'], ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def messages_page(folder: Path) -> str:
    """Every message of `aimonitor.v2`, and the founding one."""
    document: Json = json.loads((folder / "contract.schema.json").read_text(encoding="utf-8"))
    definitions: Json = document["$defs"]
    lines = [
        "# Messages",
        "",
        "Every message on the wire, from [contract.schema.json](contract.schema.json), which the code generates. Who",
        "says what and when: [the protocol](protocol.md).",
        "",
    ]
    for name in sorted(definitions):
        definition: Json = definitions[name]
        if "properties" not in definition:
            continue
        required = set(definition.get("required", ()))
        lines += [f"## {name}", "", definition.get("description", ""), "", "| field | takes | |", "|---|---|---|"]
        for field, value in definition["properties"].items():
            need = "always there" if field in required else _default(value) and f"else {_default(value)}"
            lines.append(f"| `{field}` | {_wire(value)} | {need} |")
        lines.append("")
    return "\n".join(lines)


def _wire(value: Json) -> str:
    if "$ref" in value:
        name = _named(value)
        return f"[{name}](#{name.lower().replace('.', '')})"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "anyOf" in value:
        return " or ".join(_wire(form) for form in value["anyOf"] if form.get("type") != "null")
    if value.get("type") == "array":
        return f"a list: {_wire(value['items'])}" if value.get("items") else "a list"
    return "a table of names" if value.get("type") == "object" else _plain(value)


def rest_page(folder: Path) -> str:
    """Every path of the hub's REST interface."""
    document: Json = json.loads((folder / "openapi.json").read_text(encoding="utf-8"))
    lines = [
        "# REST, path by path",
        "",
        "Generated from the hub's OpenAPI document ([openapi.json](openapi.json); a running hub has it at",
        "`GET /openapi.json`). What lies behind it is told in [the hub's interfaces](hub-api.md).",
        "",
    ]
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).extend(_operation(f"{method.upper()} {path}", operation))
    for tag in sorted(by_tag):
        lines += [f"## {tag}", "", *by_tag[tag]]
    return "\n".join(lines)


def _operation(heading: str, operation: Json) -> Iterator[str]:
    yield from (f"### `{heading}`", "", operation.get("summary", ""), "")
    if operation.get("description"):
        yield from (operation["description"], "")
    parameters = operation.get("parameters", [])
    if parameters:
        yield from ("| parameter | in | takes | |", "|---|---|---|---|")
        for each in parameters:
            told = _cell(each.get("description", ""))
            yield f"| `{each['name']}` | {each['in']} | {_takes(each.get('schema', {}))} | {told} |"
        yield ""
    body = operation.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        yield from (f"Body: `{kind}`{_shape(content)}", "")
    yield from ("| answer | |", "|---|---|")
    for code, answer in sorted(operation["responses"].items()):
        shapes = "".join(_shape(content) for content in answer.get("content", {}).values())
        yield f"| {code} | {_cell(answer.get('description', ''))}{shapes} |"
    yield ""


def _shape(content: Json) -> str:
    schema = content.get("schema", {})
    return f", `{_named(schema)}`" if "$ref" in schema else ""
