"""Which family suits a dataset."""

from pathlib import Path

import pandas as pd
import pytest

from recserve.trainer import dataset, family
from recserve.trainer.cleaning import clean
from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection import inspect
from recserve.trainer.tables import Tables
from recserve.v1 import schema_pb2


def looked_at(path: Path, **columns: object) -> tuple[schema_pb2.Schema, Tables]:
    """A dataset of 40 rows, of which these columns differ from row to row."""
    ids = {"user_id": [f"u{n % 8}" for n in range(40)], "item_id": [f"i{n % 5}" for n in range(40)]}
    pd.DataFrame(ids | columns).to_csv(path / "data.csv", index=False)
    schema = inspect(path / "data.csv").schema
    return schema, clean(
        dataset.read(dataset.locate(path / "data.csv", schema.source)), schema, 2e9
    ).tables


LABEL = [n % 2 for n in range(20)] + [1 - n % 2 for n in range(20)]
OF_PAIR = [n * n % 17 / 3 for n in range(40)]
OF_USER = [n % 8 for n in range(40)]
TIMES = [1_600_000_000 + 7919 * n % 40 for n in range(40)]


@pytest.mark.parametrize(
    ("columns", "suited"),
    [
        ({"f": OF_PAIR, "label": LABEL}, "pointwise"),
        ({"f": OF_PAIR, "label": LABEL, "timestamp": TIMES}, "pointwise"),
        ({"age": OF_USER, "label": LABEL}, "pointwise"),
        ({"age": OF_USER, "label": LABEL, "timestamp": TIMES}, "two_stage"),
        ({"label": LABEL}, "two_stage"),
        ({"amount": OF_PAIR, "timestamp": TIMES}, "two_stage"),
        ({"amount": OF_PAIR}, "two_stage"),
        ({"age": OF_USER, "timestamp": TIMES}, "two_stage"),
        ({}, "two_stage"),
    ],
)
def test_labelled_rows_with_features_are_for_the_pointwise_family(
    tmp_path: Path, columns: dict[str, object], suited: str
) -> None:
    schema, tables = looked_at(tmp_path, **columns)

    assert family.suited(schema, tables) == suited


def test_a_pointwise_model_of_positives_alone_is_refused(tmp_path: Path) -> None:
    _, tables = looked_at(tmp_path, amount=OF_PAIR)

    with pytest.raises(DatasetError, match="every event is positive"):
        family.check("pointwise", tables)
    family.check("two_stage", tables)
