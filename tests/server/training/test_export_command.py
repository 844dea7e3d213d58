"""`recserve-server export`, and what reads it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from recserve.server.catalogue import ItemRecord, SqlCatalogue, UserRecord
from recserve.server.command import main
from recserve.server.database import open_database
from recserve.server.event_log import SqlEventLog
from recserve.server.events import Event

SCHEMA = """
[[event_types]]
name = "click"

[[item_features]]
name = "genres"
type = "FEATURE_TYPE_MULTI_VALUED"

[[item_features]]
name = "look"
type = "FEATURE_TYPE_VECTOR"
dimension = 2

[[context_features]]
name = "hour"
type = "FEATURE_TYPE_NUMERIC"
"""


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> str:
    """A log of three events and a catalogue; the URL."""
    (tmp_path / "schema.toml").write_text(SCHEMA)
    database = open_database(database_url)
    rows = [("ann", "tea", 10.0), ("bob", 'a "cup", blue', 20.0), ("ann", "cup", 30.0)]
    SqlEventLog(database).append_groups(
        [
            [
                Event(f"e{n}", user, item, "click", 1.5, time, context={"hour": 7.0})
                for n, (user, item, time) in enumerate(rows)
            ]
        ]
    )
    catalogue = SqlCatalogue(database)
    catalogue.put_items([ItemRecord("tea", {"genres": ("a", "b c"), "look": (0.5, -1.0)})])
    catalogue.put_users([UserRecord("ann")])
    database.close()
    return database_url


def run(*words: object, status: int = 0) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done


def exported(url: str, tmp_path: Path, *options: object) -> Path:
    made = tmp_path / "made"
    run("export", made, "--events", url, "--schema", tmp_path / "schema.toml", *options)
    return made


def test_users_have_pseudonyms_the_same_in_every_file_and_export(
    filled: str, tmp_path: Path
) -> None:
    made = exported(filled, tmp_path)
    users = pq.read_table(made / "interactions.parquet")["user_id"].to_pylist()
    assert users[0] == users[2] != users[1]
    assert pq.read_table(made / "users.parquet")["user_id"].to_pylist() == [users[0]]
    again = tmp_path / "again"
    run("export", again, "--events", filled)
    assert pq.read_table(again / "interactions.parquet")["user_id"].to_pylist() == users
    for path in made.iterdir():
        assert b"ann" not in path.read_bytes()


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_what_was_exported_is_imported_as_it_was(filled: str, tmp_path: Path, form: str) -> None:
    made = exported(filled, tmp_path, "--format", form, "--plain-user-ids")
    other = f"sqlite:///{tmp_path}/other.db"
    report = json.loads(run("import", made, "--events", other, "--json").stdout)
    assert (report["accepted_count"], report["left_out"]) == (3, {})

    ours, theirs = open_database(filled), open_database(other)
    for one, two in zip(
        SqlEventLog(ours).after(0, 9), SqlEventLog(theirs).after(0, 9), strict=True
    ):
        assert (one.event.user_id, one.event.item_id) == (two.event.user_id, two.event.item_id)
        assert (one.event.time, one.event.value) == (two.event.time, two.event.value)
        assert one.event.context == two.event.context
    mine, copy = (SqlCatalogue(each).get_item("tea") for each in (ours, theirs))
    assert mine is not None
    assert copy is not None
    assert mine.features == copy.features
    ours.close()
    theirs.close()


def test_a_range_of_times_is_exported(filled: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    words = ("--since", "1970-01-01T00:00:15", "--until", "1970-01-01T00:00:30", "--json")
    report = json.loads(run("export", made, "--events", filled, *words).stdout)
    assert report["event_count"] == 1
    assert pq.read_table(made / "interactions.parquet")["timestamp"].to_pylist() == [20.0]


def test_nothing_is_overwritten_and_nothing_is_left_of_a_failure(
    filled: str, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    assert "exists already" in run("export", made, "--events", filled, status=1).output
    made.rmdir()
    empty = run("export", made, "--events", filled, "--since", "2030-01-01", status=1)
    assert "no events in this range" in empty.output
    missing = run("export", made, "--events", f"sqlite:///{tmp_path}/gone.db", status=1)
    assert "gone" in missing.output
    assert not (tmp_path / "gone.db").exists()
    assert not made.exists()
    assert not list(tmp_path.glob(".*exporting"))
