"""One loaded model version: the SavedModel, and the items it ranks. The only TensorFlow here."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.server.engine.contract import BoolArray, Ranking, RankingRequest
from recserve.server.engine.padding import (
    BATCH_SIZES,
    Arrays,
    candidates,
    excluded_rows,
    padded_size,
    user_inputs,
)
from recserve.server.feature_widths import FeatureWidths
from recserve.server.item_table import read_item_inputs
from recserve.v1 import model_pb2

SIGNATURES = ("encode_items", "recommend", "score")


class UnusableModel(Exception):
    """A SavedModel that does not keep to docs/artefact.md."""


class LoadedModel:
    """A version ready to compute. One thread uses it.

    Args:
        folder: The version's folder, already verified.
        manifest: Its manifest.

    Raises:
        UnusableModel: a signature is missing or refuses its inputs.
    """

    def __init__(self, folder: Path, manifest: model_pb2.ModelVersion) -> None:
        self._widths = FeatureWidths.of(manifest)
        # Kept: the signatures hold only weak references to its variables.
        self._loaded = tf.saved_model.load(str(folder / "saved_model"))
        missing = [name for name in SIGNATURES if name not in self._loaded.signatures]
        if missing:
            raise UnusableModel(f"the SavedModel has no signature {', '.join(missing)}")
        self._recommend = self._loaded.signatures["recommend"]
        self._score = self._loaded.signatures["score"]
        inputs = read_item_inputs(folder / "items.npz", self._widths)
        self._items = self._encode(inputs)
        self._available = tf.ones([len(inputs["item_ids"])], tf.bool)

    @property
    def item_count(self) -> int:
        """Items that it can rank."""
        return int(self._available.shape[0])

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all; a mask of another length is refused.

        Raises:
            ValueError: the mask does not fit.
        """
        if available.shape != (self.item_count,):
            raise ValueError(f"the mask has {available.shape}, not {(self.item_count,)}")
        self._available = tf.constant(available)

    def warm_up(self, max_requests: int) -> None:
        """Run every batch size once, so that no caller pays for first times."""
        for size in BATCH_SIZES:
            request = RankingRequest(result_count=10)
            scored = RankingRequest(result_count=1, candidate_rows=np.zeros(1, np.int32))
            self.rank([request] * size)
            self.rank([scored] * size)
            if size >= max_requests:
                return

    def rank(self, requests: Sequence[RankingRequest]) -> list[Ranking]:
        """Answer requests, all with candidates or all without, in one call of the model."""
        start = time.monotonic()
        size = padded_size(len(requests))
        users = user_inputs(requests, size, self._widths)
        if requests[0].candidate_rows is None:
            found = self._find(requests, users, size)
        else:
            found = self._score_given(requests, users, size)
        seconds = time.monotonic() - start
        return [Ranking(rows, scores, 0.0, seconds, len(requests)) for rows, scores in found]

    def _find(self, requests: Sequence[RankingRequest], users: Arrays, size: int) -> list[Any]:
        answer = self._recommend(
            **_tensors(users),
            **self._items,
            available=self._available,
            excluded_rows=tf.constant(excluded_rows(requests, size)),
            result_count=tf.constant(max(request.result_count for request in requests)),
        )
        rows, scores = answer["rows"].numpy(), answer["scores"].numpy()
        kept = [_kept(rows[i], request.result_count) for i, request in enumerate(requests)]
        return [(rows[i, :count], scores[i, :count]) for i, count in enumerate(kept)]

    def _score_given(
        self, requests: Sequence[RankingRequest], users: Arrays, size: int
    ) -> list[Any]:
        given = candidates(requests, size, self._widths)
        scores = self._score(**_tensors(users), **self._items, **_tensors(given))["scores"].numpy()
        own = [request.candidate_rows for request in requests]
        return [(rows, scores[i, : len(rows)]) for i, rows in enumerate(own) if rows is not None]

    def _encode(self, inputs: Arrays) -> dict[str, Any]:
        try:
            encoded = self._loaded.signatures["encode_items"](**_tensors(inputs))
            return {name: encoded[name] for name in ("item_vectors", "item_states")}
        except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
            raise UnusableModel(f"encode_items does not take the item table: {error}") from error


def _kept(rows: Any, wanted: int) -> int:
    return int(np.count_nonzero(rows[:wanted] >= 0))


def _tensors(arrays: Arrays) -> dict[str, Any]:
    return {
        name: tf.constant(values, tf.string if values.dtype == object else None)
        for name, values in arrays.items()
    }
