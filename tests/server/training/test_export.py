"""An export is the log and the catalogue as they were at one moment, in files of the trainer's."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from recserve.server.catalogue import ItemRecord, SqlCatalogue, UserRecord
from recserve.server.database import Database, open_database
from recserve.server.errors import InvalidDataset
from recserve.server.event_log import SqlEventLog
from recserve.server.events import Event
from recserve.server.pseudonyms import pseudonyms_of
from recserve.server.schema import DeclaredSchema, declare, load_schema
from recserve.server.training import export as exports
from recserve.server.training.export import export_dataset
from recserve.trainer import dataset, schema_file
from recserve.trainer.cleaning import clean
from recserve.v1 import schema_pb2

AWKWARD = ["NA", "1e5", "007", "nan", "null", "Zoë", 'say "hi", twice', "a|b", "a;b", "0.10", "☃"]
NUMERIC, CATEGORICAL, MULTI = (
    schema_pb2.FEATURE_TYPE_NUMERIC,
    schema_pb2.FEATURE_TYPE_CATEGORICAL,
    schema_pb2.FEATURE_TYPE_MULTI_VALUED,
)
Feature = schema_pb2.Feature
SHOP = schema_pb2.Schema(
    event_types=[
        schema_pb2.EventType(name="buy", weight=3),
        schema_pb2.EventType(name="rating", positive_at_least=3.5),
    ],
    item_features=[
        Feature(name="price", type=NUMERIC, column="Price"),
        Feature(name="tags", type=MULTI, separator=";", column="Tags"),
    ],
    user_features=[Feature(name="country", type=CATEGORICAL)],
    context_features=[Feature(name="hour", type=NUMERIC)],
    source=schema_pb2.DatasetSource(user_id_column="who", timestamp_kind=2),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def happened(database: Database, *events: dict[str, Any]) -> None:
    log = SqlEventLog(database)
    before = log.last_position()
    defaults = {"user_id": "u", "item_id": "i", "event_type": "buy", "value": None, "time": 1.0}
    log.append_groups(
        [[Event(event_id=f"{before}-{n}", **{**defaults, **each}) for n, each in enumerate(events)]]
    )


def shop() -> DeclaredSchema:
    return declare(SHOP)


def test_everything_is_there_in_the_order_of_the_log(database: Database, tmp_path: Path) -> None:
    happened(
        database,
        {"user_id": "v", "time": 1_700_000_000.25, "context": {"hour": 7.5}},
        {"event_type": "rating", "value": 4.0, "time": 5.0},
    )
    catalogue = SqlCatalogue(database)
    catalogue.put_items([ItemRecord("i", {"price": 2.5, "tags": ("a|b", "c;d", "")}, False)])
    catalogue.put_items([ItemRecord("j", {"price": "not a number"})])
    catalogue.put_users([UserRecord("v", {"country": "NL"})])
    exported = export_dataset(database, tmp_path / "data", schema=shop())
    assert (exported.log_position, exported.event_count) == (2, 2)
    assert pq.read_table(tmp_path / "data" / "interactions.parquet").to_pylist() == [
        {
            "user_id": "v", "item_id": "i", "event_type": "buy", "value": None,
            "timestamp": 1_700_000_000.25, "hour": 7.5,
        },
        {
            "user_id": "u", "item_id": "i", "event_type": "rating", "value": 4.0,
            "timestamp": 5.0, "hour": None,
        },
    ]  # fmt: skip
    assert pq.read_table(tmp_path / "data" / "items.parquet").to_pylist() == [
        {"item_id": "i", "price": 2.5, "tags": ["a|b", "c;d", ""]},
        {"item_id": "j", "price": None, "tags": None},
    ]
    assert pq.read_table(tmp_path / "data" / "users.parquet").to_pylist() == [
        {"user_id": "v", "country": "NL"}
    ]


def test_deleted_items_are_left_out_and_their_events_are_not(
    database: Database, tmp_path: Path
) -> None:
    happened(database, {"item_id": "i"})
    catalogue = SqlCatalogue(database)
    catalogue.put_items([ItemRecord("i", {"price": 2.5}), ItemRecord("j", {"price": 3.0})])
    catalogue.delete_items(["i"])
    assert export_dataset(database, tmp_path / "data", schema=shop()).event_count == 1
    (item,) = pq.read_table(tmp_path / "data" / "items.parquet").to_pylist()
    assert item["item_id"] == "j"


def test_a_value_of_another_kind_than_declared_is_unknown(
    database: Database, tmp_path: Path
) -> None:
    happened(database, {"context": {"hour": ("7",)}})
    catalogue = SqlCatalogue(database)
    catalogue.put_items([ItemRecord("i", {"price": 3, "tags": "a|b", "colour": "red"})])
    catalogue.put_users([UserRecord("u", {"country": 31.0})])
    export_dataset(database, tmp_path / "data", schema=shop())
    (event,) = pq.read_table(tmp_path / "data" / "interactions.parquet").to_pylist()
    assert event["hour"] is None
    assert pq.read_table(tmp_path / "data" / "items.parquet").to_pylist() == [
        {"item_id": "i", "price": 3.0, "tags": None}
    ]
    assert pq.read_table(tmp_path / "data" / "users.parquet").to_pylist() == [
        {"user_id": "u", "country": None}
    ]


def test_the_schema_is_read_alike_by_server_and_trainer(database: Database, tmp_path: Path) -> None:
    happened(database, {})
    export_dataset(database, tmp_path / "data", schema=shop())
    read = schema_file.read(tmp_path / "data" / "schema.toml")
    assert load_schema(tmp_path / "data" / "schema.toml").message == read
    assert read.source == schema_pb2.DatasetSource(timestamp_kind=2)
    assert [feature.name for feature in read.item_features] == ["price", "tags"]
    assert read.item_features[1].separator == read.item_features[1].column == ""
    assert read.event_types == SHOP.event_types
    assert not read.accepts_other_event_types


def test_the_trainer_reads_every_awkward_id(database: Database, tmp_path: Path) -> None:
    ids = [(user, item) for user in AWKWARD for item in AWKWARD]
    happened(
        database,
        *({"user_id": u, "item_id": i, "time": 1.7e9 + n} for n, (u, i) in enumerate(ids)),
    )
    SqlCatalogue(database).put_items(
        [ItemRecord(each, {"tags": ("x|y", each)}) for each in AWKWARD]
    )
    folder = tmp_path / "data"
    export_dataset(database, folder, schema=shop())
    schema = schema_file.read(folder / "schema.toml")
    tables = clean(dataset.read(dataset.locate(folder, schema.source)), schema, 2e9).tables
    assert len(tables.events) == len(ids)
    assert set(tables.item_ids.tolist()) == set(AWKWARD)
    assert tables.user_count == len(AWKWARD)


def test_a_range_of_times_takes_the_first_and_not_the_last(
    database: Database, tmp_path: Path
) -> None:
    happened(database, *({"time": float(time)} for time in range(5)))
    exported = export_dataset(database, tmp_path / "data", schema=shop(), since=1.0, until=3.0)
    assert (exported.event_count, exported.log_position) == (2, 5)
    rows = pq.read_table(tmp_path / "data" / "interactions.parquet").to_pylist()
    assert [row["timestamp"] for row in rows] == [1.0, 2.0]


def test_features_that_are_called_like_a_canonical_column_are_told_apart(
    database: Database, tmp_path: Path
) -> None:
    happened(database, {"value": 2.0, "context": {"value": 7.0, "feature_value": 8.0}})
    schema = schema_pb2.Schema(
        event_types=[schema_pb2.EventType(name="buy")],
        context_features=[
            Feature(name="value", type=NUMERIC, column="price"),
            Feature(name="feature_value", type=NUMERIC),
        ],
        item_features=[Feature(name="item_id", type=CATEGORICAL, column="sku")],
    )
    SqlCatalogue(database).put_items([ItemRecord("i", {"item_id": "SKU"})])
    export_dataset(database, tmp_path / "data", schema=declare(schema))
    (row,) = pq.read_table(tmp_path / "data" / "interactions.parquet").to_pylist()
    assert row["value"] == 2.0
    read = schema_file.read(tmp_path / "data" / "schema.toml")
    columns = [row[feature.column] for feature in read.context_features]
    assert columns == [7.0, 8.0]
    (item,) = pq.read_table(tmp_path / "data" / "items.parquet").to_pylist()
    assert (item["item_id"], item[read.item_features[0].column]) == ("i", "SKU")


def test_an_open_schema_learns_the_types_in_the_log(database: Database, tmp_path: Path) -> None:
    happened(database, {}, {"event_type": "view"}, {"event_type": "view"}, {"event_type": "like"})
    for name, schema, expected in (
        ("nothing declared", schema_pb2.Schema(), ["view", "buy", "like"]),
        (
            "some declared",
            schema_pb2.Schema(
                event_types=[schema_pb2.EventType(name="like")], accepts_other_event_types=True
            ),
            ["like", "view", "buy"],
        ),
    ):
        export_dataset(database, tmp_path / name, schema=declare(schema))
        read = schema_file.read(tmp_path / name / "schema.toml")
        assert [each.name for each in read.event_types] == expected
        assert read.accepts_other_event_types


@pytest.mark.parametrize(
    "schema",
    [
        schema_pb2.Schema(),
        schema_pb2.Schema(
            event_types=[schema_pb2.EventType(name="like")], accepts_other_event_types=True
        ),
    ],
    ids=["none", "some"],
)
def test_for_a_warm_start_the_types_stay(
    database: Database, tmp_path: Path, schema: schema_pb2.Schema
) -> None:
    happened(database, {"event_type": "view"})
    export_dataset(database, tmp_path / "d", schema=declare(schema), keep_event_types=True)
    assert schema_file.read(tmp_path / "d" / "schema.toml") == schema


def test_what_comes_in_meanwhile_is_not_in_it(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "ROWS_PER_WRITE", 2)
    happened(database, *({} for _ in range(5)))
    other = open_database(database_url)
    told: list[tuple[int, int]] = []

    def on_progress(done: int, most: int) -> None:
        told.append((done, most))
        happened(other, {"item_id": f"late-{done}"})
        SqlCatalogue(other).put_items([ItemRecord(f"late-{done}")])

    exported = export_dataset(database, tmp_path / "data", schema=shop(), on_progress=on_progress)
    other.close()
    assert (exported.event_count, exported.log_position) == (5, 5)
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert pq.read_table(tmp_path / "data" / "items.parquet").num_rows == 0


def test_what_cannot_be_learned_from_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="has no events; send feedback"):
        export_dataset(database, tmp_path / "data", schema=shop())
    happened(database, {})
    with pytest.raises(InvalidDataset, match="no events in this range of times"):
        export_dataset(database, tmp_path / "data", schema=shop(), since=99.0)
    pair = schema_pb2.Schema(candidate_features=[Feature(name="distance", type=NUMERIC)])
    with pytest.raises(InvalidDataset, match="give dataset_path"):
        export_dataset(database, tmp_path / "data", schema=declare(pair))


@pytest.mark.parametrize(
    ("limit", "ending"), [(None, "exported"), ("1", "error")], ids=["whole", "full disk"]
)
@pytest.mark.integration
def test_the_process_says_how_it_ended(
    database: Database, database_url: str, tmp_path: Path, limit: str | None, ending: str
) -> None:
    import socket

    happened(database, *({"item_id": f"item-{n}"} for n in range(2000)))
    pseudonyms_of(SqlEventLog(database))
    argument = {
        "events": database_url, "folder": str(tmp_path / "data"),
        "schema": "{}", "since": None, "until": None, "keep_event_types": False,
        "log_level": "info", "log_format": "json",
    }  # fmt: skip
    ours, theirs = socket.socketpair()
    module = "recserve.server.training.export_process"
    words = [sys.executable, "-m", module, str(theirs.fileno()), json.dumps(argument)]
    if limit is not None:  # blocks of 1024 bytes: a write beyond it fails like on a full disk
        words = ["bash", "-c", f'ulimit -f {limit}; trap "" XFSZ; exec "$@"', "-", *words]
    with ours, theirs:
        process = subprocess.Popen(words, pass_fds=[theirs.fileno()])
        theirs.close()
        messages = [json.loads(line) for line in ours.makefile()]
        status = process.wait(timeout=60)
    assert messages[0] == {"progress": {"stage": "export", "step": 0, "max_steps": 0}}
    assert ending in messages[-1]
    if limit is None:
        assert messages[-1]["exported"] == {"log_position": 2000, "event_count": 2000}
        assert (status, (tmp_path / "data").is_dir()) == (0, True)
    else:
        why = os.strerror(errno.EFBIG)
        assert messages[-1]["error"] == f"cannot write the export to {tmp_path / 'data'}: {why}"
        assert (status, (tmp_path / "data").exists()) == (1, False)


def test_times_texts_and_vectors_come_back_as_they_were(database: Database, tmp_path: Path) -> None:
    """Through the database, the files, and the trainer's reading of them."""
    kinds = schema_pb2.FeatureType
    features = [
        Feature(name="image", type=kinds.FEATURE_TYPE_VECTOR, dimension=3, separator=" "),
        Feature(name="told", type=kinds.FEATURE_TYPE_TEXT),
        Feature(name="released", type=kinds.FEATURE_TYPE_TIMESTAMP),
    ]
    schema = declare(schema_pb2.Schema(item_features=features, context_features=features))
    context = {"image": (3e-38, -1.0, 0.1), "told": 'Any, "text" | at all', "released": -86_400.0}
    happened(
        database,
        {"context": context},
        {"user_id": "v"},
        {"item_id": "j", "context": {"image": ("a", "b", "c"), "told": 1.0}},
    )
    SqlCatalogue(database).put_items([ItemRecord("i", context), ItemRecord("j", {})])
    export_dataset(database, tmp_path / "data", schema=schema)
    read = schema_file.read(tmp_path / "data" / "schema.toml")
    cleaned = clean(dataset.read(dataset.locate(tmp_path / "data", read.source)), read, 2e9)
    assert not any(rule.repaired for rule in cleaned.report.rules)
    tables = cleaned.tables
    given = np.array([-1, 3e-38, -1, 0.1], np.float32)
    for table, known in ((tables.item_features, 0), (tables.events.context, 0)):
        np.testing.assert_array_equal(table.numeric[known], given)
        assert table.categorical[known].tolist() == [context["told"]]
        assert np.isnan(table.numeric[1:]).all()
