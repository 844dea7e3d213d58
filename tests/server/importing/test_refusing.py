"""What is left out or refused, and what is said of it."""

from pathlib import Path

import pytest

from recserve.server.errors import EventLogRefused, InvalidDataset, InvalidSchema
from recserve.server.importing import import_dataset
from server.importing.imported import CANONICAL, left_out, stored_events, write


def test_bad_rows_are_left_out_counted_and_shown(folder: Path, url: str) -> None:
    rows = [
        " ann ,tea,rating,4,10",  # trimmed, good
        ",tea,rating,4,10",
        "ann, ,rating,4,10",
        f"{'ü' * 129},tea,rating,4,10",
        "ann,tea,wave,4,10",
        "ann,tea,rating,inf,10",
        "ann,tea,rating,four,10",
        "ann,tea,rating,,10",
        "ann,tea,click,nan,10",  # a click needs no value: good
        "ann,tea,rating,4,yesterday",
        "ann,tea,rating,4,",
        "ann,tea,rating,4,-5",
        "ann,tea,rating,4,2999-01-01",
        "ann,tea,rating,4,10,more,cells",
        "ann,tea,rating,4,10,more",
        "a\x00n,tea,rating,4,10",
    ]
    write(
        folder,
        schema_toml='[[event_types]]\nname = "rating"\npositive_at_least = 3\n'
        '[[event_types]]\nname = "click"\n',
        interactions_csv="\n".join(["user_id,item_id,event_type,value,timestamp", *rows]),
    )
    report = import_dataset(folder, url)

    assert [each.user_id for each in stored_events(url)] == ["ann", "ann"]
    assert report.rows_read == len(rows)
    assert left_out(report) == {
        "unreadable_row": 2,
        "missing_id": 2,
        "malformed_id": 1,
        "oversized_id": 1,
        "unknown_event_type": 1,
        "bad_value": 2,
        "missing_value": 1,
        "bad_time": 2,
        "impossible_time": 2,
    }
    assert report.examples["missing_id"] == "row 2: user_id='', item_id='tea'"
    assert report.examples["bad_value"] == "row 6: user_id='ann', item_id='tea', value='inf'"


def test_a_line_with_too_many_cells_is_never_cut_wherever_it_stands(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.dataset.text_file.ROWS_PER_PIECE", 2)
    lines = ["u1,bad,x", "u2,a", "u3,b", "u4,bad,x,y", "u5,bad,x,y", "u6,c", "u7,d,"]
    write(folder, interactions_csv="\n".join(["user_id,item_id", *lines]))

    report = import_dataset(folder, url)

    assert [each.item_id for each in stored_events(url)] == ["a", "b", "c", "d"]
    assert (report.rows_read, left_out(report)) == (7, {"unreadable_row": 3})
    assert report.examples["unreadable_row"] == "row 1 (line 2): 3 cells, the header has 2"


def test_a_quote_that_is_never_closed_costs_its_line_alone(folder: Path, url: str) -> None:
    text = 'user_id,item_id\nann,tea\nb"ob,"cup\nann,jar\n'
    report = import_dataset(write(folder, interactions_csv=text), url)

    assert [each.item_id for each in stored_events(url)] == ["tea", "jar"]
    assert left_out(report) == {"unreadable_row": 1}
    assert report.examples["unreadable_row"] == "row 2 (line 3): unexpected end of data"


def test_nothing_of_a_file_that_is_not_utf8_is_stored(folder: Path, url: str) -> None:
    rows = b"ann,tea\n" * 50_000
    (folder / "interactions.csv").write_bytes(b"user_id,item_id\n" + rows + b"bob,M\xfcsli\n")

    with pytest.raises(InvalidDataset, match="not UTF-8"):
        import_dataset(folder, url)

    assert stored_events(url) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "neither interactions.parquet nor interactions.csv.* inspect .* --write"),
        ({"interactions_csv": "userId,movieId\n1,2\n"}, "no column 'user_id'; it has userId, mov"),
        ({"interactions_csv": "userId,movieId\n1,2\n"}, "recserve-trainer inspect .* --write"),
        ({"interactions_csv": ""}, "has no columns"),
        ({"interactions_csv": "user_id,user_id\n"}, "two columns are called 'user_id'"),
        ({"interactions_csv": "user_id,item_id\n,\n"}, "none of 1 rows can be imported: missing"),
        (
            {"interactions_csv": CANONICAL, "schema_toml": '[source]\nitems_file = "x.csv"'},
            r"the schema names .*x\.csv, which is not there",
        ),
        (
            {"interactions_csv": CANONICAL, "schema_toml": '[source]\nvalue_column = "stars"'},
            "no column 'stars'",
        ),
        (
            {
                "interactions_csv": CANONICAL,
                "schema_toml": '[[item_features]]\nname = "p"\ntype = "FEATURE_TYPE_NUMERIC"',
            },
            "feature 'p' is read from column 'p', which no file of the dataset has",
        ),
        (
            {"interactions_csv": CANONICAL, "items_csv": "id,price\n1,2\n"},
            r"items\.csv has no column 'item_id'",
        ),
    ],
)
def test_a_dataset_that_cannot_be_read_is_refused_with_what_to_do(
    folder: Path, url: str, files: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidDataset, match=said):
        import_dataset(write(folder, **files), url)


def test_damaged_files_are_refused_by_name(folder: Path, url: str) -> None:
    (folder / "interactions.csv").write_bytes(b"user_id,item_id\nann,\xff\xfe\n")
    with pytest.raises(InvalidDataset, match=r"interactions\.csv: not UTF-8, convert it"):
        import_dataset(folder, url)

    (folder / "interactions.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InvalidDataset, match=r"interactions\.parquet: cannot be read"):
        import_dataset(folder, url)

    with pytest.raises(InvalidDataset, match="suffix must be one of"):
        import_dataset(write(folder, notes_txt="x") / "notes.txt", url)

    with pytest.raises(InvalidDataset, match="there is no dataset at"):
        import_dataset(folder / "nothing", url)


def test_a_broken_schema_or_url_is_refused_before_anything_is_made(
    folder: Path, tmp_path: Path, url: str
) -> None:
    write(folder, interactions_csv=CANONICAL, schema_toml="[[event_typos]]\n")
    with pytest.raises(InvalidSchema, match="event_typos"):
        import_dataset(folder, url)
    assert not (tmp_path / "events.db").exists()

    (folder / "schema.toml").unlink()
    with pytest.raises(EventLogRefused):
        import_dataset(folder, "mysql://host/db")


def test_further_columns_without_a_schema_are_refused_since_their_meaning_would_be_lost(
    tmp_path: Path,
) -> None:
    file = tmp_path / "flat.csv"
    file.write_text("user_id,item_id,feature_1,label\nu1,i1,0.5,1\n")
    with pytest.raises(InvalidDataset, match=r"feature_1, label.*inspect .*--write"):
        import_dataset(file, f"sqlite:///{tmp_path / 'log.db'}")
