"""Where the report is rendered: by a fit, and by `recserve-trainer report`."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from google.protobuf import json_format

from recserve.trainer import Fitted, artefact, fit
from recserve.trainer.command import cli
from recserve.trainer.progress import Lines
from recserve.trainer.report import page as pages
from recserve.trainer.report import render
from recserve.trainer.store import Store
from recserve.v1 import model_pb2
from trainer.generated import QUICK
from trainer.report import versions


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two versions, the second started from the first; of manifests alone."""
    for number in (1, 2):
        folder = tmp_path / "models" / "default" / str(number)
        folder.mkdir(parents=True)
        text = json_format.MessageToJson(versions.whole(number), preserving_proto_field_name=True)
        (folder / "manifest.json").write_text(text, encoding="utf-8")
    return tmp_path / "models"


def run(*arguments: object) -> tuple[int, str, str]:
    """Runs the command; returns its exit code, stdout and stderr."""
    done = CliRunner().invoke(cli, ["report", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def test_the_latest_version_is_rendered_into_a_file(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    code, stdout, stderr = run("--store", store)

    assert (code, stdout, stderr) == (0, "", "wrote default-2.html\n")
    html = Path("default-2.html").read_text(encoding="utf-8")
    assert html == render(versions.whole(2), versions.whole(1))
    assert "version 1, which it started from" in html


def test_a_version_goes_where_it_is_told(store: Path, tmp_path: Path) -> None:
    page = tmp_path / "first.html"

    assert run("--store", store, "--version", 1, "--output", page)[0] == 0
    code, stdout, stderr = run("--store", store, "--version", 1, "--output", "-")

    assert page.read_text(encoding="utf-8") == render(versions.whole(1)) == stdout.rstrip("\n")
    assert (code, stderr) == (0, "")


def test_a_base_version_that_is_gone_is_not_needed(store: Path, tmp_path: Path) -> None:
    shutil.rmtree(store / "default" / "1")

    code, stdout, _ = run("--store", store, "--output", "-")

    assert code == 0
    assert 'id="warm-start"' not in stdout


def test_comparisons_are_shown_too(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "replay.json"
    path.write_text(json_format.MessageToJson(versions.comparison()), encoding="utf-8")

    code, stdout, _ = run("--store", store, "--comparison", path, "--output", "-")

    assert code == 0
    assert "Beside tuned methods" in stdout
    path.write_text("{}x", encoding="utf-8")
    code, _, stderr = run("--store", store, "--comparison", path)
    assert code == 1
    assert "replay.json: is not what `recserve-trainer compare --json` writes" in stderr


def test_what_is_wrong_is_told(store: Path, tmp_path: Path) -> None:
    assert run("--store", store, "--version", 9)[::2] == (
        1,
        f"Error: {store / 'default'} has no version 9; it has 1, 2\n",
    )
    code, _, stderr = run("--store", store, "--output", tmp_path / "nowhere" / "page.html")
    assert code == 1
    assert "cannot be written (No such file or directory)" in stderr


@pytest.mark.integration
def test_a_fit_leaves_its_report_beside_the_model(two_stage: Fitted) -> None:
    html = (two_stage.path / artefact.REPORT).read_text(encoding="utf-8")

    assert artefact.REPORT in [file.path for file in two_stage.manifest.files]
    assert artefact.is_intact(two_stage.path, two_stage.manifest)
    for section in ("summary", "metrics", "learning", "data", "lineage"):
        assert f'<section id="{section}"' in html


@pytest.mark.integration
def test_a_report_that_cannot_be_rendered_does_not_stop_a_fit(
    flat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("no ink")

    lines: list[str] = []
    monkeypatch.setattr(pages, "render", broken)
    fitted = fit(
        flat,
        tmp_path,
        hyper_parameters=QUICK | {"max_epochs": 1},
        progress=Lines(lines.append),
    )

    assert not (fitted.path / artefact.REPORT).exists()
    assert artefact.is_intact(fitted.path, fitted.manifest)
    assert any("without a report: RuntimeError('no ink')" in line for line in lines)


def test_a_number_that_is_taken_meanwhile_is_in_the_report_too(tmp_path: Path) -> None:
    """The report names the version, so it is rendered again with its manifest."""
    store, told = Store(tmp_path, "default"), []

    def describe(manifest: model_pb2.ModelVersion) -> str:
        if not told:
            (store.folder / "1").mkdir()  # another run publishes
        told.append(manifest.version)
        return f"version {manifest.version}"

    path, manifest = artefact.publish(
        store,
        model_pb2.ModelVersion(),
        lambda folder: (folder / "weights").write_bytes(b"x"),
        describe=describe,
    )

    assert told == [1, 2]
    assert (path / artefact.REPORT).read_text() == "version 2"
    assert [file.path for file in manifest.files] == ["report.html", "weights"]
    assert manifest.size_bytes == 1 + len("version 2")
    assert artefact.is_intact(path, manifest)
