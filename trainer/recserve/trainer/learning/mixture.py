"""Chooses how much each source of retrieval counts, on events that none has seen."""

from __future__ import annotations

from typing import Any

from recserve.trainer.learning.validation import NextItem
from recserve.trainer.model.retrieval import Retrieval

SHARES = (0.0, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999, 0.99999)


def choose_weights(
    retrieval: Retrieval, validation: NextItem, item_vectors: Any
) -> tuple[float, float]:
    """Sets the weights of the sources to those of the best NDCG@10.

    The trust in the memory was learned with the towers, by the likelihood, which pays for a chance
    for everything that may come. In a list of ten only the order at its top counts, so half of that
    trust, all, and the mean of both are tried too, each with every share of the neighbours.

    Args:
        retrieval: Whose weights are set; the towers and the memory are as they will be.
        validation: Events that no source has seen.
        item_vectors: float32 `[N, V]`.

    Returns:
        The trust in the memory and the share of the neighbours.
    """
    learned, _ = retrieval.weights_of_sources
    trusts = (learned, (1.0 + learned) / 2.0, 1.0, learned / 2.0)
    tried = [(trust, share) for trust in trusts for share in SHARES]
    reached = validation.ndcgs(item_vectors, tried)
    # Of equals the first is taken: the learned trust, and the smallest share.
    retrieval.weigh(*tried[int(reached.argmax())])
    return retrieval.weights_of_sources
