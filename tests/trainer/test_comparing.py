"""An earlier version is measured on the holdout of a new one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pandas as pd
import pytest

from recserve.trainer import Fitted, fit
from recserve.trainer.comparing import compare
from recserve.trainer.errors import TrainerError
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.measuring import measure
from recserve.trainer.origin import Origin
from recserve.trainer.progress import Silent
from recserve.trainer.store import Store
from recserve.v1 import model_pb2, promotion_pb2
from trainer import generated
from trainer.generated import QUICK

pytestmark = pytest.mark.integration

SHORT = {**QUICK, "max_epochs": 1}
RANKING = ("ndcg@10", "recall@10", "mrr@10", "coverage@10")


class Heard(Silent):
    """Keeps the notes of stages, and the metrics."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.metrics: list[model_pb2.Metric] = []

    def stage(self, name: str, note: str = "") -> None:
        self.notes.append(f"{name}: {note}")

    def evaluated(self, metrics: list[model_pb2.Metric]) -> None:
        self.metrics = list(metrics)


@pytest.fixture
def store(two_stage: Fitted, tmp_path: Path) -> Path:
    """A store of its own with the two-stage version as its first."""
    shutil.copytree(two_stage.path.parents[1], tmp_path / "models")
    return tmp_path / "models"


def stable(evaluation: model_pb2.Evaluation) -> dict[str, float]:
    return {
        metric.name: metric.stable for metric in evaluation.metrics if metric.HasField("stable")
    }


def shuffled_items(chains: Path, folder: Path) -> Path:
    """The same events, and an items file that names the items in another order."""
    rows = pd.read_csv(chains / "interactions.csv")
    items = rows.drop_duplicates("item_id")[["item_id", "chain", "place"]]
    generated.write_chains(folder, rows[["user_id", "item_id", "timestamp"]])
    items.sample(frac=1.0, random_state=3).to_csv(folder / "items.csv", index=False)
    return folder


def test_on_its_own_holdout_a_version_measures_as_its_manifest_says(
    two_stage: Fitted, chains: Path, store: Path, tmp_path: Path
) -> None:
    """Whatever the order of the items, which are the rows that a version knows them by."""
    own = {metric.name: metric.value for metric in two_stage.manifest.evaluation.metrics}
    data = shuffled_items(chains, tmp_path / "shuffled")
    heard = Heard()

    fitted = fit(data, store, hyper_parameters=SHORT, compare_with=1, progress=heard)
    measured = measure(data, store, version=1).evaluation
    again = {metric.name: metric.value for metric in measured.metrics}

    found = fitted.manifest.evaluation
    assert found.stable_version == 1
    assert set(stable(found)) == set(own)
    for name in RANKING:
        assert stable(found)[name] == pytest.approx(own[name], abs=1e-5), name
        assert again[name] == pytest.approx(own[name], abs=1e-5), name
    assert heard.metrics == list(found.metrics)


def test_a_version_is_measured_where_users_and_items_came_and_went(
    two_stage: Fitted, chains: Path, store: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(chains / "interactions.csv")
    rows = rows[rows["item_id"] != "i0-0"]
    extra = generated.chains(users=40, seed=5)
    extra["user_id"] = "late-" + extra["user_id"]
    new = extra["item_id"].str.startswith("i3")
    extra.loc[new, "item_id"] = "new-" + extra.loc[new, "item_id"]
    grown = generated.write_chains(tmp_path / "grown", pd.concat([extra, rows]))

    fitted = fit(
        grown,
        store,
        hyper_parameters={**SHORT, "history_length": 12},
        compare_with=1,
        origin=Origin("models/default/trainingRuns/r1", "canary", 77),
    )

    found = fitted.manifest.evaluation
    (ndcg,) = (metric for metric in found.metrics if metric.name == "ndcg@10")
    assert ndcg.stable > 1.2 * ndcg.baseline
    assert fitted.manifest.training_run == "models/default/trainingRuns/r1"
    assert fitted.manifest.promotion == promotion_pb2.PROMOTION_CANARY
    assert fitted.manifest.lineage.log_position == 77


def no_such(_: Path) -> None:
    pass


def damaged(version: Path) -> None:
    weights = version / "weights.npz"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)


def another_family(version: Path) -> None:
    edit(version, lambda manifest: manifest["layout"].update(family="pointwise"))


def another_schema(version: Path) -> None:
    edit(version, lambda manifest: manifest["schema"].update(event_types=[{"name": "buy"}]))


def unreadable_signatures(version: Path) -> None:
    """A manifest that lists what is no SavedModel."""
    model = version / "saved_model" / "saved_model.pb"
    model.write_bytes(b"x")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

    def listed(manifest: dict[str, list[dict[str, str]]]) -> None:
        (file,) = (f for f in manifest["files"] if f["path"] == "saved_model/saved_model.pb")
        file.update(size_bytes="1", sha256=digest)

    edit(version, listed)


def edit(version: Path, change: Callable[[dict[str, list[dict[str, str]]]], None]) -> None:
    path = version / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("spoil", "version", "told"),
    [
        (no_such, 7, "has no version 7; it has 1"),
        (damaged, 1, "its files are not those that its manifest lists"),
        (another_family, 1, "it is pointwise, and the new one two_stage"),
        (another_schema, 1, "event_types of the schema differ"),
    ],
)
def test_a_version_that_cannot_be_measured_says_why(
    spoil: Callable[[Path], None], version: int, told: str, store: Path, two_stage: Fitted
) -> None:
    spoil(store / "default" / "1")
    never_asked = cast("Setting", None)

    with pytest.raises(TrainerError, match=told):
        compare(
            Store(store, "default"), version, "two_stage", two_stage.manifest.schema, never_asked
        )


def test_a_version_that_cannot_be_measured_is_left_out(chains: Path, store: Path) -> None:
    unreadable_signatures(store / "default" / "1")
    heard = Heard()

    fitted = fit(chains, store, hyper_parameters=SHORT, compare_with=1, progress=heard)

    assert fitted.manifest.evaluation.stable_version == 1
    assert stable(fitted.manifest.evaluation) == {}
    assert any(note.startswith("evaluate: without version 1: ") for note in heard.notes)
    assert fitted.path.name == "2"


def test_a_version_is_measured_on_data_with_event_types_that_came_later(
    two_stage: Fitted, chains: Path, store: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(chains / "interactions.csv")
    known = [each.name for each in two_stage.manifest.schema.event_types]
    rows["event_type"] = known[0]
    late = rows.iloc[:20].assign(event_type="share", user_id="u-late")
    grown = generated.write_chains(tmp_path / "grown", pd.concat([rows, late]))
    schema = tmp_path / "schema.toml"
    text = (chains / "schema.toml").read_text()
    schema.write_text(text + '\n[[event_types]]\nname = "share"\n')

    fitted = fit(grown, store, schema=schema, hyper_parameters=SHORT, compare_with=1)

    assert [each.name for each in fitted.manifest.schema.event_types] == [*known, "share"]
    assert stable(fitted.manifest.evaluation)["ndcg@10"] > 0
