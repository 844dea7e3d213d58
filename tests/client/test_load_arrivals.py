# ruff: noqa: S311 - nothing here is a secret

from itertools import pairwise
from random import Random
from statistics import mean, stdev

import pytest

from recserve.client.load.arrivals import poisson_arrivals


def test_arrivals_ascend_within_the_time():
    arrivals = list(poisson_arrivals(50, 10, Random(1)))
    assert arrivals == sorted(arrivals)
    assert arrivals[0] > 0
    assert arrivals[-1] < 10


def test_gaps_are_exponential():
    """Of an exponential distribution the deviation is the mean, and 1/e of it lies beyond it."""
    arrivals = list(poisson_arrivals(200, 100, Random(1)))
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert mean(gaps) == pytest.approx(1 / 200, rel=0.03)
    assert stdev(gaps) == pytest.approx(1 / 200, rel=0.03)
    assert sum(gap > 1 / 200 for gap in gaps) / len(gaps) == pytest.approx(0.3679, rel=0.03)


def test_the_same_seed_gives_the_same_arrivals():
    first, again, other = (list(poisson_arrivals(9, 9, Random(seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_low_rate_may_give_no_arrival():
    assert list(poisson_arrivals(1e-9, 1, Random(1))) == []
