"""A model version made by hand from docs/artefact.md, without a line of the trainer.

`python -m integration.handmade_artefact FOLDER VERSION ITEM_COUNT [SOUND_ROWS]` writes one, with
up to 200 items i0, i1, i2 … Its users like the items that are next to those of their history: the
score of an item is the sigmoid of the dot product of its vector, a point on a circle, with the mean
vector of the history. It cannot rank for a history that has an item from row SOUND_ROWS on.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from recserve.v1 import model_pb2, schema_pb2

HISTORY_LENGTH = 20
MULTI_VALUED_LENGTH = 4
CANDIDATE_FEATURES = 2


class HandmadeModel(tf.Module):
    """The four signatures of docs/artefact.md. `_` stands for a dimension that is free."""

    def __init__(self, sound_rows: int) -> None:
        super().__init__()
        self._sound_rows = sound_rows

    def encode_items(self, **items: tf.Tensor) -> dict[str, tf.Tensor]:
        angle = tf.strings.to_number(tf.strings.substr(items["item_ids"], 1, -1)) * 0.03
        vectors = 3.0 * tf.stack([tf.cos(angle), tf.sin(angle)], axis=1)
        return {"item_vectors": vectors, "item_states": items["item_popularity"][:, None]}

    def encode_users(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = inputs["history_rows"]
        known = tf.cast(rows >= 0, tf.float32)[:, :, None]
        vectors = tf.gather(inputs["item_vectors"], tf.maximum(rows, 0)) * known
        total = tf.maximum(tf.reduce_sum(known, axis=1), 1.0)
        return {"user_vectors": tf.reduce_sum(vectors, axis=1) / total}

    def recommend(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        last = tf.reduce_max(inputs["history_rows"])
        with tf.control_dependencies([tf.debugging.assert_less(last, self._sound_rows)]):
            users = self.encode_users(**inputs)["user_vectors"]
        scores = tf.matmul(users, inputs["item_vectors"], transpose_b=True)
        excluded = inputs["excluded_rows"]
        users_of = tf.broadcast_to(tf.range(tf.shape(excluded)[0])[:, None], tf.shape(excluded))
        places = tf.stack([users_of, excluded], axis=2)
        places = tf.boolean_mask(places, excluded >= 0)
        shut = tf.scatter_nd(places, tf.ones(tf.shape(places)[0]), tf.shape(scores)) > 0
        allowed = tf.logical_and(inputs["available"][None], tf.logical_not(shut))
        scores = tf.where(allowed, scores, -np.inf)
        count = tf.minimum(inputs["result_count"], tf.shape(scores)[1])
        best, rows = tf.math.top_k(scores, count)
        found = best > -np.inf
        missing = [[0, 0], [0, inputs["result_count"] - count]]
        return {
            "rows": tf.pad(tf.where(found, rows, -1), missing, constant_values=-1),
            "scores": tf.pad(tf.where(found, tf.sigmoid(best), 0.0), missing),
        }

    def score(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        users = self.encode_users(**inputs)["user_vectors"]
        rows = inputs["candidate_rows"]
        items = tf.gather(inputs["item_vectors"], tf.maximum(rows, 0))
        given = inputs["candidate_features"]
        extra = tf.reduce_sum(tf.where(tf.math.is_nan(given), 0.0, given), axis=2)
        scores = tf.sigmoid(tf.einsum("bcv,bv->bc", items, users) + extra)
        return {"scores": tf.where(rows >= 0, scores, 0.0)}


def _spec(name: str, dtype: tf.DType, *shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name)


def _user_inputs() -> list[tf.TensorSpec]:
    length, strings = HISTORY_LENGTH, MULTI_VALUED_LENGTH
    return [
        _spec("history_rows", tf.int32, None, length),
        _spec("history_types", tf.int32, None, length),
        _spec("history_values", tf.float32, None, length),
        _spec("history_ages", tf.float32, None, length),
        *(_spec(f"{owner}_numeric", tf.float32, None, 0) for owner in ("user", "context")),
        *(_spec(f"{owner}_categorical", tf.string, None, 0) for owner in ("user", "context")),
        *(
            _spec(f"{owner}_multi_valued", tf.string, None, 0, strings)
            for owner in ("user", "context")
        ),
        _spec("item_vectors", tf.float32, None, 2),
        _spec("item_states", tf.float32, None, 1),
    ]


def _signatures(model: HandmadeModel) -> dict[str, object]:
    users = _user_inputs()
    inputs = {
        "encode_items": [
            _spec("item_ids", tf.string, None),
            _spec("item_popularity", tf.float32, None),
            _spec("item_numeric", tf.float32, None, 1),
            _spec("item_categorical", tf.string, None, 0),
            _spec("item_multi_valued", tf.string, None, 0, MULTI_VALUED_LENGTH),
        ],
        "encode_users": users,
        "recommend": [
            *users,
            _spec("available", tf.bool, None),
            _spec("excluded_rows", tf.int32, None, None),
            _spec("result_count", tf.int32),
        ],
        "score": [
            *users,
            _spec("candidate_rows", tf.int32, None, None),
            _spec("candidate_features", tf.float32, None, None, CANDIDATE_FEATURES),
        ],
    }
    return {
        name: tf.function(getattr(model, name)).get_concrete_function(
            **{spec.name: spec for spec in specs}
        )
        for name, specs in inputs.items()
    }


def write(folder: Path, version: int, item_count: int, sound_rows: int = 2**31 - 1) -> Path:
    """Write version `version` of the model whose folder is given; items are i0, i1, i2 …"""
    target = folder / str(version)
    target.mkdir(parents=True)
    model = HandmadeModel(sound_rows)
    tf.saved_model.save(model, str(target / "saved_model"), signatures=_signatures(model))
    ids = [f"i{number}".encode() for number in range(item_count)]
    none = {"bytes": np.empty(0, np.uint8), "offsets": np.zeros(1, np.int64)}
    np.savez(
        target / "items.npz",
        item_id_bytes=np.frombuffer(b"".join(ids), np.uint8),
        item_id_offsets=np.cumsum([0, *map(len, ids)]),
        popularity=np.arange(item_count, 0, -1, dtype=np.float32),
        numeric=np.arange(item_count, dtype=np.float32)[:, None],
        **{f"{name}_{k}": v for name in ("categorical", "multi_valued") for k, v in none.items()},
    )
    manifest = _manifest(folder.name, version, item_count)
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        manifest.files.add(
            path=path.relative_to(target).as_posix(),
            size_bytes=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
    text = json_format.MessageToJson(manifest, preserving_proto_field_name=True)
    (target / "manifest.json").write_text(text)
    return target


def _manifest(model: str, version: int, item_count: int) -> model_pb2.ModelVersion:
    numeric = schema_pb2.FEATURE_TYPE_NUMERIC
    schema = schema_pb2.Schema(
        event_types=[schema_pb2.EventType(name="click"), schema_pb2.EventType(name="buy")],
        item_features=[schema_pb2.Feature(name="number", type=numeric)],
        candidate_features=[
            schema_pb2.Feature(name=f"f{number}", type=numeric)
            for number in range(CANDIDATE_FEATURES)
        ],
    )
    layout = model_pb2.ArtefactLayout(
        format_version=1,
        family="two_stage",
        history_length=HISTORY_LENGTH,
        vector_width=2,
        state_width=1,
        multi_valued_length=MULTI_VALUED_LENGTH,
        candidate_count=item_count,
        uses_history=True,
    )
    manifest = model_pb2.ModelVersion(model=model, version=version, schema=schema, layout=layout)
    manifest.create_time.GetCurrentTime()
    manifest.lineage.item_count = item_count
    return manifest


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), *map(int, sys.argv[2:])))
