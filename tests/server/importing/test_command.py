"""The command, and what it tells on the way."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from recserve.server import importing
from recserve.server.importing import ImportProgress, import_dataset
from recserve.server.importing_command import import_command
from server.importing.imported import CANONICAL, write


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
