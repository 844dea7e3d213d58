"""The two-stage model: towers and memory retrieve, an MLP ranks."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.features import FeatureEncoder
from recserve.trainer.model.history import History
from recserve.trainer.model.item_tower import ItemTower
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.ranker import Ranker
from recserve.trainer.model.retrieval import Retrieval
from recserve.trainer.model.selection import OUT, best, without
from recserve.trainer.model.user_tower import UserTower


class TwoStage(keras.Model):
    """The computations of the four signatures, over layers that training shares."""

    def __init__(
        self,
        items: ItemTower,
        users: UserTower,
        memory: Memory,
        ranker: Ranker,
        candidate_count: int,
    ) -> None:
        super().__init__(name="two_stage")
        self.items = items
        self.users = users
        self.retrieval = Retrieval(memory)
        self.ranker = ranker
        self.candidate_count = candidate_count
        self.built = True

    def encode_items(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Items to vectors and states."""
        features = lookup(self.items.features, inputs, "item")
        rows = self.items.rows_of(inputs["item_ids"])
        vectors = self.items(rows, inputs["item_popularity"], features)
        return {"item_vectors": vectors, "item_states": self.ranker.item_states(vectors)}

    def encode_users(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Users to vectors."""
        return {"user_vectors": self._user_vectors(inputs)}

    def recommend(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The best items of the whole catalogue: retrieved, then ranked."""
        users = self._user_vectors(inputs)
        lifts, memory = self.lifts(users, inputs["item_vectors"], history_of(inputs))
        offered = without(lifts, inputs["available"], inputs["excluded_rows"])
        wanted = tf.maximum(self.candidate_count, inputs["result_count"])
        offered, rows = tf.math.top_k(offered, tf.minimum(wanted, tf.shape(offered)[1]))
        scores = tf.sigmoid(self._logits(users, rows, lifts, memory, inputs))
        scores = tf.where(offered > OUT, scores, OUT)
        rows, scores = best(scores, rows, inputs["result_count"])
        return {"rows": rows, "scores": scores}

    def score(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The scores of given items."""
        users = self._user_vectors(inputs)
        rows = inputs["candidate_rows"]
        at = tf.maximum(rows, 0)
        lifts, memory = self.lifts(users, inputs["item_vectors"], history_of(inputs))
        scores = tf.sigmoid(self._logits(users, at, lifts, memory, inputs))
        return {"scores": tf.where(rows >= 0, scores, 0.0)}

    def _user_vectors(self, inputs: dict[str, Any]) -> Any:
        return self.users(
            inputs["item_vectors"],
            history_of(inputs),
            lookup(self.users.user_features, inputs, "user"),
            lookup(self.users.context_features, inputs, "context"),
        )

    def lifts(self, users: Any, item_vectors: Any, history: History) -> tuple[Any, Any]:
        """What retrieval says of every item.

        Returns:
            The lifts, log p less that of a uniform choice, float32 `[B, N]`, and the memory's
            part, log(1 + N times its chance), float32 `[B, N]`.
        """
        count = tf.cast(tf.shape(item_vectors)[0], tf.float32)
        chances, memory = self.retrieval.log_chances(users, item_vectors, history)
        return chances + tf.math.log(count), tf.math.log1p(count * memory)

    def _logits(
        self, users: Any, rows: Any, lifts: Any, memory: Any, inputs: dict[str, Any]
    ) -> Any:
        return self.ranker(
            users,
            tf.gather(inputs["item_vectors"], rows),
            tf.gather(inputs["item_states"], rows),
            retrieved_pairs(lifts, memory, rows),
        )


def retrieved_pairs(lifts: Any, memory: Any, rows: Any) -> Any:
    """What retrieval says of some rows, float32 `[B, C, 2]`."""
    parts = (tf.gather(part, rows, batch_dims=1) for part in (lifts, memory))
    return tf.stack(list(parts), axis=2)


def history_of(inputs: dict[str, Any]) -> History:
    """The history among the inputs of a signature."""
    return History(*(inputs[f"history_{part}"] for part in History._fields))


def lookup(encoder: FeatureEncoder, inputs: dict[str, Any], prefix: str) -> Any:
    """Looks up one kind of features among the inputs of a signature."""
    kinds = ("numeric", "categorical", "multi_valued")
    return encoder.lookup(*(inputs[f"{prefix}_{kind}"] for kind in kinds))
