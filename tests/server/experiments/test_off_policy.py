"""Estimates from the answers of another version agree with what that version then does."""

import numpy as np
import pytest

from recserve.server.experiments.off_policy import DR, IPS, SNIPS, Drawn, estimate

ITEMS = tuple("abcdef")
TASTE = {"a": 0.1, "b": 0.5, "c": 0.3, "d": 0.05, "e": 0.2, "f": 0.4}
"""How probable a success is for each item."""
SHOWN = tuple("abc")
OTHER = tuple("acf")
EXPLORATION = 0.5


def draw(chance: np.random.Generator) -> tuple[list[str], list[float]]:
    """An answer of the policy that shows SHOWN, and explores: items, and how probable each was."""
    items: list[str] = []
    propensities: list[float] = []
    for _ in range(3):
        left = [each for each in ITEMS if each not in items]
        best = next(each for each in (*SHOWN, *ITEMS) if each not in items)
        probabilities = [EXPLORATION / len(left) + (1 - EXPLORATION) * (e == best) for e in left]
        place = chance.choice(len(left), p=probabilities)
        items.append(left[place])
        propensities.append(probabilities[place])
    return items, propensities


def drawn(count: int, seed: int, scores: tuple[float, ...]) -> list[Drawn]:
    chance = np.random.default_rng(seed)
    answers = []
    for number in range(count):
        items, propensities = draw(chance)
        successes = frozenset(each for each in items if chance.random() < TASTE[each])
        answers.append(Drawn(number, items, propensities, successes, OTHER, scores))
    return answers


TRUTH = sum(TASTE[each] for each in OTHER[:2])


@pytest.mark.parametrize("method", [IPS, SNIPS, DR])
def test_the_estimate_is_where_the_truth_is(method: str) -> None:
    """Over many repetitions: unbiased, and in the interval about as often as it promises."""
    inside, values = 0, []
    for seed in range(40):
        found = {each.method: each for each in estimate(drawn(1_500, seed, (0.2, 0.4, 0.3)), 2)}
        value = found[method].value
        inside += value.low <= TRUTH <= value.high
        values.append(value.value)
    assert abs(np.mean(values) - TRUTH) < 4 * np.std(values) / np.sqrt(40)
    assert inside >= 34  # of 40, where 38 are expected


def test_good_scores_make_the_doubly_robust_estimate_steadier() -> None:
    good = tuple(TASTE[each] for each in OTHER)
    spread = {
        method: np.std(
            [
                next(
                    e for e in estimate(drawn(300, seed, good), 2) if e.method == method
                ).value.value
                for seed in range(30)
            ]
        )
        for method in (IPS, DR)
    }
    assert spread[DR] < 0.9 * spread[IPS]


def test_deep_lists_of_another_kind_are_not_to_be_trusted_and_say_so() -> None:
    for found in estimate(drawn(300, 1, (0.2, 0.4, 0.3)), 3):
        assert found.effective_count < 20


def test_a_version_that_shows_the_same_is_estimated_by_what_was_shown() -> None:
    answers = [
        Drawn(user, "ab", (1.0, 1.0), frozenset("a" if user % 2 else ""), list("ab"), (0.5, 0.1))
        for user in range(100)
    ]
    for found in estimate([_with_lists(each) for each in answers], 2):
        assert found.value.value == pytest.approx(0.5)
        assert found.effective_count == pytest.approx(100)


def _with_lists(each: Drawn) -> Drawn:
    return Drawn(
        each.user,
        list(each.item_ids),
        each.propensities,
        each.successes,
        each.other_item_ids,
        each.other_scores,
    )


def test_a_version_that_was_never_agreed_with_says_so_by_its_effective_count() -> None:
    answers = [Drawn(user, ["a"], (0.5,), frozenset("a"), ["z"], (0.5,)) for user in range(10)]
    for found in estimate(answers, 1):
        assert found.effective_count == 0
        assert np.isfinite(found.value.value)
