"""Files of datasets, as they come."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from recserve.trainer.dataset import read_frame
from recserve.trainer.errors import DatasetError


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
