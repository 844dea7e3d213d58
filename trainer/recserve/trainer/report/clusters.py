"""The clusters of the items, and what is typical of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recserve.trainer.report.figures import figure, percent
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Cluster:
    """One cluster."""

    number: int
    item_count: int
    item_share: float
    """Its share of the items of all clusters."""
    event_share: float
    typical: list[str]
    """What sets its items apart, in words."""
    popular_item_ids: Sequence[str]


def of(clusters: Sequence[model_pb2.ItemCluster]) -> list[Cluster]:
    """The section; empty without clusters."""
    items = sum(cluster.item_count for cluster in clusters)
    return [
        Cluster(
            cluster.cluster,
            cluster.item_count,
            cluster.item_count / max(1, items),
            cluster.event_share,
            [_told(feature) for feature in cluster.typical_features],
            cluster.popular_item_ids,
        )
        for cluster in clusters
    ]


def _told(feature: model_pb2.TypicalFeature) -> str:
    if feature.value:
        shares = f"{percent(feature.in_cluster)}, {percent(feature.overall)} of all"
        return f"{feature.feature} {feature.value}: {shares}"
    means = f"{figure(feature.in_cluster)} on average, {figure(feature.overall)} of all"
    return f"{feature.feature} {means}"
