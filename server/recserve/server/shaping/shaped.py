"""A ranking in its final order, with what is to be told of each result."""

from dataclasses import dataclass

import numpy as np

from recserve.server.engine.arrays import BoolArray, Float32Array, Float64Array, Int32Array
from recserve.server.engine.contract import Reranking
from recserve.server.shaping.reranking import Likeness, rerank
from recserve.server.shaping.vectors import ItemVectors

NO_ROW = -1


@dataclass(frozen=True, slots=True, eq=False)
class Shaped:
    """A ranking, best first or as it was drawn."""

    rows: Int32Array
    scores: Float32Array
    propensities: Float64Array
    """The probability of each result at its position, given those above it."""
    because_rows: Int32Array
    """The past item that is most like each result; -1 for none."""


def shape(
    wanted: Reranking,
    vectors: ItemVectors,
    random: np.random.Generator,
    rows: Int32Array,
    scores: Float32Array,
    clusters: Int32Array | None = None,
) -> Shaped:
    """Order a shortlist anew, and say why each result is there.

    Args:
        wanted: How.
        vectors: Those of all items.
        random: Draws what is explored.
        rows: The shortlist, best first.
        scores: The score of each.
        clusters: The cluster of every item, -1 for none; None where the version has none, and
            variety goes by vectors.
    """
    likeness: Likeness | None = None
    if wanted.diversity and wanted.by_clusters and clusters is not None:
        likeness = _in_same_cluster(clusters[rows])
    elif wanted.diversity:
        likeness = _cosines(vectors.directions(rows))
    places, propensities = rerank(
        scores,
        likeness,
        count=wanted.result_count,
        diversity=wanted.diversity,
        exploration=wanted.exploration,
        random=random,
    )
    chosen = rows[places]
    return Shaped(
        rows=chosen,
        scores=scores[places],
        propensities=np.array(propensities, np.float64),
        because_rows=_because(vectors, chosen, wanted.past_rows),
    )


def _cosines(directions: Float32Array) -> Likeness:
    return lambda place: directions @ directions[place]


def _in_same_cluster(clusters: Int32Array) -> Likeness:
    known = clusters >= 0
    return lambda place: (known & (clusters == clusters[place])).astype(np.float32)


def most_alike(
    vectors: ItemVectors, row: int, allowed: BoolArray, count: int
) -> tuple[Int32Array, Float32Array]:
    """The items most like one, itself left out, with their cosines, most alike first.

    Args:
        vectors: Those of all items.
        row: The item.
        allowed: Shape `[N]`: the items that may be found.
        count: Items wanted; fewer where fewer are allowed.
    """
    cosines = vectors.cosines(row)
    rows = np.flatnonzero(allowed)
    rows = rows[rows != row]
    found = cosines[rows]
    if count < len(rows):
        best = np.argpartition(-found, count - 1)[:count]
        rows, found = rows[best], found[best]
    order = np.lexsort((rows, -found))
    return rows[order].astype(np.int32), np.clip(found[order], -1, 1)


def _because(vectors: ItemVectors, rows: Int32Array, past: Int32Array) -> Int32Array:
    """The past item with the greatest cosine to each result, if that is above 0; else -1."""
    if not (len(rows) and len(past)):
        return np.full(len(rows), NO_ROW, np.int32)
    alike = vectors.directions(rows) @ vectors.directions(past).T
    alike[rows[:, None] == past] = 0  # an item is no reason for itself
    closest = alike.argmax(axis=1)
    known = alike[np.arange(len(rows)), closest] > 0
    return np.where(known, past[closest], NO_ROW).astype(np.int32)
