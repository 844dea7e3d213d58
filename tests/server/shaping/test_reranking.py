"""Variety is what the paper says, and a propensity is exactly the probability."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.shaping import rerank
from recserve.server.shaping.reranking import TEMPERATURE, probabilities

SHARES = st.floats(0, 1)


def directions(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def order(
    scores: list[float],
    degrees: list[float],
    *,
    count: int = 10,
    diversity: float = 0.0,
    exploration: float = 0.0,
    seed: int = 0,
) -> tuple[list[int], list[float]]:
    unit = directions(*degrees)
    return rerank(
        np.array(scores, np.float32),
        lambda place: unit @ unit[place],
        count=count,
        diversity=diversity,
        exploration=exploration,
        random=np.random.default_rng(seed),
    )


def test_without_variety_and_chance_nothing_changes() -> None:
    assert order([0.9, 0.5, 0.1], [0, 0, 0], count=2) == ([0, 1], [1.0, 1.0])


def test_a_twin_of_a_better_item_gives_way() -> None:
    scores, degrees = [0.9, 0.89, 0.5], [0, 1, 90]
    assert order(scores, degrees, diversity=0.0)[0] == [0, 1, 2]
    assert order(scores, degrees, diversity=0.5)[0] == [0, 2, 1]


def test_variety_alone_begins_with_the_best_and_goes_to_what_is_farthest() -> None:
    assert order([0.9, 0.8, 0.7, 0.6], [0, 10, 90, 45], diversity=1.0)[0] == [0, 2, 3, 1]


def test_what_points_the_other_way_is_no_better_than_what_is_unlike() -> None:
    assert order([0.9, 0.8, 0.7], [0, 91, 180], diversity=1.0)[0] == [0, 1, 2]


def utilities(scores: list[float], degrees: list[float], d: float, above: list[int]) -> list[float]:
    """The paper's marginal relevance of each item that is not above, item by item."""
    span = max(scores) - min(scores) or 1.0
    unit = directions(*degrees)
    return [
        (1 - d) * (scores[i] - min(scores)) / span
        - d * max([0.0, *(float(unit[i] @ unit[j]) for j in above)])
        if i not in above
        else -1e9
        for i in range(len(scores))
    ]


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 359)), min_size=1, max_size=8),
    st.sampled_from([0.1, 0.35, 0.6, 0.9, 1.0]),
)
def test_variety_is_maximal_marginal_relevance(items: list[tuple[int, int]], d: float) -> None:
    items = sorted(items, reverse=True)
    scores, degrees = [float(score) for score, _ in items], [float(angle) for _, angle in items]
    found = order(scores, degrees, diversity=d)[0]
    assert sorted(found) == list(range(len(items)))
    for position, place in enumerate(found):
        values = utilities(scores, degrees, d, found[:position])
        assert values[place] >= max(values) - 1e-6


@given(
    st.lists(st.floats(0, 1, width=32), max_size=12),
    st.integers(1, 15),
    SHARES,
    SHARES,
    st.integers(0, 2**32),
)
def test_every_order_has_each_item_once_with_a_possible_propensity(
    scores: list[float], count: int, diversity: float, exploration: float, seed: int
) -> None:
    scores = sorted(scores, reverse=True)
    degrees = [float(37 * i % 360) for i in range(len(scores))]
    places, propensities = order(
        scores,
        degrees,
        count=count,
        diversity=diversity,
        exploration=exploration,
        seed=seed,
    )
    assert len(places) == len(set(places)) == len(propensities) == min(count, len(scores))
    least = exploration * np.exp(-1 / TEMPERATURE) / max(1, len(scores)) if exploration else 1.0
    assert all(least * (1 - 1e-6) <= each <= 1 for each in propensities)


@given(st.lists(st.floats(-1, 0), min_size=1, max_size=50), SHARES)
def test_the_probabilities_of_a_position_sum_to_one(utilities: list[float], share: float) -> None:
    values = np.array(utilities)
    chances = probabilities(values, int(values.argmax()), share)
    assert chances.sum() == pytest.approx(1)
    assert (chances >= 0).all()


@pytest.mark.parametrize("diversity", [0.0, 0.4])
@pytest.mark.parametrize("exploration", [0.2, 1.0])
def test_the_propensity_is_how_often_the_policy_puts_the_item_there(
    diversity: float, exploration: float
) -> None:
    """For every beginning of a ranking that came often: frequencies equal propensities."""
    random = np.random.default_rng(7)
    scores = np.array([0.9, 0.85, 0.5, 0.3, 0.1], np.float32)
    unit = directions(0, 10, 80, 120, 200)
    came: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    said: dict[tuple[int, ...], float] = {}
    for _ in range(20_000):
        places, propensities = rerank(
            scores,
            lambda place: unit @ unit[place],
            count=3,
            diversity=diversity,
            exploration=exploration,
            random=random,
        )
        for position, (place, propensity) in enumerate(zip(places, propensities, strict=True)):
            above = tuple(places[:position])
            came[above][place] += 1
            told = said.setdefault((*above, place), propensity)
            assert told == propensity, "the same for the same items above"
    assert sum(said[(place,)] for place in came[()]) == pytest.approx(1)
    checked = 0
    for above, counts in came.items():
        total = sum(counts.values())
        if total < 1000:
            continue
        for place, times in counts.items():
            chance = said[(*above, place)]
            deviation = np.sqrt(total * chance * (1 - chance))
            assert abs(times - total * chance) <= 4.5 * deviation + 1
            checked += 1
    assert checked >= 10


def test_the_share_of_exploration_is_the_share_of_chance() -> None:
    """An item that chance hardly ever takes is still taken by the rule, and so is the best."""
    _, propensities = order([0.9, 0.1], [0, 90], count=1, exploration=0.5, seed=3)
    chance = np.exp(1 / TEMPERATURE) / (np.exp(1 / TEMPERATURE) + 1)
    assert propensities[0] in (pytest.approx(0.5 + 0.5 * chance), pytest.approx(0.5 * (1 - chance)))


def test_the_same_seed_draws_the_same() -> None:
    scores, degrees = [0.9, 0.8, 0.7, 0.6], [0.0, 10.0, 90.0, 45.0]
    same = [order(scores, degrees, exploration=1.0, seed=5) for _ in range(2)]
    assert same[0] == same[1]
    assert len({tuple(order(scores, degrees, exploration=1.0, seed=s)[0]) for s in range(9)}) > 1
