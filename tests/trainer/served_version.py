"""A published version as a server sees it: its files alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class ServedVersion:
    """The item table and the signatures of a version."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._tf = tf
        self.signatures = tf.saved_model.load(str(folder / "saved_model")).signatures
        with np.load(folder / "items.npz", allow_pickle=False) as table:
            self.popularity = table["popularity"]
            count = len(self.popularity)
            self.ids = strings(table["item_id_bytes"], table["item_id_offsets"])
            categorical = strings(table["categorical_bytes"], table["categorical_offsets"])
            multi = strings(table["multi_valued_bytes"], table["multi_valued_offsets"])
            specs = self.specs("encode_items")
            self.items = {
                "item_ids": self.ids,
                "item_popularity": self.popularity,
                "item_numeric": table["numeric"],
                "item_categorical": categorical.reshape(count, -1),
                "item_multi_valued": multi.reshape(
                    count, *specs["item_multi_valued"].shape.as_list()[1:]
                ),
            }
        self.encoded = self.run("encode_items", **self.items)

    def specs(self, name: str) -> dict[str, Any]:
        """The inputs of a signature."""
        found: dict[str, Any] = self.signatures[name].structured_input_signature[1]
        return found

    def run(self, name: str, **inputs: Any) -> dict[str, Array]:
        """Runs a signature."""
        tensors = {
            key: self._tf.constant(
                np.asarray(inputs[key]).tolist(), spec.dtype, shape=np.shape(inputs[key])
            )
            for key, spec in self.specs(name).items()
        }
        return {key: value.numpy() for key, value in self.signatures[name](**tensors).items()}

    def users(self, histories: list[list[int]]) -> dict[str, Any]:
        """The user inputs for histories of rows, an hour between events."""
        length = self.specs("encode_users")["history_rows"].shape[1]
        batch = len(histories)
        inputs: dict[str, Any] = {
            "history_rows": np.full((batch, length), -1, np.int32),
            "history_types": np.full((batch, length), -1, np.int32),
            "history_values": np.full((batch, length), np.nan, np.float32),
            "history_ages": np.full((batch, length), np.nan, np.float32),
        }
        for user, rows in enumerate(histories):
            last = rows[-length:]
            inputs["history_rows"][user, : len(last)] = last
            inputs["history_types"][user, : len(last)] = 0
            inputs["history_ages"][user, : len(last)] = 3600.0 * np.arange(len(last), 0, -1)
        for kind in ("user", "context"):
            for part in ("numeric", "categorical", "multi_valued"):
                spec = self.specs("encode_users")[f"{kind}_{part}"]
                shape = [batch, *spec.shape.as_list()[1:]]
                dtype, empty = (np.float32, np.nan) if part == "numeric" else (object, "")
                inputs[f"{kind}_{part}"] = np.full(shape, empty, dtype)
        return inputs

    def recommend(
        self,
        histories: list[list[int]],
        count: int,
        excluded: list[list[int]] | None = None,
        available: Array | None = None,
    ) -> tuple[Array, Array]:
        """Rows and scores for users of these histories."""
        given = excluded or [[] for _ in histories]
        width = max(1, *(len(rows) for rows in given))
        padded = [rows + [-1] * (width - len(rows)) for rows in given]
        answer = self.run(
            "recommend",
            **self.users(histories),
            **self.encoded,
            available=np.ones(len(self.ids), bool) if available is None else available,
            excluded_rows=np.array(padded, np.int32),
            result_count=np.int32(count),
        )
        return answer["rows"], answer["scores"]

    def score(
        self, histories: list[list[int]], rows: Array, features: Array | None = None
    ) -> Array:
        """Scores of given candidates."""
        return self.of_pairs("score", histories, rows, features)["scores"]

    def of_pairs(
        self, name: str, histories: list[list[int]], rows: Array, features: Array | None = None
    ) -> dict[str, Array]:
        """What a signature says of given candidates."""
        width = self.specs("score")["candidate_features"].shape[2]
        if features is None:
            features = np.full((*rows.shape, width), np.nan, np.float32)
        return self.run(
            name,
            **self.users(histories),
            **self.encoded,
            candidate_rows=rows,
            candidate_features=features,
        )


def strings(content: Array, offsets: Array) -> Array:
    """Unpacks strings of an item table."""
    whole = content.tobytes()
    parts = [whole[start:end].decode() for start, end in pairwise(offsets)]
    result = np.empty(len(parts), dtype=object)
    result[:] = parts
    return result
