"""The matching is the best one: checked against trying everything."""

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aimonitor.edge import assignment
from aimonitor.edge.columns.assignment import match

gains = st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([-1.0, 0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5]))
)


def best_by_trying_everything(gain):
    n, m = gain.shape
    padded = np.zeros((n, m + n))
    padded[:, :m] = np.maximum(gain, 0)
    return max((sum(padded[i, j] for i, j in enumerate(choice)) for choice in permutations(range(m + n), n)), default=0)


def match_edges(gain):
    rows, columns = (gain > 0).nonzero()
    return assignment.match(list(zip(rows.tolist(), columns.tolist(), gain[rows, columns].tolist(), strict=True)))


@given(gains)
def test_no_other_matching_of_edges_gains_more(gain):
    pairs = match_edges(gain)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(gain[pair] > 0 for pair in pairs)
    assert abs(sum(gain[pair] for pair in pairs) - best_by_trying_everything(gain)) < 1e-9


@given(gains)
def test_no_other_matching_gains_more(gain):
    pairs = match(gain)
    assert len(set(pairs.rows)) == len(set(pairs.columns)) == len(pairs.rows)
    assert list(pairs.rows) == sorted(pairs.rows)
    assert (gain[pairs.rows, pairs.columns] > 0).all()
    assert abs(gain[pairs.rows, pairs.columns].sum() - best_by_trying_everything(gain)) < 1e-9


def test_a_chain_of_rivals_is_resolved_as_a_whole():
    gain = np.array([[0.9, 0.8, 0.0], [0.9, 0.0, 0.0], [0.0, 0.8, 0.7]])
    pairs = match(gain)
    assert list(zip(pairs.rows, pairs.columns, strict=True)) == [(0, 1), (1, 0), (2, 2)]


def test_a_row_stays_alone_when_that_is_better_for_all():
    pairs = match(np.array([[0.5], [0.6]]))
    assert list(zip(pairs.rows, pairs.columns, strict=True)) == [(1, 0)]


def test_a_dense_crowd_is_no_worse_than_any_greedy_choice():
    rng = np.random.default_rng(7)
    for _ in range(20):
        gain = rng.random((40, 40)) - 0.5
        pairs = match(gain)
        greedy, left = 0.0, gain.copy()
        while left.max() > 0:
            row, column = np.unravel_index(left.argmax(), left.shape)
            greedy += left[row, column]
            left[row, :] = left[:, column] = -1
        assert gain[pairs.rows, pairs.columns].sum() >= greedy - 1e-9
