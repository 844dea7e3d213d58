"""Likeness and reasons."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.engine.contract import Reranking
from recserve.server.shaping import ItemVectors, most_alike, shape


def vectors(*rows: tuple[float, ...]) -> ItemVectors:
    return ItemVectors(np.array(rows, np.float32))


ALL = np.ones(5, np.bool_)
FIVE = vectors((2, 0), (1, 1), (0, 0.5), (-3, 0), (0, 0))


def test_the_nearest_direction_comes_first_whatever_the_length() -> None:
    rows, cosines = most_alike(FIVE, 0, ALL, 10)
    assert rows.tolist() == [1, 2, 4, 3]
    np.testing.assert_allclose(cosines, [np.sqrt(0.5), 0, 0, -1], atol=1e-6)


def test_only_what_is_allowed_is_found_and_never_the_item_itself() -> None:
    assert most_alike(FIVE, 0, np.array([1, 0, 1, 0, 0], np.bool_), 10)[0].tolist() == [2]
    assert most_alike(FIVE, 0, np.zeros(5, np.bool_), 3)[0].tolist() == []


@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 999))
def test_the_best_are_those_of_a_whole_sort(count: int, items: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    given_vectors = random.normal(size=(items, 3)).astype(np.float32)
    row = int(random.integers(items))
    unit = given_vectors / np.linalg.norm(given_vectors, axis=1, keepdims=True)
    expected = np.sort(np.delete(unit @ unit[row], row))[::-1][:count]
    rows, cosines = most_alike(ItemVectors(given_vectors), row, np.ones(items, np.bool_), count)
    np.testing.assert_allclose(cosines, expected, atol=1e-5)
    np.testing.assert_allclose(cosines, (unit @ unit[row])[rows], atol=1e-5)


def because(rows: list[int], past: list[int]) -> list[int]:
    scores = np.linspace(1, 0, len(rows), dtype=np.float32)
    wanted = Reranking(len(rows), past_rows=np.array(past, np.int32))
    random = np.random.default_rng(0)
    return shape(wanted, FIVE, random, np.array(rows, np.int32), scores).because_rows.tolist()


def test_the_reason_is_the_past_item_that_is_most_alike() -> None:
    assert because([1], [2, 0]) == [2]  # as near as the other, and newer
    assert because([2], [0, 1]) == [1]


def test_what_is_not_alike_at_all_is_no_reason_nor_is_the_item_itself() -> None:
    assert because([3, 0], [0]) == [-1, -1]
    assert because([4], [0, 1]) == [-1]
    assert because([1], []) == [-1]
    assert because([], [1]) == []


def varied(clusters: list[int] | None, **wanted: object) -> list[int]:
    """The order of items 0 to 4 whose scores fall, by variety alone."""
    scores = np.linspace(1, 0.5, 5, dtype=np.float32)
    reranking = Reranking(5, diversity=1.0, **wanted)  # type: ignore[arg-type]
    of_items = None if clusters is None else np.array(clusters, np.int32)
    random, rows = np.random.default_rng(0), np.arange(5, dtype=np.int32)
    return shape(reranking, FIVE, random, rows, scores, of_items).rows.tolist()


def test_variety_of_clusters_takes_one_of_each_before_a_second() -> None:
    assert varied([7, 7, 3, 3, 7], by_clusters=True)[:2] == [0, 2]


def test_items_without_a_cluster_are_like_none() -> None:
    assert varied([7, 7, -1, -1, 7], by_clusters=True)[:3] == [0, 2, 3]


def test_without_clusters_or_unless_they_are_asked_for_variety_is_of_vectors() -> None:
    assert varied(None, by_clusters=True) == varied([7, 7, 3, 3, 7]) == varied(None)
