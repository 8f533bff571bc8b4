"""Any bytes at all: seconds of it in every run, ten minutes with `make test-slow` (FUZZ_SECONDS says otherwise)."""

import os
import random
import time

import pytest
from mutations import mutated
from targets import TARGETS

ROUNDS = 400


@pytest.mark.parametrize("name", TARGETS)
def test_good_input_and_nearly_good_input(name):
    target, draw = TARGETS[name], random.Random(name)
    for seed in target.seeds:
        target.play(seed)
    for _ in range(ROUNDS):
        data = mutated(draw, target.seeds, target.words)
        try:
            target.play(data)
        except Exception as error:
            raise AssertionError(f"{name} did not stand {data!r}") from error


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_minutes_of_anything(measured):
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    draw, played, until = random.Random(), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        for name, target in TARGETS.items():
            share = time.monotonic() + 0.25
            while time.monotonic() < share:
                data = mutated(draw, target.seeds, target.words)
                try:
                    target.play(data)
                except Exception as error:
                    raise AssertionError(f"{name} did not stand {data!r}") from error
                played += 1
    measured(
        "B10", f"{len(TARGETS)} parsers given anything for {seconds:.0f} s: crashes", "0", f"0 of {played:,} inputs"
    )


FOUND = {
    "request": [b"POST //api[/v1/thermal/a?x=1 HTTP/1.1\r\n\r\n"],
}
"""What once broke a target."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_stays_mended(name):
    for data in FOUND[name]:
        TARGETS[name].play(data)
