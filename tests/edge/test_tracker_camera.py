"""The camera's own motion: the vote that looks only at neighborhoods decides as one that asks everybody."""

import numpy as np
import pytest

from aimonitor.edge.camera_motion import ALIKE, CANDIDATES, CLEARLY, REACH, TOLERANCE, WITNESSES, refine, vote


def vote_of_all(expected, found, standing):
    """The definition, without short cuts: every candidate hears every pair. Also how much support the best one had."""
    alike = [
        [(fx - x, fy - y) for fx, fy, tall in found if height <= ALIKE * tall and tall <= ALIKE * height]
        for x, y, height in expected
    ]
    proposals = [(x, y) for moves in alike for x, y in moves if abs(x) < REACH and abs(y) < REACH][:CANDIDATES]
    best, witnesses = max(0.4 * len(expected), WITNESSES - 1.5, CLEARLY * standing), []
    for x, y in proposals:
        agreeing = []
        for moves, (_, _, height) in zip(alike, expected, strict=True):
            if moves:
                scale = (TOLERANCE * height) ** 2
                off, dx, dy = min(((dx - x) ** 2 + (dy - y) ** 2, dx, dy) for dx, dy in moves)
                if off < scale:
                    agreeing.append((dx, dy, 1.0 - off / scale, scale))
        support = sum(one[2] for one in agreeing)
        if support >= best:
            best, witnesses = support, agreeing
    return refine(witnesses)


def crowd(rng, shift, strangers):
    """Where people are expected, and where they are found after a shift, a fifth of them missed and some strangers."""
    count = int(rng.integers(4, 20))
    expected = np.stack((rng.uniform(0, 1.3, count), rng.uniform(0, 1, count), rng.uniform(0.1, 0.5, count)), axis=1)
    moved = expected + np.append(shift, 0.0) + rng.normal(0, 0.01, (count, 3))
    others = rng.uniform((0, 0, 0.1), (1.3, 1, 0.5), (strangers, 3))
    found = np.concatenate((moved[rng.random(count) < 0.8], others))
    return [tuple(place) for place in expected.tolist()], [tuple(place) for place in rng.permutation(found).tolist()]


@pytest.mark.parametrize("seed", range(40))
def test_the_vote_of_neighbors_is_the_vote_of_all(seed):
    rng = np.random.default_rng(seed)
    shift = rng.uniform(-0.3, 0.3, 2)
    expected, found = crowd(rng, shift, strangers=int(rng.integers(0, 12)))
    told = vote(expected, found, 1.0)
    assert told == pytest.approx(vote_of_all(expected, found, 1.0), abs=1e-12)


def test_a_vote_finds_a_shift_that_is_larger_than_the_space_between_people():
    rng, off = np.random.default_rng(1), []
    for _ in range(50):
        shift = rng.uniform(-0.25, 0.25, 2)
        told = vote(*crowd(rng, shift, strangers=3), 0.0)
        if told:
            off.append(np.hypot(*(told - shift)))
    assert len(off) > 40
    assert np.median(off) < 0.01


def test_nobody_similar_is_no_vote():
    small, large = [(0.1 * i, 0.5, 0.1) for i in range(6)], [(0.1 * i, 0.5, 0.4) for i in range(6)]
    assert vote(small, large, 0.0) is None
