"""Versions side by side."""

import numpy as np
import pytest

from recserve.server.answer_log import LoggedAnswer
from recserve.server.experiments.comparison import Comparison
from recserve.server.experiments.estimate import Estimate, difference, mean, ratio
from recserve.server.experiments.order import Compared


def answer(name: str, version: int, user: str = "", **fields: object) -> LoggedAnswer:
    defaults: dict[str, object] = {
        "label": "stable", "fallback": "", "scenario": "", "item_ids": ["a", "b"],
        "scores": [0.9, 0.1],
    }  # fmt: skip
    return LoggedAnswer(name, 1.0, user, version, **{**defaults, **fields})  # type: ignore[arg-type]


def test_rates_counts_and_differences_are_those_of_the_answers() -> None:
    successes = {"1-0": frozenset("b"), "1-1": frozenset("ab"), "2-0": frozenset("az")}
    comparison = Comparison(successes, positions=1)
    comparison.add(answer(f"1-{n}", 1, f"u{n}") for n in range(4))
    comparison.add(answer(f"2-{n}", 2, f"v{n}") for n in range(2))
    (one, two), baseline = comparison.standings(None)

    assert baseline == 1  # it gave most
    assert (one.answer_count, one.user_count, one.success_count) == (4, 4, 3)
    assert one.success_rate is not None
    assert one.success_rate.value == 0.5
    assert one.value is not None
    assert one.value.value == 0.25  # the first position alone
    assert one.difference is None
    assert (two.answer_count, two.success_count) == (2, 1)  # z was not in the answer
    assert two.difference is not None
    assert two.difference.value == 0.0
    assert two.p_value == pytest.approx(1.0)


def test_the_baseline_and_what_is_shown_are_as_asked() -> None:
    comparison = Comparison({}, positions=1)
    comparison.add(
        answer(f"{version}-{n}", version) for version in (1, 2, 3) for n in range(version)
    )
    standings, baseline = comparison.standings(2, [1, 2])
    assert [each.version for each in standings] == [1, 2]
    assert baseline == 2
    assert comparison.standings(9)[1] == 3


def test_without_answers_there_is_nothing_to_compare() -> None:
    assert Comparison({}, positions=3).standings(1) == ([], None)


def test_a_shadow_is_estimated_from_answers_with_exploration_alone() -> None:
    comparison = Comparison({"1-0": frozenset("b")}, positions=1)
    comparison.add(
        [
            answer("1-0", 1, "u", item_ids=["b", "a"], propensities=[0.25, 1.0]),
            answer("1-1", 1, "v"),
            answer("1-2", 1, "w", propensities=[1.0, 1.0]),
            answer("s-3", 2, compared_with="1-2", label="shadow"),
            answer("s-0", 2, compared_with="1-0", item_ids=["b", "a"], label="shadow"),
            answer("s-1", 2, compared_with="1-1", label="shadow"),
            answer("s-2", 2, compared_with="gone", label="shadow"),
        ]
    )
    (_, two), _ = comparison.standings(None)
    assert (two.version, two.answer_count, two.off_policy_answer_count) == (2, 0, 1)
    assert [each.method for each in two.off_policy] == ["ips", "snips", "dr"]
    assert two.off_policy[0].value.value == 4.0


def test_answers_of_one_user_tell_less_than_those_of_many() -> None:
    chance = np.random.default_rng(1)
    taste = chance.random(50).repeat(20)
    hits = (chance.random(1000) < taste).astype(float)
    alone = mean(hits, list(range(1000)))
    together = mean(hits, list(np.arange(50).repeat(20)))
    assert alone.value == together.value
    assert together.error > 1.5 * alone.error


def test_intervals_hold_what_they_promise() -> None:
    chance = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        tops, bottoms = chance.random(200) * 0.6, chance.random(200) + 0.5
        found = ratio(tops, bottoms, range(200))
        inside += found.low <= 0.3 <= found.high
    assert 270 <= inside <= 297  # 285 of 300 are expected


def test_equal_figures_differ_by_nothing_and_a_single_user_by_anything() -> None:
    same = Estimate(0.5, 0.5, 0.5)
    assert difference(same, same) == (Estimate(0.0, 0.0, 0.0), 1.0)
    apart, p_value = difference(mean(np.ones(3), ["u"] * 3), same)
    assert (apart.low, apart.high, p_value) == (-np.inf, np.inf, 1.0)


def test_what_was_compared_crosses_processes_whole() -> None:
    comparison = Comparison({"1-0": frozenset("b")}, positions=2)
    comparison.add(
        [
            answer("1-0", 1, "u", propensities=[0.5, 0.5]),
            answer("s-0", 2, compared_with="1-0", label="shadow"),
        ]
    )
    compared = Compared(*comparison.standings(None))
    assert Compared.from_plain(compared.to_plain()) == compared
