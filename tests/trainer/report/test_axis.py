"""Axes have room for all values, and ticks at round ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.trainer.report.axis import Axis

values = st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 0.182], ["0.00", "0.05", "0.10", "0.15", "0.20"]),
        ([0.0, 0.11], ["0.000", "0.025", "0.050", "0.075", "0.100", "0.125"]),
        ([0.0, 1.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0, 12_000], ["0", "2,500", "5,000", "7,500", "10,000", "12,500"]),
        ([-0.5, 0.5], ["-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6"]),
    ],
)
def test_ticks_are_round(values: list[float], ticks: list[str]) -> None:
    assert [tick.text for tick in Axis.around(values, 0, 100).ticks] == ticks


def test_whole_numbers_have_whole_ticks() -> None:
    axis = Axis.around([0, 2], 0, 100, least_step=1.0)
    assert [tick.text for tick in axis.ticks] == ["0", "1", "2"]


@given(values)
def test_every_value_has_a_place_between_the_ends(values: list[float]) -> None:
    axis = Axis.around(values, 200, 12)

    assert all(12 <= axis.at(value) <= 200 for value in values)
    assert 2 <= len(axis.ticks) <= 12


@pytest.mark.parametrize("values", [[], [float("nan")], [float("inf"), 3.0], [0.0, 0.0]])
def test_there_is_an_axis_for_nothing_too(values: list[float]) -> None:
    axis = Axis.around(values, 0, 100)
    assert axis.low < axis.high
