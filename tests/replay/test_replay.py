"""Recorded runs are understood as they were when somebody last looked: see replay.py to renew."""

import json

import pytest

from replay import HERE, NAMES, recorded, replay


def approximately(one, other):
    """Equal, numbers to a few ten-thousandths: the last digit may differ between machines."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(approximately(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(approximately, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=3e-4)
    return one == other


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_is_understood_as_before(name):
    golden = (HERE / "golden" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    told = list(replay(name, recorded(name)))
    assert len(told) == len(golden)
    for number, (before, now) in enumerate(zip(golden, told, strict=True), 1):
        assert approximately(json.loads(before), json.loads(now)), f"{name}.jsonl line {number}:\n- {before}\n+ {now}"


def test_the_recordings_tell_of_something():
    text = "".join((HERE / "golden" / f"{name}.jsonl").read_text(encoding="utf-8") for name in NAMES)
    for kind in ("loitering", "convoy", "warm", "object_left", '"direction":"in"'):
        assert kind in text
