"""Delays grow to the cap and are spread."""

import random
from itertools import islice

import pytest

from aimonitor.common import backoff


def test_delays_grow_to_the_cap():
    waits = list(islice(backoff.delays(first=1, factor=2, cap=8, jitter=0), 6))
    assert waits == [1, 2, 4, 8, 8, 8]


def test_a_hundred_clients_do_not_come_back_at_once():
    rng = random.Random(1)
    waits = sorted(next(backoff.delays(first=2, cap=2, jitter=0.5, rng=rng)) for _ in range(100))
    assert 1 <= waits[0] < 1.2
    assert 2.8 < waits[-1] <= 3
    assert max(sum(start <= wait < start + 0.5 for wait in waits) for start in (1, 1.5, 2, 2.5)) < 40


def test_a_jitter_outside_its_range_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.1, got 2"):
        next(backoff.delays(jitter=2))
