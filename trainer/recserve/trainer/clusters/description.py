"""What clusters of items are like, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recserve.trainer.cleaning.features import of_type
from recserve.trainer.tables import Floats, Ints, Strings, Tables
from recserve.trainer.vocabulary import moments
from recserve.v1 import model_pb2, schema_pb2

MOST_ITEMS = 5
MOST_FEATURES = 5
# How far a share or a mean must lie from the catalogue's, in standard errors, to be told.
LEAST_SCORE = 3.0
# A value that fewer of the cluster's items have does not describe it.
LEAST_SHARE = 0.1
FEWEST_ITEMS = 3
# Of each feature; rarer ones could hardly be typical of a cluster.
MOST_VALUES = 1_000

Scored = tuple[float, model_pb2.TypicalFeature]


def describe(
    clusters: Ints, tables: Tables, weight: Floats, features: Sequence[schema_pb2.Feature]
) -> list[model_pb2.ItemCluster]:
    """Describes each cluster by its size, its most popular items and its features.

    A value of a feature is typical where its share p among the n items of the cluster is above
    its share q in the catalogue by three standard errors, √(q (1 - q) / n); a number where its
    mean lies that far from the catalogue's, by the catalogue's deviation.

    Args:
        clusters: int32 `[N]`, the cluster of each item, 0, 1, 2 …; -1 for none.
        tables: The data.
        weight: float32 `[N]`, the popularity of each item.
        features: The schema's features of items.
    """
    count = int(clusters.max(initial=-1)) + 1
    sizes = np.bincount(clusters[clusters >= 0], minlength=count)
    events = np.bincount(tables.events.item, minlength=tables.item_count)
    shares = np.bincount(
        clusters[clusters >= 0], events[clusters >= 0] / len(tables.events), minlength=count
    )
    typical: list[list[Scored]] = [[] for _ in range(count)]
    for cluster, found in _typical(clusters, sizes, tables, features):
        typical[cluster].append(found)
    described = []
    for cluster in range(count):
        rows = np.flatnonzero(clusters == cluster)
        top = rows[np.argsort(-weight[rows], kind="stable")[:MOST_ITEMS]]
        telling = sorted(typical[cluster], key=lambda scored: -scored[0])[:MOST_FEATURES]
        described.append(
            model_pb2.ItemCluster(
                cluster=cluster,
                item_count=int(sizes[cluster]),
                event_share=float(shares[cluster]),
                popular_item_ids=[str(item_id) for item_id in tables.item_ids[top]],
                typical_features=[feature for _, feature in telling],
            )
        )
    return described


def _typical(
    clusters: Ints, sizes: Ints, tables: Tables, features: Sequence[schema_pb2.Feature]
) -> Iterator[tuple[int, Scored]]:
    """What is typical of a cluster, and how much so, in standard errors."""
    table, kinds = tables.item_features, schema_pb2.FeatureType
    numeric = of_type(features, kinds.FEATURE_TYPE_NUMERIC)
    categorical = of_type(features, kinds.FEATURE_TYPE_CATEGORICAL)
    multi_valued = of_type(features, kinds.FEATURE_TYPE_MULTI_VALUED)
    for column, feature in enumerate(numeric):
        yield from _typical_numbers(clusters, sizes, feature.name, table.numeric[:, column])
    for column, feature in enumerate(categorical):
        cells = table.categorical[:, column][:, None]
        yield from _typical_values(clusters, sizes, feature.name, cells)
    for column, feature in enumerate(multi_valued):
        cells = table.multi_valued[:, column]
        yield from _typical_values(clusters, sizes, feature.name, cells)


def _typical_values(
    clusters: Ints, sizes: Ints, name: str, cells: Strings
) -> Iterator[tuple[int, Scored]]:
    """Args: cells: str `[N, values]`, empty where there is none."""
    values, places = np.unique(cells.astype(str), return_inverse=True)
    owners = np.repeat(np.arange(len(cells)), cells.shape[1])
    # Each value of an item once, however often it stands there.
    pairs = np.unique(owners * len(values) + places.ravel())
    owners, places = pairs // len(values), pairs % len(values)
    totals = np.bincount(places, minlength=len(values))
    frequent = np.argsort(-totals, kind="stable")[:MOST_VALUES]
    rank = np.full(len(values), -1)
    rank[frequent] = np.arange(len(frequent))
    owners, places = owners[rank[places] >= 0], rank[places[rank[places] >= 0]]
    values, overall = values[frequent], totals[frequent] / len(cells)
    inside = clusters[owners] >= 0
    counts = np.zeros((len(sizes), len(values)))
    np.add.at(counts, (clusters[owners[inside]], places[inside]), 1)
    shares = counts / sizes[:, None]
    errors = np.sqrt(overall * (1.0 - overall) / sizes[:, None])
    scores = np.divide(shares - overall, errors, out=np.zeros_like(shares), where=errors > 0)
    telling = (scores > LEAST_SCORE) & (shares >= LEAST_SHARE) & (counts >= FEWEST_ITEMS)
    for cluster, value in np.argwhere(telling):
        if values[value]:
            yield (
                int(cluster),
                (
                    float(scores[cluster, value]),
                    model_pb2.TypicalFeature(
                        feature=name,
                        value=str(values[value]),
                        in_cluster=float(shares[cluster, value]),
                        overall=float(overall[value]),
                    ),
                ),
            )


def _typical_numbers(
    clusters: Ints, sizes: Ints, name: str, numbers: Floats
) -> Iterator[tuple[int, Scored]]:
    """Args: numbers: float32 `[N]`, NaN where missing."""
    (mean,), (deviation,) = moments(numbers[:, None])
    for cluster in range(len(sizes)):
        inside = numbers[(clusters == cluster) & np.isfinite(numbers)]
        if not len(inside):
            continue
        score = abs(float(inside.mean()) - mean) / (deviation / len(inside) ** 0.5)
        if score > LEAST_SCORE:
            found = model_pb2.TypicalFeature(
                feature=name, in_cluster=float(inside.mean()), overall=float(mean)
            )
            yield cluster, (float(score), found)
