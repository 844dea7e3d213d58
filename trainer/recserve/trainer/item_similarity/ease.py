"""EASE: the item-to-item weights that best restore every user's row, in closed form."""

from typing import Any

import numpy as np

from recserve.trainer.errors import DatasetError
from recserve.trainer.tables import Events, Floats

MOST_ITEMS = 20_000
"""More would take above 1.6 GB and minutes of a processor."""


def user_item(events: Events, user_count: int, item_count: int) -> Any:
    """Who wanted what: 1 where a user has a positive event on an item.

    Returns:
        float32 scipy CSR matrix `[user_count, item_count]`.
    """
    from scipy import sparse

    pairs = np.unique(
        events.user[events.positive].astype(np.int64) * item_count + events.item[events.positive]
    )
    users, items = np.divmod(pairs, item_count)
    ones = np.ones(len(pairs), np.float32)
    return sparse.csr_matrix((ones, (users, items)), shape=(user_count, item_count))


def solve(matrix: Any, l2: float) -> Floats:
    """The weights B that minimise |X - X B|² + l2 |B|² with a diagonal of zeros.

    With P = (XᵀX + l2 I)⁻¹, B_ij = -P_ij / P_jj for i != j (Steck, "Embarrassingly Shallow
    Autoencoders for Sparse Data", 2019). A user's scores are x B. Takes one float32 matrix
    `[N, N]`; for a short while the sparse product too, or as much as a dense X.

    Args:
        matrix: X, scipy sparse `[users, N]`.
        l2: The penalty, above 0.

    Returns:
        float32 `[N, N]`.

    Raises:
        DatasetError: If there are more than `MOST_ITEMS` items.
    """
    count = matrix.shape[1]
    if count > MOST_ITEMS:
        raise DatasetError(
            f"EASE needs a dense matrix of {count:,} x {count:,} items, which is "
            f"{4 * count**2 / 1e9:.0f} GB; it is for at most {MOST_ITEMS:,} items"
        )
    inverse = _from_users(matrix, l2) if matrix.shape[0] < count else _from_items(matrix, l2)
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0.0)
    return inverse


def _from_items(matrix: Any, l2: float) -> Floats:
    """(XᵀX + l2 I)⁻¹, `[N, N]`, by Cholesky in place: N³ operations."""
    from scipy.linalg import lapack

    gram = np.zeros((matrix.shape[1],) * 2, np.float32, order="F")
    (matrix.T @ matrix).toarray(out=gram)
    gram[np.diag_indices(len(gram))] += l2
    # Of the symmetric matrix LAPACK reads and writes the lower half alone, in place.
    factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
    inverse, singular = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed or singular:
        raise DatasetError(f"EASE cannot be solved with an l2 of {l2}; choose a larger one")
    _mirror(inverse)
    return np.asarray(inverse)


def _from_users(matrix: Any, l2: float) -> Floats:
    """The same as (I - Xᵀ (X Xᵀ + l2 I)⁻¹ X) / l2 (Woodbury): quicker for few users."""
    from scipy.linalg import cho_factor, cho_solve

    gram = (matrix @ matrix.T).toarray()
    gram[np.diag_indices(len(gram))] += l2
    inverse = matrix.T @ cho_solve(cho_factor(gram), matrix.toarray())
    inverse /= -l2
    inverse[np.diag_indices(len(inverse))] += 1.0 / l2
    return np.asarray(inverse, np.float32)


def _mirror(matrix: Floats, block: int = 1024) -> None:
    """Copies the lower half of a square matrix onto the upper, block by block."""
    for start in range(0, len(matrix), block):
        end = min(start + block, len(matrix))
        square = np.tril(matrix[start:end, start:end])
        matrix[start:end, start:end] = square + np.tril(square, -1).T
        matrix[start:end, end:] = matrix[end:, start:end].T
