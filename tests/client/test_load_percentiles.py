import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.client.load.percentiles import percentile, tail_curve

samples = st.lists(st.floats(0, 1e6), min_size=1, max_size=300).map(sorted)


@given(samples, st.floats(0, 1))
def test_a_percentile_is_the_least_value_that_enough_of_the_sample_does_not_exceed(sample, share):
    value = percentile(sample, share)
    assert value in sample
    slack = 1e-9
    assert sum(each <= value for each in sample) >= share * len(sample) - slack
    assert sum(each < value for each in sample) < max(share * len(sample), 1)


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 1), (0.07, 7), (0.5, 50), (0.99, 99), (0.999, 100), (1, 100)]
)
def test_percentiles_of_a_hundred(share, expected):
    assert percentile(range(1, 101), share) == expected


@given(samples)
def test_the_curve_runs_from_the_least_to_the_greatest(sample):
    shares, values = zip(*tail_curve(sample), strict=True)
    assert (shares[0], values[0]) == (1, sample[0])
    assert (shares[-1], values[-1]) == (1 / len(sample), sample[-1])
    assert list(shares) == sorted(shares, reverse=True)
    assert list(values) == sorted(values)


def test_the_curve_says_what_the_percentiles_say():
    curve = dict(tail_curve(range(1, 1001)))
    assert curve[0.1] == 900
    assert curve[0.01] == 990
