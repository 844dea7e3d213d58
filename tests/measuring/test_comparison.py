"""A figure got worse where every round of this run is worse than every round of the saved one."""

import json
import math

import pytest
from benchmarks.comparison import Change, change_table, changes
from benchmarks.result import Figure, Result, as_json, cell, figures_from_json, number


def figure(*rounds, name="p50", lower_is_better=True):
    return Figure(name, "ms", rounds, lower_is_better)


@pytest.mark.parametrize(
    ("saved", "now", "verdict"),
    [
        ((1.0, 1.1, 1.2), (1.3, 1.4, 1.5), "worse"),
        ((1.3, 1.4, 1.5), (1.0, 1.1, 1.2), "better"),
        ((1.0, 1.1, 1.3), (1.2, 1.4, 1.5), ""),
        ((1.0, 1.1), (9.0, 9.1), ""),
    ],
)
def test_the_rounds_have_to_lie_apart(saved, now, verdict):
    assert Change("latency", figure(*saved), figure(*now)).verdict == verdict


def test_more_calls_a_second_are_better():
    slow = figure(10.0, 11.0, 12.0, lower_is_better=False)
    fast = figure(20.0, 21.0, 22.0, lower_is_better=False)
    assert Change("throughput", slow, fast).verdict == "better"
    assert Change("throughput", fast, slow).verdict == "worse"


def test_ratios_are_of_medians():
    assert Change("x", figure(1.0, 2.0, 9.0), figure(4.0, 4.0, 5.0)).ratio == 2
    assert Change("x", figure(0.0), figure(0.0)).ratio == 1
    assert math.isnan(Change("x", figure(0.0), figure(1.0)).ratio)


def test_figures_in_one_run_alone_are_left_out():
    saved = {"latency": {"p50": figure(1.0), "old": figure(1.0, name="old")}, "gone": {}}
    now = {"latency": [figure(2.0), figure(3.0, name="new")], "added": [figure(1.0)]}
    assert [change.now.name for change in changes(saved, now)] == ["p50"]


def test_a_saved_run_reads_back_as_it_was():
    result = Result("title")
    result.add("p50", "ms", [1.0, 2.0])
    result.add("rate", "calls/s", [5.0], lower_is_better=False)
    read = figures_from_json(json.loads(json.dumps(as_json(result))))
    assert read == {each.name: each for each in result.figures}


def test_what_got_worse_is_marked_in_the_table():
    change = Change("latency", figure(1.0, 1.1, 1.2), figure(2.0, 2.2, 2.4))
    (row,) = change_table([change]).rows
    assert row[0] == "latency: p50"
    assert row[-2:] == ("2.00", "**worse**")


def test_rounds_without_anything_to_measure_are_left_out():
    result = Result("title")
    assert result.add("p99", "ms", [1.0, math.nan, 3.0]).rounds == (1.0, 3.0)
    assert cell(result.add("none", "ms", [math.nan, math.nan])) == "-"


def test_numbers_are_short():
    assert [number(value) for value in (0.123, 12.34, 1234.5, math.nan)] == [
        "0.12",
        "12.3",
        "1,234",
        "-",
    ]
    assert cell(figure(3.0, 1.0, 2.0)) == "2.00 (1.00 to 3.00)"
    assert cell(None) == "-"
