"""What of a dataset is read, and how."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from recserve.server.catalogue import ItemRecord
from recserve.server.event_log import SCHEMA_META
from recserve.server.importing import import_dataset
from recserve.server.schema import schema_from_json
from server.importing.imported import CANONICAL, left_out, storage, stored_events, write

MOVIELENS = """
[[event_types]]
name = "rating"
positive_at_least = 4.0

[[item_features]]
name = "genres"
type = "FEATURE_TYPE_MULTI_VALUED"

[source]
interactions_file = "ratings.csv"
items_file = "movies.csv"
user_id_column = "userId"
item_id_column = "movieId"
value_column = "rating"
timestamp_column = "timestamp"
"""


def test_canonical_files_need_no_schema(folder: Path, url: str) -> None:
    report = import_dataset(write(folder, interactions_csv=CANONICAL), url)
    events = stored_events(url)

    assert (report.rows_read, report.accepted_count, report.duplicate_count) == (3, 3, 0)
    assert (report.user_count, report.item_count, report.log_position) == (2, 3, 3)
    assert report.schema_digest == ""
    assert left_out(report) == {}
    assert [(each.user_id, each.item_id, each.event_type) for each in events] == [
        ("ann", "tea", "click"),
        ("bob", "007", "purchase"),
        ("ann", "NA", "click"),
    ]
    assert [each.value for each in events] == [None, 2.5, None]
    assert [each.time for each in events] == [1000.0, 1_000_000_000.0, 1_000_000_000.123]


def test_only_the_ids_are_needed(folder: Path, url: str) -> None:
    import_dataset(write(folder, interactions_csv="item_id,user_id\ntea,ann\ncup,ann\n"), url)

    events = stored_events(url)
    assert [(each.item_id, each.event_type, each.time) for each in events] == [
        ("tea", "interaction", 0.0),
        ("cup", "interaction", 0.0),
    ]


def test_movielens_files_are_read_as_the_schema_says(folder: Path, url: str) -> None:
    write(
        folder,
        schema_toml=MOVIELENS,
        ratings_csv="userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,4.0,1260759179\n",
        movies_csv='movieId,title,genres\n31,"Minds, Dangerous",Drama|Crime\n9,Other,\n',
    )
    report = import_dataset(folder, url)

    with storage(url) as (log, catalogue):
        schema = schema_from_json(log.meta(SCHEMA_META) or "")
        counts = log.item_counts(schema)
        assert catalogue.get_item("31") == ItemRecord("31", {"genres": ("Drama", "Crime")})
        assert catalogue.get_item("9") == ItemRecord("9")
        assert catalogue.get_item("1029") == ItemRecord("1029")
    assert schema.digest == report.schema_digest
    assert counts.weights == {"1029": 1.0}
    assert (report.item_count, report.user_count) == (3, 1)


def test_one_flat_file_is_a_dataset_with_its_schema_beside_it(tmp_path: Path, url: str) -> None:
    (tmp_path / "data.schema.toml").write_text(
        '[[event_types]]\nname = "seen"\n[source]\nuser_id_column = "who"\n'
    )
    (tmp_path / "data.csv").write_text("who,item_id,event_type\nann,tea,seen\n")
    (tmp_path / "items.csv").write_text("item_id\nnot-ours\n")

    assert import_dataset(tmp_path / "data.csv", url).item_count == 1
    assert stored_events(url)[0].event_type == "seen"


def test_a_given_schema_goes_before_the_datasets_own(folder: Path, url: str) -> None:
    write(folder, interactions_csv="user_id,item_id\nann,tea\n", schema_toml="broken")
    write(folder, other_toml='[[event_types]]\nname = "mine"\n')

    import_dataset(folder, url, folder / "other.toml")

    assert stored_events(url)[0].event_type == "mine"


def test_positions_in_a_history_become_seconds_after_1970(folder: Path, url: str) -> None:
    write(
        folder,
        schema_toml='[[event_types]]\nname = "buy"\n[source]\n'
        'timestamp_kind = "TIMESTAMP_KIND_SEQUENCE"\n',
        interactions_csv="user_id,item_id,timestamp\nann,tea,1\nann,cup,2\nann,jar,x\nann,jar,-1\n",
    )
    report = import_dataset(folder, url)

    assert [each.time for each in stored_events(url)] == [1.0, 2.0]
    assert left_out(report) == {"bad_time": 1, "impossible_time": 1}


def test_parquet_is_read_like_csv(folder: Path, url: str) -> None:
    frame = pd.DataFrame(
        {
            "user_id": [1, 2, 3, 3],
            "item_id": ["tea", "cup", None, "jar"],
            "event_type": ["click"] * 4,
            "value": [1.5, float("nan"), 2.0, 3.0],
            "timestamp": pd.to_datetime(["2001-09-09 01:46:40.5"] * 4, utc=True),
            "tags": [["a", "b"], [], ["c"], None],
        }
    )
    frame.to_parquet(folder / "interactions.parquet")
    write(
        folder,
        schema_toml='[[event_types]]\nname = "click"\n[[item_features]]\nname = "tags"\n'
        'type = "FEATURE_TYPE_MULTI_VALUED"\n',
    )
    report = import_dataset(folder, url)

    events = stored_events(url)
    assert [(each.user_id, each.value) for each in events] == [("1", 1.5), ("2", None), ("3", 3.0)]
    assert {each.time for each in events} == {1_000_000_000.5}
    assert left_out(report) == {"missing_id": 1}
    with storage(url) as (_, catalogue):
        assert catalogue.get_item("tea") == ItemRecord("tea", {"tags": ("a", "b")})


def test_event_types_mean_the_same_in_any_spelling(folder: Path, url: str) -> None:
    words = ["page_view", "Page-View", "PAGE VIEW", " page.view ", "pageview", "_x", "!"]
    rows = "".join(f"u,i{n},{word}\n" for n, word in enumerate(words))
    write(folder, interactions_csv=f"user_id,item_id,event_type\n{rows}")
    (folder / "schema.toml").write_text('[[event_types]]\nname = "page_view"\n')

    report = import_dataset(folder, url)

    assert [each.event_type for each in stored_events(url)] == ["page_view"] * 4
    assert left_out(report) == {"unknown_event_type": 3}


def test_without_a_schema_event_types_get_names_that_are_allowed(folder: Path, url: str) -> None:
    rows = "u,a,Add to Cart\nu,b,View\nu,c,7\n"
    report = import_dataset(
        write(folder, interactions_csv=f"user_id,item_id,event_type\n{rows}"), url
    )

    assert [each.event_type for each in stored_events(url)] == ["add_to_cart", "view"]
    assert left_out(report) == {"unknown_event_type": 1}


def test_labels_in_words_and_times_of_any_unit_are_read(folder: Path, url: str) -> None:
    lines = [
        "u,a,true,1600000000",
        "u,b,No,1600000000000",
        "u,c,FALSE,1600000000000000",
        "u,d,1,1600000000000000000",
        "u,e,yes,2020-09-13 12:26:40 UTC",
    ]
    text = "\n".join(["user_id,item_id,value,timestamp", *lines])

    import_dataset(write(folder, interactions_csv=text), url)

    assert [each.value for each in stored_events(url)] == [1.0, 0.0, 0.0, 1.0, 1.0]
    assert {each.time for each in stored_events(url)} == {1_600_000_000.0}


def test_quotes_lines_and_marks_are_read_as_csv_has_them(folder: Path, url: str) -> None:
    text = '\ufeffuser_id,item_id\r\n"a,b","say ""hi"""\r\n\r\nann,"two\nlines"\r\nbob\r\n'
    report = import_dataset(write(folder, interactions_csv=text), url)

    assert [(each.user_id, each.item_id) for each in stored_events(url)] == [
        ("a,b", 'say "hi"'),
        ("ann", "two\nlines"),
    ]
    assert left_out(report) == {"missing_id": 1}
    assert report.examples["missing_id"] == "row 3: user_id='bob', item_id=''"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("name", ["interactions.csv", "interactions.tsv.gz", "INTERACTIONS.CSV"])
def test_other_delimiters_and_gzip_are_recognised(
    tmp_path: Path, url: str, delimiter: str, name: str
) -> None:
    text = '"item,id";user_id;item_id\nx;ann;"tea;milk"\ny;bob;cup\n'.replace(";", delimiter)
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    schema = tmp_path / "schema.toml"
    schema.write_text('[[event_types]]\nname = "view"\n')

    import_dataset(path, url, schema)

    assert [each.item_id for each in stored_events(url)] == [f"tea{delimiter}milk", "cup"]
