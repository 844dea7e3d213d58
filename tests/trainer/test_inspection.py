"""What inspect makes of a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recserve.trainer import schema_file
from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection import inspect, toml_text
from recserve.v1 import schema_pb2

MOVIELENS = Path(__file__).parents[2] / "examples" / "movielens"


def flat(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Ids, features of the user, the item, the pair and the moment, a time and a label."""
    rng = np.random.default_rng(seed)
    users, items = rng.integers(0, 40, rows), rng.integers(0, 30, rows)
    return pd.DataFrame(
        {
            "customerId": [f"u{user}" for user in users],
            "Product ID": [f"i{item}" for item in items],
            "age": rng.integers(18, 80, 40)[users],
            "price": rng.gamma(2, 10, 30).round(2)[items],
            "distance": rng.normal(size=rows).round(4),
            "device": rng.choice(["phone", "web"], rows),
            "clicked": rng.integers(0, 2, rows),
            "ts": 1_600_000_000 + rng.permutation(rows) * 60,
        }
    )


def names(features: object) -> list[str]:
    return [feature.name for feature in features]  # type: ignore[attr-defined]


def test_columns_are_told_apart_by_what_they_depend_on(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    flat().to_csv(path, index=False)

    schema = inspect(path).schema

    assert schema.source.user_id_column == "customerId"
    assert schema.source.item_id_column == "Product ID"
    assert schema.source.timestamp_column == "ts"
    assert schema.source.value_column == "clicked"
    assert schema.event_types[0].positive_at_least == 0.5
    assert names(schema.user_features) == ["age"]
    assert names(schema.item_features) == ["price"]
    assert names(schema.candidate_features) == ["distance"]
    assert names(schema.context_features) == ["device"]


def test_a_parquet_file_is_read_like_the_csv(tmp_path: Path) -> None:
    flat().to_csv(tmp_path / "data.csv", index=False)
    flat().to_parquet(tmp_path / "data.parquet")

    assert inspect(tmp_path / "data.csv").schema == inspect(tmp_path / "data.parquet").schema


def test_a_column_without_evidence_belongs_to_the_pair(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = 60
    pd.DataFrame(
        {
            "user_id": [f"u{i}" for i in range(rows)],
            "item_id": [f"i{i}" for i in range(rows)],
            "f1": np.linspace(0, 1, rows),
            "label": [0, 1] * (rows // 2),
        }
    ).to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["f1"]


def test_nan_written_out_is_a_missing_number(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = flat()
    rows["distance"] = rows["distance"].astype(object)
    rows.loc[:200, "distance"] = "NaN"
    rows.to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["distance"]


def test_a_row_written_twice_is_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = pd.DataFrame(
        {"user_id": [f"u{i}" for i in range(60)], "item_id": "i1", "f1": np.linspace(0, 1, 60)}
    )
    rows["item_id"] = [f"i{i % 5}" for i in range(60)]
    pd.concat([rows, rows]).to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["f1"]


def test_positions_in_the_history_are_no_clock(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame(
        {
            "user_id": ["a", "a", "a", "b", "b"],
            "item_id": ["x", "y", "z", "x", "z"],
            "timestamp": [1, 2, 3, 1, 2],
        }
    ).to_csv(path, index=False)

    source = inspect(path).schema.source

    assert source.timestamp_kind == schema_pb2.TIMESTAMP_KIND_SEQUENCE


def test_movielens_is_recognised_by_its_columns() -> None:
    found = inspect(MOVIELENS)

    source = found.schema.source
    assert (source.interactions_file, source.items_file) == ("ratings.csv", "movies.csv")
    assert names(found.schema.item_features) == ["genres"]
    assert not found.schema.event_types[0].HasField("positive_at_least")
    title = next(column for column in found.columns if column.column == "title")
    assert title.role == "left out"
    assert "unique" in title.reason


def test_the_proposal_reads_back_as_the_same_schema(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    flat().to_csv(path, index=False)
    found = inspect(path)

    assert schema_file.parse(toml_text.render(found)) == found.schema


def test_the_bundled_schema_is_what_inspect_proposes() -> None:
    assert schema_file.read(MOVIELENS / "schema.toml") == inspect(MOVIELENS).schema


def test_a_file_without_ids_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame({"colour": ["red"], "size": [1]}).to_csv(path, index=False)

    with pytest.raises(DatasetError, match="user_id"):
        inspect(path)
