"""Durations in buckets."""

import threading

import pytest

from aimonitor.common.histogram import Histogram


def test_a_value_counts_in_the_first_bucket_that_holds_it():
    histogram = Histogram((0.1, 1.0))
    for value in (0.1, 0.5, 1.0, 7.0):
        histogram.add(value)
    read = histogram.read()
    assert (read.cumulative, read.count, read.sum) == ((1, 3), 4, pytest.approx(8.6))


def test_a_clock_that_was_set_back_measures_nothing():
    histogram = Histogram()
    histogram.add(-3.0)
    assert (histogram.read().cumulative[0], histogram.read().sum) == (1, 0.0)


@pytest.mark.parametrize("bounds", [(), (1.0, 1.0), (2.0, 1.0)])
def test_bounds_must_rise(bounds):
    with pytest.raises(ValueError, match="expected rising bounds"):
        Histogram(bounds)


def test_threads_lose_nothing():
    histogram = Histogram((1.0,))

    def many():
        for _ in range(5_000):
            histogram.add(1.0)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (histogram.read().count, histogram.read().sum) == (20_000, 20_000.0)
