"""Item vectors as directions: how alike two items are is the cosine between them."""

from functools import cached_property

import numpy as np

from recserve.server.engine.arrays import Float32Array, Int32Array


class ItemVectors:
    """The vectors of all items.

    Args:
        vectors: Shape `[N, V]`, not copied. A zero vector is like none.
    """

    def __init__(self, vectors: Float32Array) -> None:
        self._vectors = vectors

    @cached_property
    def _inverse_lengths(self) -> Float32Array:
        """Shape `[N]`; 0 for a zero vector."""
        lengths = np.linalg.norm(self._vectors, axis=1)
        inverse: Float32Array = np.zeros_like(lengths)
        np.divide(1, lengths, out=inverse, where=lengths > 0)
        return inverse

    def directions(self, rows: Int32Array) -> Float32Array:
        """Unit vectors, shape `[rows, V]`; zero for a zero vector."""
        found: Float32Array = self._vectors[rows] * self._inverse_lengths[rows][:, None]
        return found

    def cosines(self, row: int) -> Float32Array:
        """How alike every item is to one, shape `[N]`, -1 to 1."""
        (direction,) = self.directions(np.array([row], np.int32))
        cosines: Float32Array = (self._vectors @ direction) * self._inverse_lengths
        return cosines
