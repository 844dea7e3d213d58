"""Clusters of vectors, and what is told of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recserve.trainer import Fitted, dataset, item_table, schema_file
from recserve.trainer.cleaning import clean
from recserve.trainer.clusters import kmeans
from recserve.trainer.clusters.description import describe
from recserve.trainer.tables import Tables, popularity
from recserve.v1 import schema_pb2
from trainer.generated import CHAINS, write_chains

FEATURES = [
    schema_pb2.Feature(name="chain", type=schema_pb2.FEATURE_TYPE_CATEGORICAL),
    schema_pb2.Feature(name="place", type=schema_pb2.FEATURE_TYPE_NUMERIC),
]
TAGS = schema_pb2.Feature(name="tags", type=schema_pb2.FEATURE_TYPE_MULTI_VALUED)


def bundles(count: int = 5, each: int = 40, width: int = 8) -> np.ndarray:
    """Points around orthogonal directions, the first bundle the smallest."""
    rng = np.random.default_rng(0)
    owner = np.concatenate([np.full(each + 10 * number, number) for number in range(count)])
    points = np.eye(width)[owner] + rng.normal(0, 0.05, (len(owner), width))
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = write_chains(tmp_path_factory.mktemp("chains"))
    schema = schema_file.read(folder / "schema.toml")
    return clean(dataset.read(dataset.locate(folder, schema.source)), schema, 2e9).tables


def test_bundles_of_vectors_are_found_largest_first() -> None:
    directions = kmeans.directions(bundles(), biased=False)

    labels = kmeans.cluster(directions, seed=1, count=5).of(directions)

    assert np.bincount(labels).tolist() == [80, 70, 60, 50, 40]
    assert (np.diff(np.flatnonzero(np.diff(labels))) > 0).all()
    assert len(np.flatnonzero(np.diff(labels))) == 4


def test_the_same_seed_gives_the_same_clusters() -> None:
    directions = kmeans.directions(np.random.default_rng(1).normal(size=(20_000, 16)), biased=False)

    first, again = (kmeans.cluster(directions, seed=7) for _ in range(2))

    np.testing.assert_array_equal(first.centres, again.centres)
    assert len(first.centres) <= kmeans.MOST


def test_length_and_bias_say_nothing() -> None:
    vectors = bundles()
    vectors[:, -1] = np.arange(len(vectors))  # the bias
    shorter = vectors * np.linspace(0.1, 9, len(vectors))[:, None]

    np.testing.assert_allclose(
        kmeans.directions(vectors, biased=True),
        kmeans.directions(shorter, biased=True),
        atol=1e-5,
    )


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_vectors_that_are_all_alike_have_no_clusters(value: float) -> None:
    directions = kmeans.directions(np.full((6, 4), value, np.float32), biased=False)

    assert (kmeans.cluster(directions, seed=1).of(directions) == -1).all()


def test_a_vector_of_zeros_is_in_no_cluster() -> None:
    vectors = bundles()
    vectors[3] = 0.0
    directions = kmeans.directions(vectors, biased=False)

    labels = kmeans.cluster(directions, seed=1, count=5).of(directions)

    assert labels[3] == -1
    assert (np.delete(labels, 3) >= 0).all()


def test_fewer_different_vectors_than_clusters_are_clusters_of_their_own() -> None:
    directions = np.eye(3, dtype=np.float32)[np.arange(30) % 3]

    labels = kmeans.cluster(directions, seed=1, count=9).of(directions)

    assert sorted(np.bincount(labels)) == [10, 10, 10]


def test_a_cluster_is_told_by_its_size_events_items_and_features(tables: Tables) -> None:
    chain = tables.item_features.categorical[:, 0]
    clusters = np.where(chain == "c2", 0, 1).astype(np.int32)
    weight = popularity(tables.events, tables.item_count)

    first, others = describe(clusters, tables, weight, FEATURES)

    assert (first.item_count, others.item_count) == (10, 50)
    assert first.event_share + others.event_share == pytest.approx(1.0)
    assert first.event_share == pytest.approx(np.mean(clusters[tables.events.item] == 0))
    in_chain = np.flatnonzero(clusters == 0)
    best = tables.item_ids[in_chain[weight[in_chain].argmax()]]
    assert first.popular_item_ids[0] == best
    assert len(first.popular_item_ids) == 5
    (typical,) = first.typical_features
    assert (typical.feature, typical.value) == ("chain", "c2")
    assert typical.in_cluster == 1.0
    assert typical.overall == pytest.approx(1 / CHAINS)


def test_numbers_and_lists_are_typical_too(tables: Tables) -> None:
    place = tables.item_features.numeric[:, 0]
    clusters = np.where(place >= 8, 0, 1).astype(np.int32)
    tags = np.where(place >= 8, "late", "early").astype(object)
    listed = np.stack([tags, np.full(len(tags), "", object)], axis=1)[:, None]
    table = replace(tables.item_features, multi_valued=listed)
    weight = popularity(tables.events, tables.item_count)

    first, _ = describe(clusters, replace(tables, item_features=table), weight, [*FEATURES, TAGS])

    found = {feature.feature: feature for feature in first.typical_features}
    assert found["place"].in_cluster == 8.5
    assert found["place"].overall == pytest.approx(4.5)
    assert (found["tags"].value, found["tags"].overall) == ("late", pytest.approx(0.2))


@pytest.mark.integration
def test_a_fit_keeps_clusters_and_describes_them(two_stage: Fitted) -> None:
    described = two_stage.manifest.item_clusters
    clusters = item_table.read_clusters(two_stage.path / "items.npz")

    assert len(clusters) == CHAINS * 10
    assert len(described) == kmeans.count_for(len(clusters))
    assert sum(cluster.event_share for cluster in described) == pytest.approx(1.0)
    for cluster in described:
        assert list(clusters.values()).count(cluster.cluster) == cluster.item_count
        assert {clusters[item_id] for item_id in cluster.popular_item_ids} == {cluster.cluster}


@pytest.mark.integration
def test_items_without_features_have_no_clusters_in_a_pointwise_version(
    pointwise: Fitted,
) -> None:
    assert set(item_table.read_clusters(pointwise.path / "items.npz").values()) == {-1}
    assert not pointwise.manifest.item_clusters


def test_a_table_of_an_earlier_release_has_no_clusters(tmp_path: Path) -> None:
    ids, offsets = item_table.packed(np.array(["a"], object))
    np.savez(tmp_path / "items.npz", item_id_bytes=ids, item_id_offsets=offsets)

    assert item_table.read_clusters(tmp_path / "items.npz") == {}
