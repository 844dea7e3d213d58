"""Files of datasets, as they come."""

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recserve.trainer import dataset, list_cell
from recserve.trainer.cleaning import clean
from recserve.trainer.dataset import read_frame
from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection.facts import facts
from recserve.v1 import schema_pb2


def items(path: Path) -> list[str]:
    return read_frame(path).rows["item_id"].tolist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["data.csv", "data.tsv", "data.csv.gz", "DATA.CSV"])
def test_the_delimiter_is_read_off_the_header(tmp_path: Path, delimiter: str, name: str) -> None:
    text = 'user_id;item_id;"a b"\nann;"tea;milk";1\nbob;cup;2\n'.replace(";", delimiter)
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())

    assert items(path) == [f"tea{delimiter}milk", "cup"]


def test_a_quote_that_is_never_closed_costs_its_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rest = [f"u{n},i{n}" for n in range(100)]
    path.write_text("\n".join(["user_id,item_id", "ann,tea", 'bob,"cup', *rest]) + "\n")

    frame = read_frame(path)

    assert frame.rows["item_id"].tolist() == ["tea", *(f"i{n}" for n in range(100))]
    assert frame.unreadable == ["row 2 (line 3): unexpected end of data"]
    assert frame.rows.index[1] == 2


def test_quotes_lines_and_marks_are_read_as_csv_has_them(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    text = '\ufeffuser_id,item_id\r\n"a,b","say ""hi"""\r\n\r\nann,"two\nlines"\r\nbob\r\nc,NA,\r\n'
    path.write_text(text, encoding="utf-8", newline="")

    assert items(path) == ['say "hi"', "two\nlines", "", "NA"]


def test_missing_numbers_in_parquet_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    numbers = pd.array([7, None], dtype="Int64")
    pd.DataFrame({"item_id": ["tea", None], "n": numbers, "x": [None, 0.5]}).to_parquet(path)

    rows = read_frame(path).rows

    assert rows.to_dict("list") == {"item_id": ["tea", ""], "n": ["7", ""], "x": ["", "0.5"]}


def test_numbers_in_parquet_keep_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    whole = [2**53 + 1, -(2**63), 2**63 - 1]
    doubles = [0.1 + 0.2, 1e-310, 123456789.12345679]
    singles = pd.array([0.1, 16777217.0, 3.4e38], dtype="float32")
    pd.DataFrame({"whole": whole, "double": doubles, "single": singles}).to_parquet(path)

    rows = read_frame(path).rows

    assert [int(cell) for cell in rows["whole"]] == whole
    assert [float(cell) for cell in rows["double"]] == doubles
    assert [float(cell) for cell in rows["single"]] == [float(cell) for cell in singles]


def test_parquet_without_rows_knows_nothing_of_the_items(tmp_path: Path) -> None:
    tags = pa.array([], pa.list_(pa.string()))
    empty = {
        "item_id": pa.array([], pa.string()),
        "tags": tags,
        "price": pa.array([], pa.float64()),
    }
    pq.write_table(pa.table(empty), tmp_path / "items.parquet")
    (tmp_path / "interactions.csv").write_text("user_id,item_id\nu,x\nv,y\n")
    schema = schema_pb2.Schema()
    schema.item_features.add(name="tags", type=schema_pb2.FEATURE_TYPE_MULTI_VALUED)
    schema.item_features.add(name="price", type=schema_pb2.FEATURE_TYPE_NUMERIC)

    tables = clean(dataset.read(dataset.locate(tmp_path, schema.source)), schema, 2e9).tables

    assert tables.item_ids.tolist() == ["x", "y"]
    assert tables.item_features.multi_valued.tolist() == [[[""]], [[""]]]
    assert pd.isna(tables.item_features.numeric).all()


@pytest.mark.parametrize("separator", ["", ";", '"'])
def test_the_values_of_lists_in_parquet_are_read_exactly(tmp_path: Path, separator: str) -> None:
    lists = [["a|b", " a ", 'say "c"'], [], ["d;e", "", "\x02", "ü"], None, ["f", None]]
    ids = [f"i{number}" for number in range(len(lists))]
    tags = pa.array(lists, pa.list_(pa.string()))
    pq.write_table(pa.table({"item_id": ids, "tags": tags}), tmp_path / "items.parquet")
    events = pd.DataFrame({"user_id": ["u", "v"], "item_id": ids[:2]})
    events.to_parquet(tmp_path / "interactions.parquet")
    schema = schema_pb2.Schema()
    kind = schema_pb2.FEATURE_TYPE_MULTI_VALUED
    schema.item_features.add(name="tags", type=kind, separator=separator)

    tables = clean(dataset.read(dataset.locate(tmp_path, schema.source)), schema, 2e9).tables

    values = [[value for value in row if value] for row in tables.item_features.multi_valued[:, 0]]
    assert values == [["a|b", " a ", 'say "c"'], [], ["d;e", "\x02", "ü"], [], ["f"]]


def test_a_list_is_taken_for_one_string_where_the_schema_says_so(tmp_path: Path) -> None:
    pd.DataFrame({"item_id": ["x"], "tags": [["a", "b"]]}).to_parquet(tmp_path / "items.parquet")
    (tmp_path / "interactions.csv").write_text("user_id,item_id\nu,x\nv,y\n")
    schema = schema_pb2.Schema()
    schema.item_features.add(name="tags", type=schema_pb2.FEATURE_TYPE_CATEGORICAL)

    tables = clean(dataset.read(dataset.locate(tmp_path, schema.source)), schema, 2e9).tables

    assert tables.item_features.categorical[:, 0].tolist() == ["a|b", ""]


def test_a_column_of_lists_is_proposed_as_multi_valued(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pd.DataFrame({"tags": [["1"], ["2", "3"], ["1", "2"], None]}).to_parquet(path)

    assert facts(read_frame(path).rows["tags"]).separator == "|"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("data.csv", b"", "has no columns"),
        ("data.csv", b"a,b,a\n1,2,3\n", "two columns have the same name, 'a'"),
        ("data.csv", "user_id\nJörg\n".encode("latin-1"), "is not UTF-8"),
        ("data.csv.gz", b"user_id\nann\n", "cannot be read"),
        ("data.csv.gz", gzip.compress(b"user_id\nann\n" * 9)[:-9], "cannot be read"),
        ("data.parquet", b"user_id\nann\n", "cannot be read"),
        ("data.txt", b"user_id\nann\n", "the suffix must be one of"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(DatasetError, match=told) as caught:
        read_frame(path)
    assert str(path) in str(caught.value)


def test_a_null_in_a_list_of_numbers_changes_no_other_value(tmp_path: Path) -> None:
    big = 2**60 + 1
    columns = {
        "item_id": pa.array(["a", "b", "c"]),
        "numbers": pa.array([[1, None, 2], [big], None], pa.list_(pa.int64())),
        "shares": pa.array([[0.5, None], [float("nan")], []], pa.list_(pa.float64())),
        "truths": pa.array([[True, False], [None], []], pa.list_(pa.bool_())),
    }
    pq.write_table(pa.table(columns), tmp_path / "items.parquet")
    rows = read_frame(tmp_path / "items.parquet").rows
    assert rows["numbers"].map(list_cell.read).tolist() == [["1", "2"], [str(big)], None]
    assert rows["shares"].map(list_cell.read).tolist() == [["0.5"], None, None]
    assert rows["truths"].map(list_cell.read).tolist() == [["1", "0"], None, None]
