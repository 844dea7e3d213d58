"""The inputs of the signatures, as docs/artefact.md fixes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.tables import Tables
from recserve.v1 import schema_pb2


@dataclass(frozen=True)
class Dimensions:
    """The fixed dimensions of a version's signatures."""

    history_length: int
    vector_width: int
    state_width: int
    multi_valued_length: int
    user: FeatureLayout
    item: FeatureLayout
    context: FeatureLayout
    candidate: int


def dimensions_of(
    schema: schema_pb2.Schema,
    tables: Tables,
    history_length: int,
    vector_width: int,
    state_width: int,
) -> Dimensions:
    """The dimensions that a schema and a model fix."""
    return Dimensions(
        history_length=history_length,
        vector_width=vector_width,
        state_width=state_width,
        multi_valued_length=tables.item_features.multi_valued.shape[2],
        user=FeatureLayout.of(schema.user_features),
        item=FeatureLayout.of(schema.item_features),
        context=FeatureLayout.of(schema.context_features),
        candidate=len(schema.candidate_features),
    )


Specs = dict[str, Any]


def input_specs(dimensions: Dimensions) -> dict[str, Specs]:
    """The inputs of each signature by name."""
    users, items = _user_inputs(dimensions), _item_inputs(dimensions)
    pairs = users | items | _candidate_inputs(dimensions)
    return {
        "encode_items": _encode_items(dimensions),
        "encode_users": users | items,
        "recommend": users
        | items
        | {
            "available": _spec("available", tf.bool, None),
            "excluded_rows": _spec("excluded_rows", tf.int32, None, None),
            "result_count": _spec("result_count", tf.int32),
        },
        "score": pairs,
        "features": pairs,
    }


def _user_inputs(dimensions: Dimensions) -> Specs:
    length = dimensions.history_length
    return {
        "history_rows": _spec("history_rows", tf.int32, None, length),
        "history_types": _spec("history_types", tf.int32, None, length),
        "history_values": _spec("history_values", tf.float32, None, length),
        "history_ages": _spec("history_ages", tf.float32, None, length),
        **_features("user", dimensions.user, dimensions.multi_valued_length),
        **_features("context", dimensions.context, dimensions.multi_valued_length),
    }


def _item_inputs(dimensions: Dimensions) -> Specs:
    return {
        "item_vectors": _spec("item_vectors", tf.float32, None, dimensions.vector_width),
        "item_states": _spec("item_states", tf.float32, None, dimensions.state_width),
    }


def _candidate_inputs(dimensions: Dimensions) -> Specs:
    return {
        "candidate_rows": _spec("candidate_rows", tf.int32, None, None),
        "candidate_features": _spec(
            "candidate_features", tf.float32, None, None, dimensions.candidate
        ),
    }


def _encode_items(dimensions: Dimensions) -> Specs:
    return {
        "item_ids": _spec("item_ids", tf.string, None),
        "item_popularity": _spec("item_popularity", tf.float32, None),
        **_features("item", dimensions.item, dimensions.multi_valued_length),
    }


def _features(prefix: str, layout: FeatureLayout, length: int) -> Specs:
    shapes = {
        f"{prefix}_numeric": (tf.float32, (None, layout.numbers)),
        f"{prefix}_categorical": (tf.string, (None, layout.strings)),
        f"{prefix}_multi_valued": (tf.string, (None, layout.multi_valued, length)),
    }
    return {name: _spec(name, dtype, *shape) for name, (dtype, shape) in shapes.items()}


def _spec(name: str, dtype: Any, *shape: int | None) -> Any:
    return tf.TensorSpec(shape, dtype, name=name)
