"""Importing again: nothing is stored twice, nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.event_log import SCHEMA_META
from recserve.server.importing import import_dataset
from recserve.server.schema import schema_from_json
from server.importing.imported import CANONICAL, storage, stored_events, write

KILL_WHILE_IMPORTING = """
import os, sys
from pathlib import Path
from recserve.server.importing import import_dataset

def die(progress):
    if progress.rows_read >= int(sys.argv[3]):
        os.kill(os.getpid(), 9)

import_dataset(Path(sys.argv[1]), sys.argv[2], progress=die)
"""


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
