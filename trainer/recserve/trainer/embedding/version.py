"""Asks a published version for vectors and hidden-layer features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recserve.trainer.errors import StoreError
from recserve.trainer.evaluation.inputs import feature_inputs, item_inputs
from recserve.trainer.histories import Histories, HistoryBlock
from recserve.trainer.measuring import aligned
from recserve.trainer.tables import Floats, Ints, Tables, popularity
from recserve.v1 import model_pb2

# Users or events asked about at once: a two-stage version holds a number for each item and each.
BATCH = 128
FLAT_BATCH = 4096


class Activations(NamedTuple):
    """What the model says of pairs."""

    features: Floats
    """float32 `[n, F]`, of the last hidden layer."""
    scores: Floats
    """float32 `[n]`."""


class Version:
    """A version's signatures over the users, items and events of a dataset.

    Args:
        folder: The version's folder.
        manifest: Its manifest.
        tables: The dataset, read by the version's schema.

    Raises:
        StoreError: If its item table cannot be read.
    """

    def __init__(self, folder: Path, manifest: model_pb2.ModelVersion, tables: Tables) -> None:
        self._tables = tables
        self._signatures = aligned(folder, manifest, tables)
        self._name = manifest.name
        self.is_flat = manifest.layout.family == "pointwise"
        self._histories = Histories(
            tables.events, tables.user_count, manifest.layout.history_length, clock=tables.clock
        )

    @cached_property
    def popularity(self) -> Floats:
        """float32 `[N]`: weighted count of the positive events of each item."""
        return popularity(self._tables.events, self._tables.item_count)

    @property
    def item_vectors(self) -> Floats:
        """float32 `[N, V]`, of the items of the tables."""
        vectors: Floats = self._items["item_vectors"][self._signatures.item_rows]
        return vectors

    def user_vectors(self, users: Ints) -> Floats:
        """float32 `[n, V]`: users with all they did, asked at the time of the last event of all.

        The context is that of their own last event.
        """
        events = self._tables.events
        times = np.full(len(users), events.time.max())
        parts = []
        for batch in self._batches(len(users)):
            chosen = users[batch]
            block = self._histories.of_users(chosen, times[batch])
            last = self._histories.ends[chosen] - 1
            answer = self._signatures.run("encode_users", self._asked(block, chosen, last))
            parts.append(answer["user_vectors"])
        return np.concatenate(parts)

    def activations(self, positions: Ints) -> Activations:
        """What the model says of these events, each with what its user had done before.

        Raises:
            StoreError: If the version has no signature `features`.
        """
        events, features, scores = self._tables.events, [], []
        for batch in self._batches(len(positions)):
            at = positions[batch]
            asked = self._asked(self._histories.before(at), events.user[at], at)
            asked["candidate_rows"] = events.item[at][:, None]
            asked["candidate_features"] = events.candidate[at][:, None, :]
            answer = self._run_features(asked)
            features.append(answer["features"][:, 0])
            scores.append(answer["scores"][:, 0])
        return Activations(np.concatenate(features), np.concatenate(scores))

    def positions_of(self, users: Ints) -> Ints:
        """The events of users who stand in the order of the tables, int64 `[n]`."""
        spans = zip(self._histories.starts[users], self._histories.ends[users], strict=True)
        return np.concatenate([np.arange(start, end) for start, end in spans])

    def _run_features(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._signatures.run("features", asked)
        except StoreError as error:
            raise StoreError(
                f"{self._name}: {error}: it was made by an earlier release. Train a new version, "
                "or ask for the vectors alone (--vectors-only)"
            ) from None

    @cached_property
    def _items(self) -> dict[str, Any]:
        inputs = item_inputs(self._tables, self.popularity)
        return self._signatures.run("encode_items", inputs)

    @cached_property
    def _item_tensors(self) -> dict[str, Any]:
        """The encoded items, handed to TensorFlow once and not with every batch."""
        import tensorflow as tf

        return {name: tf.constant(value) for name, value in self._items.items()}

    def _asked(self, block: HistoryBlock, users: Ints, positions: Ints) -> dict[str, Any]:
        tables = self._tables
        return {
            "history_rows": block.rows,
            "history_types": block.types,
            "history_values": block.values,
            "history_ages": block.ages,
            **feature_inputs("user", tables.user_features.take(users)),
            **feature_inputs("context", tables.events.context.take(positions)),
            **self._item_tensors,
        }

    def _batches(self, count: int) -> Iterator[slice]:
        size = FLAT_BATCH if self.is_flat else BATCH
        return (slice(start, start + size) for start in range(0, count, size))
