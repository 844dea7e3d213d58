"""A version is asked about items in the order that it knows them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from recserve.trainer.evaluation.aligned import Aligned

OWN = np.array(["gone", "b", "a"], dtype=object)
TABLES = np.array(["a", "new", "b"], dtype=object)


class Recorder:
    """Answers with the rows it is told to, and keeps its inputs."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = np.array(rows, np.int32)
        self.name = ""
        self.inputs: Mapping[str, Any] = {}

    def __call__(self, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.name, self.inputs = name, inputs
        return {"rows": self.rows.copy(), "scores": np.ones(self.rows.shape)}


def test_items_are_given_in_the_versions_order_and_new_ones_behind() -> None:
    recorder = Recorder([[]])
    aligned = Aligned(recorder, OWN, TABLES, multi_valued_length=1, type_count=2)
    numbers = np.array([[1.0], [2.0], [3.0]], np.float32)
    tags = np.array([[["x", "y"]], [["", ""]], [["z", ""]]], dtype=object)

    aligned.run(
        "encode_items",
        {
            "item_ids": TABLES,
            "item_popularity": numbers[:, 0],
            "item_numeric": numbers,
            "item_categorical": np.array([["A"], ["N"], ["B"]], dtype=object),
            "item_multi_valued": tags,
        },
    )

    given = recorder.inputs
    assert given["item_ids"].tolist() == ["gone", "b", "a", "new"]
    assert given["item_popularity"].tolist() == [0.0, 3.0, 1.0, 2.0]
    assert np.isnan(given["item_numeric"][0, 0])
    assert given["item_numeric"][1:, 0].tolist() == [3.0, 1.0, 2.0]
    assert given["item_categorical"][:, 0].tolist() == ["", "B", "A", "N"]
    assert given["item_multi_valued"].tolist() == [[[""]], [["z"]], [["x"]], [[""]]]


def test_rows_are_translated_on_the_way_in_and_out() -> None:
    recorder = Recorder([[3, 1, 2, -1]])
    aligned = Aligned(recorder, OWN, TABLES, multi_valued_length=2, type_count=2)

    answer = aligned.run(
        "recommend",
        {
            "history_rows": np.array([[0, 2, -1]], np.int32),
            "excluded_rows": np.array([[1, -1]], np.int32),
            "available": np.ones(3, dtype=bool),
            "user_multi_valued": np.array([[["x"]]], dtype=object),
        },
    )

    assert recorder.inputs["history_rows"].tolist() == [[2, 1, -1]]
    assert recorder.inputs["excluded_rows"].tolist() == [[3, -1]]
    assert recorder.inputs["available"].tolist() == [False, True, True, True]
    assert recorder.inputs["user_multi_valued"].tolist() == [[["x", ""]]]
    assert answer["rows"].tolist() == [[1, 2, 0, -1]]


@pytest.mark.parametrize("features", [0, 2])
def test_features_may_be_none_at_all(features: int) -> None:
    recorder = Recorder([[]])
    aligned = Aligned(recorder, OWN, TABLES, multi_valued_length=3, type_count=2)

    empty = np.empty((3, features, 1), dtype=object)
    empty[:] = ""
    aligned.run("encode_items", {"item_multi_valued": empty})

    assert recorder.inputs["item_multi_valued"].shape == (4, features, 3)


def test_events_of_types_that_came_later_are_no_history() -> None:
    recorder = Recorder([[]])
    aligned = Aligned(recorder, OWN, TABLES, multi_valued_length=1, type_count=2)
    rows, types = np.array([[0, 2, 0, -1]], np.int32), np.array([[0, 2, 1, -1]], np.int32)

    aligned.run("encode_users", {"history_rows": rows, "history_types": types})

    assert recorder.inputs["history_rows"].tolist() == [[2, -1, 2, -1]]
    assert recorder.inputs["history_types"].tolist() == [[0, -1, 1, -1]]
