"""What the training steps and the evaluation read: histories and encoded features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.trainer.histories import Histories, HistoryBlock
from recserve.trainer.model.features import EncodedFeatures, FeatureEncoder
from recserve.trainer.model.history import History
from recserve.trainer.tables import FeatureTable, Ints


def encode(encoder: FeatureEncoder, table: FeatureTable) -> EncodedFeatures:
    """Looks up a whole table of raw features once."""
    encoded = encoder.lookup(
        tf.constant(table.numeric, tf.float32),
        tf.constant(table.categorical.astype(str), tf.string),
        tf.constant(table.multi_valued.astype(str), tf.string),
    )
    return EncodedFeatures(*(part.numpy() for part in encoded))


def take(features: EncodedFeatures, rows: Ints) -> EncodedFeatures:
    """The encoded features of these rows, as tensors."""
    return EncodedFeatures(*(tf.constant(part[rows]) for part in features))


def history_tensors(block: HistoryBlock) -> History:
    """A block of histories as tensors."""
    return History(*(tf.constant(part) for part in (block.rows, block.types, block.values, block.ages)))


@dataclass(frozen=True)
class UserInputs:
    """All that the user tower can read about the events of one table."""

    histories: Histories
    users: Ints
    """int32 `[events]`, the user of each event."""
    user_features: EncodedFeatures
    context_features: EncodedFeatures

    def at(self, positions: Ints) -> tuple[History, EncodedFeatures, EncodedFeatures]:
        """History, user and context features at the moment of each of these events."""
        history = history_tensors(self.histories.before(positions))
        return history, self.user_at(positions), self.context_at(positions)

    def user_at(self, positions: Ints) -> EncodedFeatures:
        """The features of the users of these events."""
        return take(self.user_features, self.users[positions])

    def context_at(self, positions: Ints) -> EncodedFeatures:
        """The context features of these events."""
        return take(self.context_features, positions)


def batches(order: Ints, size: int) -> list[Ints]:
    """Cuts an order into batches; the last may be smaller."""
    return [order[start : start + size] for start in range(0, len(order), size)]


def first_encounters(user: Ints, item: Ints, item_count: int) -> np.typing.NDArray[np.bool_]:
    """Which events are the first of their user with their item."""
    key = user.astype(np.int64) * item_count + item
    first = np.zeros(len(key), dtype=bool)
    first[np.unique(key, return_index=True)[1]] = True
    return first


Tensors = Any
