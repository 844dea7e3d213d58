"""Writes the three files, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recserve.trainer import item_table
from recserve.trainer.clusters import kmeans
from recserve.trainer.clusters.kmeans import Clustering
from recserve.trainer.embedding.row_groups import VECTORS, RowGroups, vectors
from recserve.trainer.embedding.version import Version
from recserve.trainer.tables import Floats, Ints, Tables
from recserve.trainer.tally import Tally
from recserve.v1 import model_pb2

# Events of the users whose rows are made together.
PIECE = 8192
# The centres of the users' clusters are found on a sample of the users, and of their events.
SAMPLED_USERS = 20_000
SAMPLED_EVENTS = 100_000


@dataclass(frozen=True)
class Written:
    """One file."""

    name: str
    rows: int
    bytes: int


class Export:
    """Three files of one version and dataset.

    Args:
        version: What is asked.
        tables: The dataset.
        manifest: The version's.
        folder: The version's, for the clusters of its items.
        tally: Hears how far it is.
        with_features: Whether to write what the hidden layer says.
    """

    def __init__(
        self,
        version: Version,
        tables: Tables,
        manifest: model_pb2.ModelVersion,
        folder: Path,
        tally: Tally,
        *,
        with_features: bool,
    ) -> None:
        self._version, self._tables, self._tally = version, tables, tally
        self._seed = manifest.hyper_parameters.seed
        self._names = [event.name for event in manifest.schema.event_types]
        self._known_clusters = item_table.read_clusters(folder / "items.npz")
        self._with_features = with_features
        self._width = manifest.hyper_parameters.hidden_layers[-1]
        self._of_items = _Means(tables.item_count, self._width)

    def write(self, folder: Path) -> list[Written]:
        """Writes the files, users and events before items, whose features are means over events."""
        path = folder / "interactions.parquet"
        clusters = self._clusters_of_users()
        users = RowGroups(folder / "users.parquet", _USERS)
        if self._with_features:
            with users, RowGroups(path, self._interactions_schema()) as events:
                self._write_users(clusters, users, events)
        else:
            with users:
                self._write_users(clusters, users, None)
        with RowGroups(folder / "items.parquet", _ITEMS) as items:
            self._write_items(items)
        files = [items, users] + ([events] if self._with_features else [])
        return [Written(f.path.name, f.rows, f.path.stat().st_size) for f in files]

    def _write_users(
        self, clusters: Clustering, users: RowGroups, interactions: RowGroups | None
    ) -> None:
        tables, events = self._tables, self._tables.events
        self._tally.begin("users and events", len(events))
        for chosen in self._pieces():
            positions = self._version.positions_of(chosen)
            given = None if self._version.is_flat else self._version.user_vectors(chosen)
            features = None
            if interactions is not None:
                said = self._version.activations(positions)
                owners = events.user[positions] - chosen[0]
                features = _Means(len(chosen), self._width).add(owners, said.features).values
                self._of_items.add(events.item[positions], said.features)
                interactions.add(self._columns_of_events(positions, said.features, said.scores))
            count = len(chosen)
            users.add(
                {
                    "user_id": tables.user_ids[chosen],
                    "vector": vectors(given, count),
                    "features": vectors(features, count),
                    "cluster": _numbers(self._user_clusters(clusters, given, features)),
                    "event_count": np.bincount(events.user[positions] - chosen[0]),
                }
            )
            self._tally.done(len(positions))

    def _write_items(self, items: RowGroups) -> None:
        tables, whole = self._tables, self._version.item_vectors
        clusters = self._clusters_of_items(whole)
        event_count = np.bincount(tables.events.item, minlength=tables.item_count)
        self._tally.begin("items", tables.item_count)
        for start in range(0, tables.item_count, PIECE):
            part = slice(start, start + PIECE)
            given = whole[part]
            features = self._of_items.values[part] if self._with_features else None
            items.add(
                {
                    "item_id": tables.item_ids[part],
                    "vector": vectors(given, len(given)),
                    "features": vectors(features, len(given), event_count[part] > 0),
                    "cluster": _numbers(clusters[part]),
                    "popularity": self._version.popularity[part],
                    "event_count": event_count[part],
                }
            )
            self._tally.done(len(given))

    def _columns_of_events(
        self, positions: Ints, features: Floats, scores: Floats
    ) -> dict[str, Any]:
        tables, events = self._tables, self._tables.events.take(positions)
        columns = {
            "row": events.row,
            "user_id": tables.user_ids[events.user],
            "item_id": tables.item_ids[events.item],
            "event_type": np.array(self._names or ["event"], object)[events.type],
            "value": pa.array(events.value, from_pandas=True),
            "positive": events.positive,
            "score": scores,
            "features": vectors(features, len(positions)),
        }
        if tables.clock:
            columns["timestamp"] = np.round(events.time * 1000).astype("datetime64[ms]")
        return columns

    def _interactions_schema(self) -> pa.Schema:
        schema = _INTERACTIONS
        if self._tables.clock:
            schema = schema.append(pa.field("timestamp", pa.timestamp("ms", "UTC")))
        return schema

    def _pieces(self) -> Iterator[Ints]:
        """Users in their order, with about as many events in each piece."""
        pieces = self._tables.events.user
        cuts = np.unique(pieces[::PIECE])
        return (
            np.arange(start, end)
            for start, end in zip(cuts, [*cuts[1:], self._tables.user_count], strict=True)
        )

    def _clusters_of_users(self) -> Clustering:
        """Clusters by the vectors of users, or in flat data by their hidden-layer features."""
        rng = np.random.default_rng(self._seed)
        tables = self._tables
        per_user = max(1, len(tables.events) // tables.user_count)
        most = min(tables.user_count, SAMPLED_USERS)
        if self._version.is_flat:
            most = min(most, max(2, SAMPLED_EVENTS // per_user))
        sample = np.sort(rng.choice(tables.user_count, most, replace=False))
        self._tally.begin("clusters of users", len(sample))
        directions = self._directions_of_users(sample)
        self._tally.done(len(sample))
        return kmeans.cluster(directions, seed=self._seed)

    def _directions_of_users(self, users: Ints) -> Floats:
        if not self._version.is_flat:
            return kmeans.directions(self._version.user_vectors(users), biased=True)
        positions = self._version.positions_of(users)
        owners = np.searchsorted(users, self._tables.events.user[positions])
        features = self._version.activations(positions).features
        means = _Means(len(users), self._width).add(owners, features).values
        return kmeans.directions(means, biased=False)

    def _user_clusters(
        self, clusters: Clustering, given: Floats | None, features: Floats | None
    ) -> Ints:
        is_flat = self._version.is_flat
        known = np.asarray(features if is_flat else given)
        return clusters.of(kmeans.directions(known, biased=not is_flat))

    def _clusters_of_items(self, whole: Floats) -> Ints:
        """The clusters of the version; items that it did not know are in the nearest."""
        directions = kmeans.directions(whole, biased=not self._version.is_flat)
        if not self._known_clusters:
            return kmeans.cluster(directions, seed=self._seed).of(directions)
        ids = self._tables.item_ids
        labels = np.array([self._known_clusters.get(str(item_id), -1) for item_id in ids])
        is_new = np.array([str(item_id) not in self._known_clusters for item_id in ids])
        nearest = Clustering.around(directions, labels).of(directions)
        return np.where(is_new, nearest, labels)


class _Means:
    """Means of features by owner, of which more come piece by piece."""

    def __init__(self, count: int, width: int) -> None:
        self._counts = np.zeros(count)
        self._sums = np.zeros((count, width))

    def add(self, owners: Ints, features: Floats) -> _Means:
        """Adds features, float32 `[n, F]`, of these owners, int `[n]`."""
        np.add.at(self._sums, owners, features)
        self._counts += np.bincount(owners, minlength=len(self._counts))
        return self

    @property
    def values(self) -> Floats:
        """float64 `[owners, F]`; zeros for an owner without any."""
        return self._sums / np.maximum(self._counts, 1)[:, None]


def _numbers(clusters: Ints) -> Any:
    """Clusters as a column, null for none."""
    return pa.array(clusters, pa.int32(), mask=clusters < 0)


_USERS = pa.schema(
    {
        "user_id": pa.string(),
        "vector": VECTORS,
        "features": VECTORS,
        "cluster": pa.int32(),
        "event_count": pa.int64(),
    }
)
_ITEMS = pa.schema(
    {
        "item_id": pa.string(),
        "vector": VECTORS,
        "features": VECTORS,
        "cluster": pa.int32(),
        "popularity": pa.float32(),
        "event_count": pa.int64(),
    }
)
_INTERACTIONS = pa.schema(
    {
        "row": pa.int64(),
        "user_id": pa.string(),
        "item_id": pa.string(),
        "event_type": pa.string(),
        "value": pa.float32(),
        "positive": pa.bool_(),
        "score": pa.float32(),
        "features": VECTORS,
    }
)
