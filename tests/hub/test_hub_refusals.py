"""Codes of refusals: every one that the source names is in the vocabulary, and every status has one."""

import re
from pathlib import Path

import pytest

import aimonitor
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.refusals import CODES
from aimonitor.hub import refusals

SOURCES = Path(aimonitor.__file__).parent
STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 501, 502, 503, 504, 507)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_a_refusal_has_a_code(status):
    error = refusals.body(status, "name", "a name", "none")["error"]
    assert error == {"code": error["code"], "field": "name", "expected": "a name", "got": "none"}
    assert error["code"] in CODES


def test_no_code_is_in_the_vocabulary_that_nobody_says():
    spoken = [path for path in SOURCES.rglob("*.py") if path.name != "refusals.py" or path.parent.name == "hub"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in spoken)
    assert [code for code in CODES if not re.search(rf'"{code}"', text)] == []
    assert len(set(CODES)) == len(CODES)


def test_a_closer_code_goes_before_that_of_the_status_and_what_is_beside_it_stays():
    said = refusals.body(409, "role", "at least one admin", "the last one to go", "last_admin", version=3)
    assert (said["error"]["code"], said["version"]) == ("last_admin", 3)


def test_a_broken_contract_and_its_size_are_told_apart():
    assert refusals.of_contract(ContractError("$.x", "a number", "none"))["error"]["code"] == "invalid"
    assert refusals.of_contract(TooLargeError(10, 11))["error"]["code"] == "too_large"
