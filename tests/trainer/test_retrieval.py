"""The mixture of the sources."""

import numpy as np
import pytest

from recserve.trainer.item_similarity.neighbourhood_ridge import Neighbourhoods
from recserve.trainer.transitions import Transitions

ITEMS = 4


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97, 0.99999])
def test_what_is_excluded_is_out_of_reach_whatever_the_neighbours_share(share: float) -> None:
    import tensorflow as tf

    from recserve.trainer.model.history import History
    from recserve.trainer.model.memory import Memory
    from recserve.trainer.model.neighbours import Neighbours
    from recserve.trainer.model.retrieval import Retrieval
    from recserve.trainer.model.selection import OUT

    memory, neighbours = Memory(3, 1, ITEMS), Neighbours(ITEMS, (1.0,), (-np.inf,))
    rows = np.tile(np.arange(ITEMS, dtype=np.int32), (ITEMS, 1))
    even = np.full((ITEMS, ITEMS), 0.25, np.float32)
    memory.remember(Transitions(rows, even, np.ones(ITEMS, np.float32)))
    neighbours.remember(Neighbourhoods(rows, even), 1.0)
    retrieval = Retrieval(memory, neighbours)
    retrieval.weigh(0.5, share)
    nothing = np.full((1, 2), np.nan, np.float32)
    told = np.array([[1, -1]], np.int32), np.array([[0, -1]], np.int32), nothing, nothing
    vectors = tf.zeros([ITEMS, 3])

    found = retrieval.chances(
        tf.zeros([1, 3]), vectors, History(*map(tf.constant, told)), tf.constant([[1, 2, 2, -1]])
    )

    assert (np.asarray(found.all)[0, [1, 2]] <= OUT).all()
    np.testing.assert_allclose(np.asarray(found.all)[0, [0, 3]], 0.25, rtol=1e-5)
