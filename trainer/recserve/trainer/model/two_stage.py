"""The two-stage model: towers, memory and neighbours retrieve, an MLP ranks."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from recserve.trainer.model.features import FeatureEncoder
from recserve.trainer.model.history import History
from recserve.trainer.model.item_tower import ItemTower
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.neighbours import Neighbours
from recserve.trainer.model.ranker import Ranker
from recserve.trainer.model.retrieval import Chances, Retrieval
from recserve.trainer.model.selection import OUT, best, largest, only
from recserve.trainer.model.user_tower import UserTower


class Offer(NamedTuple):
    """What retrieval offers to ranking."""

    rows: Any
    """int32 `[B, C]`, in no order."""
    retrieved: Any
    """float32 `[B, C, TOLD]`, what retrieval says of each."""
    there: Any
    """bool `[B, C]`; False for items that must not be returned."""


class TwoStage(keras.Model):
    """The computations of the signatures, over layers that training shares."""

    def __init__(
        self,
        items: ItemTower,
        users: UserTower,
        memory: Memory,
        neighbours: Neighbours,
        ranker: Ranker,
        candidate_count: int,
    ) -> None:
        super().__init__(name="two_stage")
        self.items = items
        self.users = users
        self.retrieval = Retrieval(memory, neighbours)
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
        offer = self.offer(
            users,
            inputs["item_vectors"],
            history_of(inputs),
            inputs["available"],
            inputs["excluded_rows"],
            tf.maximum(self.candidate_count, inputs["result_count"]),
        )
        scores = tf.sigmoid(self._logits(users, offer.rows, offer.retrieved, inputs))
        scores = tf.where(offer.there, scores, OUT)
        rows, scores = best(scores, offer.rows, inputs["result_count"])
        return {"rows": rows, "scores": scores}

    def score(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The scores of given items."""
        return {"scores": self.features(inputs)["scores"]}

    def features(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The last hidden layer of the ranker for given items, and their scores."""
        users = self._user_vectors(inputs)
        rows = inputs["candidate_rows"]
        at = tf.maximum(rows, 0)
        history = history_of(inputs)
        chances = self.retrieval.chances(users, inputs["item_vectors"], history, rows[:, :0])
        retrieved = self._of_rows(chances, inputs["item_vectors"], history, at)
        units = self.ranker.hidden_units(*self._pairs(users, at, inputs), retrieved)
        scores = tf.sigmoid(self.ranker.logits(units, retrieved))
        return {
            "features": tf.reshape(units, tf.concat([tf.shape(rows), [units.shape[1]]], axis=0)),
            "scores": tf.where(rows >= 0, scores, 0.0),
        }

    def offer(
        self,
        users: Any,
        item_vectors: Any,
        history: History,
        available: Any,
        excluded_rows: Any,
        count: Any,
    ) -> Offer:
        """The likeliest items, which retrieval offers to ranking.

        Args:
            users: float32 `[B, V]`, user vectors.
            item_vectors: float32 `[N, V]`.
            history: What the users did.
            available: bool `[N]`.
            excluded_rows: int32 `[B, E]`, padded with -1.
            count: How many; fewer if there are not so many items.
        """
        chances = self.retrieval.chances(users, item_vectors, history, excluded_rows)
        top, rows = largest(only(chances.all, available), count)
        return Offer(rows, self._of_rows(chances, item_vectors, history, rows), top > OUT)

    def _of_rows(self, chances: Chances, item_vectors: Any, history: History, rows: Any) -> Any:
        """What retrieval says of some rows, float32 `[B, C, TOLD]`."""
        chosen = Chances(*(tf.gather(each, rows, batch_dims=1) for each in chances))
        biases = tf.gather(item_vectors[:, -1], rows)
        return self.retrieval.told(chosen, biases, history, tf.shape(item_vectors)[0])

    def _user_vectors(self, inputs: dict[str, Any]) -> Any:
        return self.users(
            inputs["item_vectors"],
            history_of(inputs),
            lookup(self.users.user_features, inputs, "user"),
            lookup(self.users.context_features, inputs, "context"),
        )

    def _logits(self, users: Any, rows: Any, retrieved: Any, inputs: dict[str, Any]) -> Any:
        return self.ranker(*self._pairs(users, rows, inputs), retrieved)

    def _pairs(self, users: Any, rows: Any, inputs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """What the ranker reads of pairs: users, and the vectors and states of items."""
        items = (tf.gather(inputs[name], rows) for name in ("item_vectors", "item_states"))
        return users, *items


def history_of(inputs: dict[str, Any]) -> History:
    """The history among the inputs of a signature."""
    return History(*(inputs[f"history_{part}"] for part in History._fields))


def lookup(encoder: FeatureEncoder, inputs: dict[str, Any], prefix: str) -> Any:
    """Looks up one kind of features among the inputs of a signature."""
    kinds = ("numeric", "categorical", "multi_valued")
    return encoder.lookup(*(inputs[f"{prefix}_{kind}"] for kind in kinds))
