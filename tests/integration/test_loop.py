"""The whole loop with the real commands: data, training, serving, feedback, the next version."""

import json
import random

import pytest

from integration.datasets import GROUPS, ITEMS_PER_GROUP, group_of, write_flat, write_tastes
from integration.server_process import run, serving
from recserve.client import Client, Fallback, InvalidArgument

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tastes(tmp_path_factory):
    """A folder with the taste dataset, version 1 trained on it, and its events imported."""
    folder = tmp_path_factory.mktemp("tastes")
    write_tastes(folder / "data")
    printed = run(
        "recserve-trainer", "fit", "data", "--store", "models", "--max-epochs", 8, "--json",
        cwd=folder,
    )  # fmt: skip
    manifest = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert manifest["version"] == "1"
    run("recserve-trainer", "inspect", "data", "--write", cwd=folder)
    run("recserve-server", "import", "data", cwd=folder)
    return folder


def test_the_model_beats_popularity_on_its_holdout(tastes):
    manifest = json.loads((tastes / "models" / "default" / "1" / "manifest.json").read_text())
    metrics = {metric["name"]: metric for metric in manifest["evaluation"]["metrics"]}
    for name in ("ndcg@10", "recall@10"):
        assert metrics[name]["value"] > metrics[name]["baseline"]


def test_users_get_their_taste_and_feedback_moves_it(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        server.wait_until_warm()
        for user in range(GROUPS):
            answer = client.recommend(f"user-{user}", num_results=4)
            assert answer.fallback is None
            groups = [group_of(result.item_id) for result in answer]
            assert groups.count(user) >= 3
        assert client.recommend("newcomer").fallback is Fallback.UNKNOWN_USER
        for item in range(3):
            client.feedback("newcomer", f"item-{3 * ITEMS_PER_GROUP + item}", "view")
        answer = client.recommend("newcomer", num_results=4)
        assert answer.fallback is None
        assert [group_of(result.item_id) for result in answer].count(3) >= 3


def test_flat_data_is_learned_and_served_by_the_features_of_the_pairs(tmp_path):
    weights = write_flat(tmp_path / "user_data.csv")
    run("recserve-trainer", "inspect", "user_data.csv", "--write", cwd=tmp_path)
    run("recserve-trainer", "fit", "user_data.csv", "--store", "models", cwd=tmp_path)
    run("recserve-server", "import", "user_data.csv", cwd=tmp_path)
    chance = random.Random(13)  # noqa: S311  # a fixture, no secret
    features = [[chance.gauss(0, 1) for _ in range(10)] for _ in range(100)]
    candidates = [f"item-{number}" for number in range(100)]
    truth = [sum(w * x for w, x in zip(weights, row, strict=True)) for row in features]
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        answer = client.recommend(
            "user-1",
            num_results=100,
            candidate_item_ids=candidates,
            candidate_features=features,
            include_seen=True,
        )
        assert answer.fallback is None
        places = {result.item_id: place for place, result in enumerate(answer)}
        wanted = sorted(range(100), key=lambda number: -truth[number])
        best = {candidates[number] for number in wanted[:20]}
        assert sum(places[item] < 25 for item in best) >= 18
        with pytest.raises(InvalidArgument) as refused:
            client.recommend(
                "user-1", candidate_item_ids=candidates, candidate_features=[[0.0] * 9] * 100
            )
        assert refused.value.violations[0].field == "candidate_features"
