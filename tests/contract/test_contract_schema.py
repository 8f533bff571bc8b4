"""The generated schema says what the code accepts, and the copy in docs/ is current."""

import json
from pathlib import Path

import pytest

from aimonitor.contract import schema

ROOT = Path(__file__).parent.parent.parent
SAMPLES = Path(__file__).parent / "samples"


def test_the_copy_in_the_docs_is_current():
    written = (ROOT / "docs" / "ref" / "contract.schema.json").read_text(encoding="utf-8")
    assert written == schema.text(), "stale: run `python -m aimonitor.contract.schema > docs/ref/contract.schema.json`"


def test_every_reference_leads_somewhere():
    document = schema.document()

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(document))
    assert found
    assert found <= {f"#/$defs/{name}" for name in document["$defs"]}


@pytest.fixture(scope="module")
def validate():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    document = schema.document()

    def validate_one(value, kind):
        jsonschema.Draft202012Validator({**document, "$ref": f"#/$defs/{kind}"}).validate(value)

    return validate_one


@pytest.mark.parametrize("path", sorted((SAMPLES / "v2").glob("*.json")), ids=lambda path: path.stem)
def test_samples_of_ours_are_valid(validate, path):
    validate(json.loads(path.read_text(encoding="utf-8")), "v2")


def test_the_founding_sample_is_valid(validate):
    validate(json.loads((SAMPLES / "founding.json").read_text(encoding="utf-8")), "v1")


@pytest.mark.parametrize("spoil", [{"frame_id": "x"}, {"risk_level": "PANIC"}, {"risk_score": 2}])
def test_what_the_code_refuses_is_not_valid(validate, spoil):
    import jsonschema

    value = json.loads((SAMPLES / "founding.json").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        validate({**value, **spoil}, "v1")
