"""What `embed` writes, and what it refuses."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from recserve.trainer import Fitted, item_table
from recserve.trainer.command import cli
from recserve.trainer.embedding import row_groups
from recserve.trainer.embedding.embed import Embedded, embed
from recserve.trainer.embedding.row_groups import RowGroups
from recserve.trainer.errors import StoreError, TrainerError
from recserve.trainer.tally import TallyLines
from trainer.served_version import ServedVersion

pytestmark = pytest.mark.integration

Files = dict[str, pd.DataFrame]


def written(embedded: Embedded) -> Files:
    return {file.name: pd.read_parquet(embedded.output / file.name) for file in embedded.files}


def matrix(column: pd.Series) -> np.ndarray:
    return np.stack(column.to_list())


@pytest.fixture(scope="module")
def of_two_stage(
    two_stage: Fitted, chains: Path, tmp_path_factory: pytest.TempPathFactory
) -> Files:
    output = tmp_path_factory.mktemp("out") / "two_stage"
    return written(embed(chains, two_stage.path.parents[1], output, version=1))


@pytest.fixture(scope="module")
def of_pointwise(pointwise: Fitted, flat: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    output = tmp_path_factory.mktemp("out") / "pointwise"
    return written(embed(flat, pointwise.path.parents[1], output))


def test_every_row_of_flat_data_has_the_features_of_the_last_hidden_layer(
    of_pointwise: Files, flat: Path, pointwise: Fitted
) -> None:
    rows = of_pointwise["interactions.parquet"]
    features = matrix(rows["features"])

    assert features.shape == (len(rows), 50)
    source = pd.read_csv(flat).iloc[rows["row"]]
    assert source["user_id"].tolist() == rows["user_id"].tolist()
    assert source["item_id"].tolist() == rows["item_id"].tolist()
    with np.load(pointwise.path / "weights.npz") as weights:
        first, second, out = (
            [weights[f"weight/{name}/{part}"] for part in ("kernel", "bias")]
            for name in ("hidden_0", "hidden_1", "out")
        )
    chances = 1 / (1 + np.exp(-(features @ out[0] + out[1])[:, 0]))
    np.testing.assert_allclose(rows["score"], chances, rtol=1e-4)
    # The classic deliverable by hand: standardise, 10 to 100 to 50.
    served = ServedVersion(pointwise.path)
    numbers = source[[f"f{i}" for i in range(1, 11)]].to_numpy(np.float32)
    by_hand = served.of_pairs(
        "features", [[]] * 3, np.zeros((3, 1), np.int32), numbers[:3, None, :]
    )["features"][:, 0]
    np.testing.assert_allclose(features[:3], by_hand, rtol=1e-3, atol=1e-5)
    assert first[0].shape == (10, 100)
    assert second[0].shape == (100, 50)


def test_features_of_users_and_items_are_means_over_their_events(of_pointwise: Files) -> None:
    rows = of_pointwise["interactions.parquet"]
    for name, key in (("users.parquet", "user_id"), ("items.parquet", "item_id")):
        table = of_pointwise[name].set_index(key)
        for who, events in list(rows.groupby(key))[:5]:
            mean = matrix(events["features"]).mean(axis=0)
            np.testing.assert_allclose(table.loc[who, "features"], mean, rtol=1e-4, atol=1e-6)
            assert table.loc[who, "event_count"] == len(events)


def test_flat_data_has_no_vectors_of_users_but_clusters(of_pointwise: Files) -> None:
    users = of_pointwise["users.parquet"]

    assert users["vector"].isna().all()
    assert users["cluster"].notna().all()
    assert users["cluster"].nunique() > 1


def test_items_have_the_vectors_and_clusters_that_a_server_has(
    of_two_stage: Files, two_stage: Fitted
) -> None:
    items = of_two_stage["items.parquet"].set_index("item_id")
    served = ServedVersion(two_stage.path)
    clusters = item_table.read_clusters(two_stage.path / "items.npz")

    vectors = matrix(items.loc[list(served.ids), "vector"])
    np.testing.assert_allclose(vectors, served.encoded["item_vectors"], rtol=1e-4, atol=1e-6)
    assert items["cluster"].to_dict() == clusters
    np.testing.assert_allclose(items.loc[list(served.ids), "popularity"], served.popularity)


def test_users_who_walk_along_the_same_chain_have_vectors_alike(
    of_two_stage: Files, chains: Path
) -> None:
    users = of_two_stage["users.parquet"].set_index("user_id")
    events = pd.read_csv(chains / "interactions.csv")
    last = events.sort_values("timestamp").groupby("user_id")["chain"].last()
    vectors = matrix(users.loc[last.index, "vector"])[:, :-1]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    same = (last.to_numpy()[:, None] == last.to_numpy()) & ~np.eye(len(last), dtype=bool)

    assert len(users) == 120
    assert alike[same].mean() > alike[last.to_numpy()[:, None] != last.to_numpy()].mean() + 0.2
    assert users["cluster"].nunique() > 1


def test_interactions_tell_the_event_beside_its_features(
    of_two_stage: Files, chains: Path, two_stage: Fitted
) -> None:
    rows = of_two_stage["interactions.parquet"]
    source = pd.read_csv(chains / "interactions.csv").iloc[rows["row"]]

    assert len(rows) == two_stage.manifest.cleaning.rows_kept
    assert (rows["timestamp"].astype("int64") // 1000).tolist() == source["timestamp"].tolist()
    assert set(rows["event_type"]) == {"view"}
    assert rows["value"].isna().all()
    assert rows["score"].between(0, 1).all()
    assert matrix(rows["features"]).shape == (len(rows), 50)


def test_a_new_item_is_in_the_cluster_of_its_kind(
    two_stage: Fitted, chains: Path, tmp_path: Path
) -> None:
    grown = tmp_path / "grown"
    shutil.copytree(chains, grown)
    rows = pd.read_csv(chains / "interactions.csv")
    new = rows[rows["item_id"] == "i2-5"].head(3).assign(item_id="new")
    pd.concat([rows, new]).to_csv(grown / "interactions.csv", index=False)

    store = two_stage.path.parents[1]
    embedded = embed(grown, store, tmp_path / "out", version=1, vectors_only=True)
    items = written(embedded)["items.parquet"].set_index("item_id")

    assert [file.name for file in embedded.files] == ["items.parquet", "users.parquet"]
    assert items["features"].isna().all()
    assert len(items) == 61
    assert items.loc["new", "cluster"] >= 0


def test_a_folder_that_is_there_is_left_alone(
    two_stage: Fitted, chains: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")

    with pytest.raises(TrainerError, match="is there already"):
        embed(chains, two_stage.path.parents[1], tmp_path, version=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_flat_data_has_nothing_but_the_hidden_layer(
    pointwise: Fitted, flat: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="without --vectors-only"):
        embed(flat, pointwise.path.parents[1], tmp_path / "out", vectors_only=True)


def test_a_run_that_fails_leaves_nothing(
    pointwise: Fitted, flat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RowGroups, "add", full)
    with pytest.raises(TrainerError, match=r"cannot write .*No space left"):
        embed(flat, pointwise.path.parents[1], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_version_without_the_signature_says_what_to_do(
    two_stage: Fitted, chains: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recserve.trainer.measuring import SavedSignatures

    run = SavedSignatures.run
    monkeypatch.setattr(
        SavedSignatures,
        "run",
        lambda self, name, inputs: run(self, "gone" if name == "features" else name, inputs),
    )
    with pytest.raises(StoreError, match=r"no signature gone.*--vectors-only"):
        embed(chains, two_stage.path.parents[1], tmp_path / "out", version=1)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_what_it_wrote(pointwise: Fitted, flat: Path, tmp_path: Path) -> None:
    store = str(pointwise.path.parents[1])
    asked = ["embed", str(flat), "--store", store, "--output", str(tmp_path / "out"), "--json"]

    done = CliRunner().invoke(cli, asked)

    assert done.exit_code == 0, done.stderr
    assert '"users.parquet"' in done.stdout
    assert "users and events: " in done.stderr
    assert pq.read_metadata(tmp_path / "out" / "interactions.parquet").num_rows > 1000


def test_a_version_that_is_not_there_is_told(flat: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["embed", str(flat), "--store", str(tmp_path)])

    assert done.exit_code == 1
    assert "holds no version" in done.stderr


def test_rows_are_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    monkeypatch.setattr(row_groups, "ROWS", 10)
    with RowGroups(tmp_path / "a.parquet", pa.schema({"n": pa.int64()})) as rows:
        for start in range(0, 24, 4):
            rows.add({"n": list(range(start, start + 4))})

    metadata = pq.read_metadata(tmp_path / "a.parquet")
    assert (metadata.num_rows, rows.rows) == (24, 24)
    assert metadata.num_row_groups > 1
    assert pd.read_parquet(tmp_path / "a.parquet")["n"].tolist() == list(range(24))


def test_a_tally_tells_of_itself_every_few_seconds() -> None:
    told: list[str] = []
    times = iter([0.0, 1.0, 6.0, 6.0, 7.0])
    tally = TallyLines(told.append, lambda: next(times))

    tally.begin("users", 3000)
    for _ in range(3):
        tally.done(1000)

    assert told == ["users: 3,000", "users: 2,000 of 3,000"]
