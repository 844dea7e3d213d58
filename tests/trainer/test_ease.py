"""EASE, against its definition."""

import numpy as np
import pytest
from scipy import sparse

from recserve.trainer.errors import DatasetError
from recserve.trainer.item_similarity import ease


@pytest.fixture(params=[60, 15], ids=["many users", "few users"])
def matrix(request: pytest.FixtureRequest) -> sparse.csr_matrix:
    rng = np.random.default_rng(1)
    return sparse.csr_matrix((rng.random((request.param, 25)) < 0.2).astype(np.float32))


def test_the_weights_are_those_of_the_paper(matrix: sparse.csr_matrix) -> None:
    gram = (matrix.T @ matrix).toarray() + 3.0 * np.eye(25)
    inverse = np.linalg.inv(gram)
    expected = np.eye(25) - inverse / np.diag(inverse)

    assert ease.solve(matrix, 3.0) == pytest.approx(expected, abs=1e-5)


def test_no_other_weights_restore_the_rows_better(matrix: sparse.csr_matrix) -> None:
    rows, best = matrix.toarray(), ease.solve(matrix, 3.0)

    def objective(weights: np.ndarray) -> float:
        return float(((rows - rows @ weights) ** 2).sum() + 3.0 * (weights**2).sum())

    rng = np.random.default_rng(2)
    for _ in range(20):
        step = 0.01 * rng.normal(size=best.shape)
        np.fill_diagonal(step, 0.0)
        assert objective(best + step) > objective(best)


def test_blocks_are_mirrored_onto_the_upper_half() -> None:
    lower = np.tril(np.random.default_rng(3).random((10, 10)).astype(np.float32))
    mirrored = np.array(lower + np.triu(np.full((10, 10), 9.0, np.float32), 1), order="F")

    ease._mirror(mirrored, block=4)

    assert (mirrored == lower + np.tril(lower, -1).T).all()


def test_more_items_than_fit_are_refused_before_any_memory_is_taken() -> None:
    with pytest.raises(DatasetError, match="at most 20,000 items"):
        ease.solve(sparse.csr_matrix((1, ease.MOST_ITEMS + 1), dtype=np.float32), 100.0)
