"""Importing datasets: what is read, what is left out, what is never stored twice."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from recserve.server import importing
from recserve.server.catalogue import ItemRecord, SqlCatalogue, UserRecord
from recserve.server.database import Database
from recserve.server.errors import EventLogRefused, InvalidDataset, InvalidSchema
from recserve.server.event_log import SCHEMA_META, SqlEventLog
from recserve.server.events import Event
from recserve.server.importing import ImportProgress, ImportReport, import_dataset
from recserve.server.importing_command import import_command
from recserve.server.schema import schema_from_json

CANONICAL = """user_id,item_id,event_type,value,timestamp
ann,tea,click,,1000
bob,007,purchase,2.5,2001-09-09T01:46:40Z
ann,NA,click,,1000000000123
"""

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


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/events.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "dataset"
    path.mkdir()
    return path


def write(folder: Path, **files: str) -> Path:
    """Writes files; `items_csv` becomes `items.csv`."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def stored_events(url: str) -> list[Event]:
    with storage(url) as (log, _):
        return [each.event for each in log.after(0, 1_000_000)]


@contextmanager
def storage(url: str) -> Iterator[tuple[SqlEventLog, SqlCatalogue]]:
    database = Database(url)
    yield SqlEventLog(database), SqlCatalogue(database)
    database.close()


def left_out(report: ImportReport) -> dict[str, int]:
    assert report.left_out.keys() == report.examples.keys()
    return report.left_out


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


def test_event_ids_sort_in_the_order_of_the_rows(folder: Path, url: str) -> None:
    rows = "".join(f"u{n},i{n}\n" for n in range(25))
    import_dataset(write(folder, interactions_csv=f"user_id,item_id\n{rows}"), url)

    ids = [each.event_id for each in stored_events(url)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 25
    assert all(each.endswith(f"-{n:012d}") for n, each in enumerate(ids))


def test_importing_again_stores_nothing_again(folder: Path, url: str) -> None:
    write(folder, interactions_csv=CANONICAL)
    import_dataset(folder, url)
    again = import_dataset(folder, url)

    assert (again.accepted_count, again.duplicate_count, again.log_position) == (0, 3, 3)


def test_another_file_with_the_same_rows_is_another_dataset(folder: Path, url: str) -> None:
    import_dataset(write(folder, interactions_csv=CANONICAL), url)
    grown = import_dataset(write(folder, interactions_csv=CANONICAL + "cid,tea,click,,5\n"), url)

    assert grown.accepted_count == 4


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


def test_features_are_taken_from_where_they_are(folder: Path, url: str) -> None:
    schema = """
        [[event_types]]
        name = "click"
        [[user_features]]
        name = "age"
        type = "FEATURE_TYPE_NUMERIC"
        [[user_features]]
        name = "city"
        type = "FEATURE_TYPE_CATEGORICAL"
        column = "town"
        [[item_features]]
        name = "tags"
        type = "FEATURE_TYPE_MULTI_VALUED"
        separator = ";"
        [[context_features]]
        name = "hour"
        type = "FEATURE_TYPE_NUMERIC"
    """
    write(
        folder,
        schema_toml=schema,
        users_csv="user_id,age\nann,30\nbob,old\ncid,\n",
        interactions_csv=(
            "user_id,item_id,town,tags,hour\n"
            "ann,tea,,hot; green;,3\nann,tea,Ulm,cold,\nbob,cup,Köln,,4\ndan,jar,Ulm,,5\n"
        ),
    )
    report = import_dataset(folder, url)

    with storage(url) as (_, catalogue):
        users = {name: catalogue.get_user(name) for name in ("ann", "bob", "cid", "dan")}
        tea = catalogue.get_item("tea")
    assert users == {
        "ann": UserRecord("ann", {"age": 30.0, "city": "Ulm"}),
        "bob": UserRecord("bob", {"city": "Köln"}),
        "cid": UserRecord("cid"),
        "dan": UserRecord("dan", {"city": "Ulm"}),
    }
    assert tea == ItemRecord("tea", {"tags": ("hot", "green")})
    assert [each.context for each in stored_events(url)] == [
        {"hour": 3.0},
        {},
        {"hour": 4.0},
        {"hour": 5.0},
    ]
    assert left_out(report) == {"bad_feature": 1}
    assert report.examples["bad_feature"] == "row 2: age='old'"


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


def test_quotes_lines_and_marks_are_read_as_csv_has_them(folder: Path, url: str) -> None:
    text = '\ufeffuser_id,item_id\r\n"a,b","say ""hi"""\r\n\r\nann,"two\nlines"\r\nbob\r\n'
    report = import_dataset(write(folder, interactions_csv=text), url)

    assert [(each.user_id, each.item_id) for each in stored_events(url)] == [
        ("a,b", 'say "hi"'),
        ("ann", "two\nlines"),
    ]
    assert left_out(report) == {"missing_id": 1}
    assert report.examples["missing_id"] == "row 3: user_id='bob', item_id=''"


def test_a_quote_that_is_never_closed_costs_its_line_alone(folder: Path, url: str) -> None:
    text = 'user_id,item_id\nann,tea\nb"ob,"cup\nann,jar\n'
    report = import_dataset(write(folder, interactions_csv=text), url)

    assert [each.item_id for each in stored_events(url)] == ["tea", "jar"]
    assert left_out(report) == {"unreadable_row": 1}
    assert report.examples["unreadable_row"] == "row 2 (line 3): unexpected end of data"


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


def test_nothing_of_a_file_that_is_not_utf8_is_stored(folder: Path, url: str) -> None:
    rows = b"ann,tea\n" * 50_000
    (folder / "interactions.csv").write_bytes(b"user_id,item_id\n" + rows + b"bob,M\xfcsli\n")

    with pytest.raises(InvalidDataset, match="not UTF-8"):
        import_dataset(folder, url)

    assert stored_events(url) == []


def test_of_two_entries_for_an_item_the_first_stands(folder: Path, url: str) -> None:
    write(
        folder,
        schema_toml='[[item_features]]\nname = "price"\ntype = "FEATURE_TYPE_NUMERIC"\n',
        interactions_csv="user_id,item_id\nann,tea\n",
        items_csv="item_id,price\ntea,1\ntea,2\n,3\n",
    )
    report = import_dataset(folder, url)

    assert left_out(report) == {"duplicate_entry": 1, "missing_id": 1}
    with storage(url) as (_, catalogue):
        assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 1.0})


def test_items_known_only_from_events_leave_the_catalogues_entry_alone(
    folder: Path, url: str
) -> None:
    with storage(url) as (_, catalogue):
        catalogue.put_items([ItemRecord("tea", {"price": 1.0}, available=False)])

    import_dataset(write(folder, interactions_csv="user_id,item_id\nann,tea\nann,cup\n"), url)

    with storage(url) as (_, catalogue):
        assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 1.0}, available=False)
        assert catalogue.item_ids() == ["cup", "tea"]


def test_an_import_without_a_schema_keeps_the_one_of_an_earlier_import(
    folder: Path, url: str
) -> None:
    write(folder, interactions_csv=CANONICAL)
    schema = folder / "given.toml"
    schema.write_text('[[event_types]]\nname = "click"\n[[event_types]]\nname = "purchase"\n')
    first = import_dataset(folder, url, schema)
    import_dataset(folder, url)

    with storage(url) as (log, _):
        assert schema_from_json(log.meta(SCHEMA_META) or "").digest == first.schema_digest


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
        import_dataset(folder, "postgresql://host/db")


def test_progress_goes_to_the_end_and_pieces_are_bounded(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.dataset.text_file.ROWS_PER_PIECE", 10)
    monkeypatch.setattr(importing, "EVENTS_PER_COMMIT", 4)
    rows = "".join(f"u{n},i{n}\n" for n in range(25))
    seen: list[ImportProgress] = []

    report = import_dataset(
        write(folder, interactions_csv=f"user_id,item_id\n{rows}"), url, progress=seen.append
    )

    assert [each.rows_read for each in seen] == [10, 20, 25]
    assert seen[-1].done == 1.0
    assert report.accepted_count == 25
    assert report.item_count == 25


def test_the_command_reports_in_words_and_in_json(folder: Path, url: str) -> None:
    write(folder, interactions_csv=CANONICAL + ",tea,click,,1\n")
    runner = CliRunner()

    words = runner.invoke(import_command, [str(folder), "--events", url])
    assert words.exit_code == 0
    assert "3 events stored, 0 were there already" in words.stdout
    assert "left out: 1 missing_id, such as row 4" in words.stdout
    assert "importing: 100%, 4 rows" in words.stderr

    report = runner.invoke(import_command, [str(folder), "--events", url, "--json"])
    assert json.loads(report.stdout)["duplicate_count"] == 3


def test_the_command_fails_with_a_message_and_the_right_exit_code(folder: Path, url: str) -> None:
    runner = CliRunner()

    failed = runner.invoke(import_command, [str(folder), "--events", url])
    assert failed.exit_code == 1
    assert "recserve-trainer inspect" in failed.stderr
    assert runner.invoke(import_command, [str(folder / "nothing")]).exit_code == 2
    assert runner.invoke(import_command, [str(folder), "--events", "mysql://x"]).exit_code == 2


def test_the_command_teaches() -> None:
    text = click.unstyle(CliRunner().invoke(import_command, ["--help"]).output)

    for word in ("PATH", "--events", "--schema", "--json", "schema.toml", "Examples"):
        assert word in text


KILL_WHILE_IMPORTING = """
import os, sys
from pathlib import Path
from recserve.server.importing import import_dataset

def die(progress):
    if progress.rows_read >= int(sys.argv[3]):
        os.kill(os.getpid(), 9)

import_dataset(Path(sys.argv[1]), sys.argv[2], progress=die)
"""


@pytest.mark.integration
def test_an_import_that_was_killed_is_completed_by_repeating_it(folder: Path, url: str) -> None:
    rows = "".join(f"u{n % 500},i{n % 900},{n}\n" for n in range(100_000))
    write(
        folder,
        interactions_csv=f"user_id,item_id,timestamp\n{rows}",
        schema_toml='[[event_types]]\nname = "click"\n',
    )
    command = [sys.executable, "-c", KILL_WHILE_IMPORTING, str(folder), url, "40000"]
    killed = subprocess.run(command, check=False, env=dict(os.environ))
    assert killed.returncode == -9

    with storage(url) as (log, _):
        kept = log.last_position()
        assert kept == 40_000
        assert log.meta(SCHEMA_META) is not None
    report = import_dataset(folder, url)

    assert (report.duplicate_count, report.accepted_count) == (kept, 100_000 - kept)
    assert report.log_position == 100_000
    assert report.item_count == 900


def test_further_columns_without_a_schema_are_refused_since_their_meaning_would_be_lost(
    tmp_path: Path,
) -> None:
    file = tmp_path / "flat.csv"
    file.write_text("user_id,item_id,feature_1,label\nu1,i1,0.5,1\n")
    with pytest.raises(InvalidDataset, match=r"feature_1, label.*inspect .*--write"):
        import_dataset(file, f"sqlite:///{tmp_path / 'log.db'}")
