"""What the training steps and the evaluation read: histories and encoded features."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import tensorflow as tf

from recserve.trainer.histories import Histories, HistoryBlock
from recserve.trainer.model.features import EncodedFeatures, FeatureEncoder
from recserve.trainer.model.history import History
from recserve.trainer.tables import FeatureTable, Ints

T = TypeVar("T")
S = TypeVar("S")


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
    return History(
        *(tf.constant(part) for part in (block.rows, block.types, block.values, block.ages))
    )


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


def ahead(prepare: Callable[[T], S], order: Iterable[T], depth: int = 2) -> Iterator[S]:
    """Prepares batches in one thread while the one before is being learned.

    The order, and so every random choice in `prepare`, is that of a plain loop.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: deque[Future[S]] = deque()
        for batch in order:
            waiting.append(thread.submit(prepare, batch))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
