"""Runs a version on items that came in another order than its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recserve.trainer.evaluation.setting import Runner
from recserve.trainer.tables import Ints, Strings

# What is said of an item that the version knows and the tables do not.
MISSING: dict[str, Any] = {
    "item_popularity": 0.0,
    "item_numeric": np.nan,
    "item_categorical": "",
    "item_multi_valued": "",
    "available": False,
}
ROWS = ("history_rows", "excluded_rows", "candidate_rows")


class Aligned:
    """The signatures of a version, in terms of the rows of some tables.

    A version knows items by their rows in its own item table, and takes new ones behind them,
    as a server gives them to it. Items that the tables do not have any more keep their rows,
    and are not available.

    Args:
        run: Runs a signature of the version.
        own_ids: Its item table.
        item_ids: The items of the tables.
        multi_valued_length: The `M` of its signatures.
        type_count: The event types that it knows; events of later ones are no history to it.
    """

    def __init__(
        self,
        run: Runner,
        own_ids: Strings,
        item_ids: Strings,
        *,
        multi_valued_length: int,
        type_count: int,
    ) -> None:
        self._run, self._length, self._type_count = run, multi_valued_length, type_count
        rows = {str(item): row for row, item in enumerate(own_ids)}
        for item in item_ids:
            rows.setdefault(str(item), len(rows))
        self._ids = np.array(list(rows), dtype=object)
        self._inward = np.array([rows[str(item)] for item in item_ids], np.int32)
        self._outward = np.full(len(rows), -1, np.int32)
        self._outward[self._inward] = np.arange(len(item_ids))

    @property
    def item_rows(self) -> Ints:
        """The version's row of each item of the tables, int32 `[N]`."""
        return self._inward

    def run(self, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Runs one signature; rows are those of the tables, vectors those of the version."""
        if "history_types" in inputs:
            inputs = self._known(inputs)
        answer = self._run(name, {key: self._taken(key, value) for key, value in inputs.items()})
        if "rows" in answer:
            answer["rows"] = _mapped(self._outward, answer["rows"])
        return answer

    def _known(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs without events of types that the version does not know."""
        types, rows = np.asarray(inputs["history_types"]), np.asarray(inputs["history_rows"])
        unknown = types >= self._type_count
        return {
            **inputs,
            "history_types": np.where(unknown, -1, types).astype(np.int32),
            "history_rows": np.where(unknown, -1, rows).astype(np.int32),
        }

    def _taken(self, name: str, value: Any) -> Any:
        if name == "item_ids":
            return self._ids
        if name in ROWS:
            return _mapped(self._inward, value)
        if name in MISSING:
            value = self._spread(value, MISSING[name])
        return self._cut(value) if name.endswith("_multi_valued") else value

    def _spread(self, value: Any, missing: Any) -> Any:
        whole = np.full((len(self._ids), *value.shape[1:]), missing, value.dtype)
        whole[self._inward] = value
        return whole

    def _cut(self, value: Any) -> Any:
        """Multi-valued features with as many values as the version reads."""
        cut = np.full((*value.shape[:2], self._length), "", dtype=object)
        width = min(self._length, value.shape[2])
        cut[:, :, :width] = value[:, :, :width]
        return cut


def _mapped(places: Ints, rows: Any) -> Ints:
    """Rows by their new places; -1 stays."""
    rows = np.asarray(rows)
    mapped: Ints = np.where(rows >= 0, places[np.maximum(rows, 0)], -1).astype(np.int32)
    return mapped
