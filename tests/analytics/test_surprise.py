"""The forgetting memory says how rare a magnitude is, and admits what it cannot know."""

import json
import math
import random

import pytest

from aimonitor.analytics.surprise import Memory


def filled(draws: int, *, life: float = 5000, seed: int = 1) -> Memory:
    memory = Memory(life)
    chance = random.Random(seed)
    for _ in range(draws):
        memory.add(chance.expovariate(1))
    return memory


@pytest.mark.parametrize("magnitude", [0.5, 1.0, 2.0, 4.0])
def test_inside_of_the_history_the_rarity_is_the_share_that_was_as_large(magnitude):
    # of exponential draws a share of exp(-x) reaches x, so the nats are x itself, up to a bin's width
    assert filled(20_000).nats(magnitude) == pytest.approx(magnitude, abs=0.2)


def test_beyond_the_history_the_tail_goes_on_but_only_so_far():
    memory = filled(4000)
    largest = math.log(2 * (memory.rows + 1))
    assert memory.nats(11.0) > memory.nats(6.0)
    assert memory.nats(1e6) <= largest + 1.5 + 1e-9


def test_nothing_is_rare_while_hardly_anything_is_remembered():
    memory = Memory(1000)
    for _ in range(19):
        memory.add(0.1)
    assert memory.nats(9.0) == 0
    for _ in range(10):
        memory.add(0.1)
    assert memory.nats(9.0) > 2


def test_what_was_long_ago_fades():
    memory = Memory(500)
    for _ in range(50):
        memory.add(6.0)
    fresh = memory.nats(6.0)
    for _ in range(5000):
        memory.add(0.5)
    assert memory.nats(6.0) > fresh + 3
    assert memory.rows == pytest.approx(499, rel=1e-3)


def test_rescaling_of_the_weights_cannot_be_seen():
    memory = Memory(30)  # its weights grow by 3 % a row: they are rescaled every 600 rows
    for i in range(2000):
        memory.add((i % 10) / 2)
    assert memory.rows == pytest.approx(29, rel=1e-6)
    assert memory.nats(0.0) == pytest.approx(-math.log(29.5 / 30), abs=1e-3)


def test_the_state_survives_json():
    memory = filled(1000)
    copy = Memory(5000)
    copy.restore(json.loads(json.dumps(memory.to_dict())))
    for magnitude in (0.0, 1.0, 5.0, 50.0):
        assert copy.nats(magnitude) == pytest.approx(memory.nats(magnitude))
    copy.add(3.0)
    memory.add(3.0)
    assert copy.nats(3.0) == pytest.approx(memory.nats(3.0))


@pytest.mark.parametrize("weights", [{"160": 1.0}, {"-1": 1.0}, {"3": -1.0}, {"3": math.nan}])
def test_a_state_that_does_not_fit_is_refused(weights):
    with pytest.raises(ValueError, match=r"expected weights >= 0 of bins 0\.\.159"):
        Memory(100).restore({"weights": weights})


def test_a_life_must_be_longer_than_one_row():
    with pytest.raises(ValueError, match="expected a life above 1 row, got 1"):
        Memory(1)
