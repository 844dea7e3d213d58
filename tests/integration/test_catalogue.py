"""A change of the catalogue is in the next answer of a real server, whatever gives it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.server_process import eventually, run, serving
from recserve.client import Answer, Client, Fallback, Item, NotFound

pytestmark = pytest.mark.integration

ROUNDS = 20
"""Chances for an old answer to slip through."""


@pytest.fixture
def client(handmade_store: Path, tmp_path: Path) -> Iterator[Client]:
    assert handmade_store.is_dir()
    with serving(tmp_path) as server:
        server.wait_until_warm()
        with Client(server.address) as client:
            yield client


def ids(answer: Answer) -> set[str]:
    return {result.item_id for result in answer}


def test_availability_is_in_the_next_answer_on_every_path(client: Client) -> None:
    client.feedback("ann", "i30", "click")
    for round_number in range(ROUNDS):
        available = bool(round_number % 2)
        client.upsert_items([Item("i31", {"number": 31.0}, available), Item("i0", {}, available)])
        assert ("i31" in ids(client.recommend("ann", num_results=4))) is available
        filtered = client.recommend("ann", filter="number >= 31 AND number < 33")
        assert ids(filtered) == ({"i31", "i32"} if available else {"i32"})
        chosen = client.recommend("ann", candidate_item_ids=["i31", "i90"])
        assert ids(chosen) == ({"i31", "i90"} if available else {"i90"})
        assert ("i31" in ids(client.similar_items("i30", num_results=4))) is available
        popular = client.recommend("a stranger", num_results=3)
        assert popular.fallback is Fallback.UNKNOWN_USER
        assert ("i0" in ids(popular)) is available


def test_filters_see_the_new_features_in_the_next_answer(client: Client) -> None:
    client.feedback("ann", "i30", "click")
    assert ids(client.recommend("ann", filter="number = 1000")) == set()
    for round_number in range(ROUNDS):
        item_id = f"i{100 + round_number}"
        client.upsert_items([Item(item_id, {"number": 1000 + round_number})])
        condition = f"number = {1000 + round_number}"
        assert ids(client.recommend("ann", filter=condition)) == {item_id}
        assert ids(client.recommend("a stranger", filter=condition)) == {item_id}
        assert ids(client.similar_items("i30", filter=condition)) == {item_id}


def test_a_deleted_item_stays_away_after_a_restart_and_comes_back_when_it_is_put(
    handmade_store: Path, tmp_path: Path
) -> None:
    assert handmade_store.is_dir()
    with serving(tmp_path) as server:
        server.wait_until_warm()
        with Client(server.address) as client:
            assert client.delete_items(["i0"]) == 0, "only the version knows it"
            assert "i0" not in ids(client.recommend("a stranger", num_results=3))
    with serving(tmp_path) as server:
        server.wait_until_warm()
        with Client(server.address) as client:
            client.feedback("ann", "i30", "click")
            answer = client.recommend("ann", num_results=200, include_seen=True)
            assert len(answer) == 199
            assert "i0" not in ids(answer) | ids(client.recommend("a stranger", num_results=3))
            with pytest.raises(NotFound):
                client.item("i0")
            client.upsert_items([Item("i0")])
            assert "i0" in ids(client.recommend("a stranger", num_results=3))


def test_what_another_process_puts_is_followed_and_own_changes_go_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "interactions.csv").write_text("user_id,item_id\nbob,cup\n")
    with serving(tmp_path) as server, Client(server.address) as client:
        client.upsert_items([Item("tea"), Item("jar", available=False)])
        assert ids(client.recommend("ann")) == {"tea"}
        run("recserve-server", "import", "data", cwd=tmp_path)
        eventually(lambda: ids(client.recommend("ann")) == {"tea", "cup"}, "the import is seen")
        assert client.delete_items(["cup", "jar"]) == 2
        assert ids(client.recommend("ann")) == {"tea"}
        run("recserve-server", "import", "data", cwd=tmp_path)
        assert ids(client.recommend("ann")) == {"tea"}, "a mention of it does not bring it back"


def test_the_command_puts_shows_and_deletes(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text(
        '[[item_features]]\nname = "price"\ntype = "FEATURE_TYPE_NUMERIC"\n'
        '[[item_features]]\nname = "zip"\ntype = "FEATURE_TYPE_CATEGORICAL"\n'
    )
    (tmp_path / "items.csv").write_text("item_id,price,zip\ntea,2.5,8001\n")
    with serving(tmp_path, "--schema", "schema.toml") as server:
        words = ["--server", server.address, "items"]
        told = run("recserve", *words, "upsert", "items.csv", cwd=tmp_path, status=1)
        assert "items.csv, line 2, features['zip']: must be given as `text`" in told
        told = run("recserve", *words, "upsert", "items.csv", "--text", "zip", cwd=tmp_path)
        assert told == "1 created, 0 updated.\n"
        shown = json.loads(run("recserve", *words, "get", "tea", "--json", cwd=tmp_path))
        assert shown["features"] == {"price": 2.5, "zip": "8001"}
        run("recserve", *words, "delete", "tea", "--yes", cwd=tmp_path)
        assert "ITEM_NOT_FOUND" in run("recserve", *words, "get", "tea", cwd=tmp_path, status=1)
