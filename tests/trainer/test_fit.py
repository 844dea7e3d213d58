"""Training: what it learns, repeats, starts from and refuses."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recserve.trainer import Fitted, fit
from recserve.trainer.errors import WarmStartError
from recserve.trainer.measuring import measure
from recserve.v1 import model_pb2, promotion_pb2
from trainer import generated
from trainer.generated import QUICK

pytestmark = pytest.mark.integration


def metrics(evaluation: model_pb2.Evaluation) -> dict[str, tuple[float, float]]:
    return {metric.name: (metric.value, metric.baseline) for metric in evaluation.metrics}


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from recserve.trainer.command import main; main()"]
    return subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_order_of_events_is_learned(two_stage: Fitted) -> None:
    found = metrics(two_stage.manifest.evaluation)

    for name in ("ndcg@10", "recall@10", "mrr@10"):
        value, baseline = found[name]
        assert value > 1.2 * baseline, name


def test_a_flat_file_trains_the_classic_mlp(pointwise: Fitted) -> None:
    manifest = pointwise.manifest
    auc, baseline = metrics(manifest.evaluation)["auc"]

    assert manifest.layout.family == "pointwise"
    assert not manifest.layout.uses_history
    assert manifest.evaluation.holdout == model_pb2.HOLDOUT_KIND_RANDOM
    assert auc > 0.85 > 0.65 > baseline


def test_the_manifest_tells_what_was_done(two_stage: Fitted) -> None:
    manifest = two_stage.manifest

    assert manifest.lineage.mode == model_pb2.TRAINING_MODE_FULL
    assert manifest.lineage.user_count == 120
    assert manifest.lineage.event_count == manifest.cleaning.rows_kept
    assert manifest.lineage.first_event_time.seconds >= 1_600_000_000
    assert manifest.evaluation.holdout == model_pb2.HOLDOUT_KIND_TIME
    assert manifest.evaluation.holdout_event_count == round(0.2 * manifest.cleaning.rows_kept)
    assert manifest.hyper_parameters.embedding_width == QUICK["embedding_width"]
    assert len(manifest.hyper_parameters.ListFields()) == 13
    assert len(manifest.cleaning.rules) > 10
    assert manifest.promotion == promotion_pb2.PROMOTION_ALWAYS
    assert manifest.training_run == ""


def test_the_same_input_and_seed_give_the_same_metrics(
    two_stage: Fitted, chains: Path, tmp_path: Path
) -> None:
    again = fit(chains, tmp_path, hyper_parameters=QUICK)

    assert again.manifest.evaluation == two_stage.manifest.evaluation


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_a_published_version_measures_as_its_manifest_says(
    family: str, request: pytest.FixtureRequest
) -> None:
    fitted: Fitted = request.getfixturevalue(family)
    data: Path = request.getfixturevalue("chains" if family == "two_stage" else "flat")

    measured = measure(data, fitted.path.parents[1])

    for name, (value, _) in metrics(fitted.manifest.evaluation).items():
        assert metrics(measured.evaluation)[name][0] == pytest.approx(value, abs=1e-5), name


GOES_ON = ["goes on from the base version"]


def first_loss(fitted: Fitted) -> float:
    return next(curve.passes[0].loss for curve in fitted.manifest.learning_curves if curve.passes)


def test_a_warm_start_begins_where_the_base_version_ended(
    two_stage: Fitted, chains: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(chains / "interactions.csv")
    extra = generated.chains(users=10, seed=5)
    extra["user_id"] = "late-" + extra["user_id"]
    new = extra["item_id"].str.startswith("i3")
    extra.loc[new, "item_id"] = "new-" + extra.loc[new, "item_id"]
    grown = generated.write_chains(tmp_path / "grown", pd.concat([rows, extra]))

    fresh = fit(grown, tmp_path / "fresh", hyper_parameters=QUICK)
    warm = fit(grown, two_stage.path.parents[1], mode="warm-start")

    assert [curve.note for curve in warm.manifest.learning_curves] == GOES_ON
    assert first_loss(warm) < first_loss(fresh)
    assert warm.manifest.lineage.mode == model_pb2.TRAINING_MODE_WARM_START
    assert warm.manifest.lineage.base_version == two_stage.manifest.version
    assert warm.manifest.hyper_parameters.embedding_width == QUICK["embedding_width"]
    assert warm.manifest.lineage.item_count > two_stage.manifest.lineage.item_count
    html = (warm.path / "report.html").read_text(encoding="utf-8")
    assert '<section id="warm-start"' in html


def test_a_warm_start_with_much_that_is_new_learns_every_stage(tmp_path: Path) -> None:
    rows = generated.chains()
    few = generated.write_chains(tmp_path / "few", rows[rows["user_id"] < "u5"])
    fit(few, tmp_path / "store", hyper_parameters=QUICK | {"max_epochs": 1})

    whole = generated.write_chains(tmp_path / "whole", rows)
    warm = fit(whole, tmp_path / "store", mode="warm-start")

    stages = [curve.stage for curve in warm.manifest.learning_curves]
    assert stages == ["retrieval", "ranking", "ranking", "retrieval"]


def test_a_warm_start_that_does_not_fit_says_what_differs(
    two_stage: Fitted, chains: Path, tmp_path: Path
) -> None:
    store = two_stage.path.parents[1]
    with pytest.raises(WarmStartError, match="has shape"):
        fit(chains, store, mode="warm-start", base=1, hyper_parameters={"embedding_width": 8})
    schema = tmp_path / "other.toml"
    schema.write_text('[[event_types]]\nname = "buy"\n')
    with pytest.raises(WarmStartError, match="event_types"):
        fit(chains, store, mode="warm-start", base=1, schema=schema)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("user_id,item_id,label\n", "no rows"),
        ("user_id,item_id,label\na,x,1\na,y,0\n", "single user"),
        ("user_id,item_id,label\na,x,1\nb,x,0\n", "single item"),
        ("user_id,item_id,label\na,x,1\nb,y,1\n", "all labels are the same"),
        ("colour,size\nred,1\n", "no column looks like the user's id"),
        ("", "has no columns"),
    ],
)
def test_broken_data_fails_clearly_and_publishes_nothing(
    tmp_path: Path, content: str, told: str
) -> None:
    data = tmp_path / "data.csv"
    data.write_text(content)

    done = command("fit", data, "--store", tmp_path / "store")

    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store").exists()


def test_a_value_out_of_range_is_wrong_usage(tmp_path: Path, flat: Path) -> None:
    done = command("fit", flat, "--store", tmp_path, "--dropout", "2")

    assert done.returncode == 2
    assert "--dropout must be 0 to 0.9" in done.stderr


def test_json_alone_is_on_stdout(tmp_path: Path, flat: Path) -> None:
    options = ("--max-epochs", "1", "--promotion", "never", "--compare-with", "9")
    done = command("fit", flat, "--store", tmp_path, *options, "--json")

    assert done.returncode == 0, done.stderr
    manifest = json.loads(done.stdout)
    assert manifest["version"] == "1"
    assert manifest["promotion"] == "PROMOTION_NEVER"
    assert (tmp_path / "default" / "1" / "manifest.json").read_text() == done.stdout
    assert "without version 9: " in done.stderr
    assert "published" in done.stderr


def test_a_terminated_run_leaves_nothing_behind(tmp_path: Path, chains: Path) -> None:
    program = [sys.executable, "-c", "from recserve.trainer.command import main; main()"]
    arguments = ["fit", str(chains), "--store", str(tmp_path / "store"), "--max-epochs", "1000"]
    arguments += ["--patience", "100"]
    with subprocess.Popen([*program, *arguments], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "epoch 1/" in line:
                running.send_signal(signal.SIGTERM)
                break
        rest = running.stderr.read()

    assert running.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in rest
    assert list((tmp_path / "store").glob("*/*")) == []
