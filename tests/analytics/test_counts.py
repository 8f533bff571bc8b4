"""Tails of counts against sums over the distribution, and at sizes where sums would never end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.analytics.counts import LARGE_MEAN, tails


def poisson(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


@pytest.mark.parametrize(
    ("count", "mean"), [(0, 3.0), (3, 3.0), (9, 3.0), (19, 3.0), (0, 0.01), (1, 0.01), (250, 200.0)]
)
def test_poisson_tails_are_the_mid_p_sums(count, mean):
    above = poisson(count, mean) / 2 + sum(poisson(k, mean) for k in range(count + 1, count + 200))
    below = poisson(count, mean) / 2 + sum(poisson(k, mean) for k in range(count))
    chance = tails(count, mean, mean)
    assert chance.above == pytest.approx(above, rel=1e-6)
    assert chance.below == pytest.approx(below, rel=1e-6)


def test_geometric_counts_are_the_negative_binomial_of_size_one():
    # mean 3, variance 3 + 9: p(k) = 1/4 * (3/4)^k, so above = (3/4)^10 + half of p(9)
    chance = tails(9, 3.0, 12.0)
    assert chance.above == pytest.approx(0.75**10 + 0.125 * 0.75**9, rel=1e-9)


def test_a_larger_variance_makes_a_large_count_less_surprising():
    assert tails(19, 3.0, 30.0).above > 100 * tails(19, 3.0, 3.0).above


def test_where_sums_would_be_long_the_stand_in_agrees_with_them():
    below, above = tails(330, LARGE_MEAN, 900.0).above, tails(330, LARGE_MEAN * 1.0001, 900.0).above
    assert above == pytest.approx(below, rel=0.03)


@given(
    count=st.integers(0, 10**12),
    mean=st.floats(1e-3, 1e9),
    ratio=st.floats(1, 1e6),
)
def test_any_count_has_two_tails_that_sum_to_one(count, mean, ratio):
    chance = tails(count, mean, mean * ratio)
    assert 0 < chance.above <= 1
    assert 0 < chance.below <= 1
    assert chance.above + chance.below == pytest.approx(1, abs=1e-6)
