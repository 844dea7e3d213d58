"""The two-stage model before it learns."""

from __future__ import annotations

import numpy as np

from recserve.trainer import vocabulary
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.model.features import table_labels
from recserve.trainer.model.item_tower import ItemTower
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.neighbours import Neighbours
from recserve.trainer.model.ranker import Ranker
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.model.user_tower import UserTower
from recserve.trainer.tables import Events, Ints, Tables, popularity
from recserve.v1 import schema_pb2


def build(
    tables: Tables, train: Events, schema: schema_pb2.Schema, hp: HyperParameters
) -> tuple[TwoStage, Ints]:
    """An untrained model for the items that training will see.

    Returns:
        The model, and the row of each item's own vector, int32 `[N]`, -1 for none.
    """
    seen = np.flatnonzero(np.bincount(train.item, minlength=tables.item_count))
    own_rows = np.full(tables.item_count, -1, np.int32)
    own_rows[seen] = np.arange(len(seen))
    ids = [str(item_id) for item_id in tables.item_ids[seen]]
    type_count = max(1, len(schema.event_types))
    items = ItemTower(ids, vocabulary.learn(tables.item_features), hp.embedding_width)
    items.new_bias.assign(np.log1p(popularity(train, tables.item_count)[seen]).mean())
    users = UserTower(
        hp.history_length,
        type_count,
        vocabulary.learn(tables.user_features),
        vocabulary.learn(train.context),
        hp.embedding_width,
    )
    neighbours = Neighbours(tables.item_count, *meaning(schema))
    memory = Memory(hp.history_length, type_count, tables.item_count)
    ranker = Ranker(items.vector_width, hp.hidden_layers, hp.dropout)
    means, deviations = vocabulary.moments(train.value[:, None])
    for reader in (users.weights_of_events, memory.weights_of_events):
        reader.value_moments.assign([means[0], deviations[0]])
    return TwoStage(items, users, memory, neighbours, ranker, hp.candidate_count), own_rows


def meaning(schema: schema_pb2.Schema) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How much an event of each type counts as wanted, and the value from which on it does."""
    positive = (schema_pb2.POLARITY_UNSPECIFIED, schema_pb2.POLARITY_POSITIVE)
    types = list(schema.event_types) or [schema_pb2.EventType()]
    strengths = [
        (kind.weight if kind.HasField("weight") else 1.0) if kind.polarity in positive else 0.0
        for kind in types
    ]
    thresholds = [
        kind.positive_at_least if kind.HasField("positive_at_least") else float("-inf")
        for kind in types
    ]
    return tuple(strengths), tuple(thresholds)


def vocabularies(model: TwoStage) -> dict[str, list[str]]:
    """What the rows of the model's tables stand for, by the path of the weight."""
    encoders = (model.items.features, model.users.user_features, model.users.context_features)
    items = model.items
    return table_labels(encoders) | {
        items.table.path: items.item_ids,
        items.bias.path: items.item_ids,
    }
