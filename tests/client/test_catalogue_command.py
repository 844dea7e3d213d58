import json

import grpc
import pytest
from click.testing import CliRunner

from client.fake_server import Failure, bad_request, error_info
from recserve.client.command import main, upserting
from recserve.v1 import catalog_pb2


@pytest.fixture
def run(server):
    def run(*arguments, stdin=None):
        command = ["--server", server.address, *map(str, arguments)]
        return CliRunner().invoke(main, command, input=stdin)

    return run


def refusal(**violations):
    details = [error_info("INVALID_REQUEST"), bad_request(**violations)]
    return Failure(grpc.StatusCode.INVALID_ARGUMENT, "bad", details)


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_items_are_put_from_json_lines(run, server, tmp_path):
    path = write(
        tmp_path,
        "items.jsonl",
        '{"item_id": "tea", "features": {"price": 2.5, "kind": "drink", "tags": ["hot"]}}\n'
        "\n"
        '{"item_id": "cup", "available": false, "features": {"image": [1, 2], "x": null}}\n',
    )
    done = run("items", "upsert", path)
    assert (done.exit_code, done.stdout) == (0, "2 created, 0 updated.\n"), done.output
    tea, cup = server.catalogue.items["tea"], server.catalogue.items["cup"]
    assert tea.features["price"].number == 2.5
    assert tea.features["kind"].text == "drink"
    assert list(tea.features["tags"].strings.values) == ["hot"]
    assert tea.available
    assert not cup.available
    assert list(cup.features["image"].vector.values) == [1, 2]
    assert "x" not in cup.features


def test_items_are_put_from_csv(run, server, tmp_path):
    path = write(
        tmp_path,
        "items.csv",
        "item_id,available,price,zip,genres,told\n"
        'tea,true,2.5,8001,Drama|War,"hot, and\ngreen"\n'
        "cup,0,,,,\n"
        "jar,,1,x,War,[1]\n",
    )
    done = run("items", "upsert", path, "--text", "zip", "--strings", "genres", "--json")
    assert json.loads(done.stdout) == {"created_count": 3, "updated_count": 0}, done.output
    items = server.catalogue.items
    assert items["tea"].features["price"].number == 2.5
    assert items["tea"].features["zip"].text == "8001"
    assert items["tea"].features["told"].text == "hot, and\ngreen"
    assert list(items["tea"].features["genres"].strings.values) == ["Drama", "War"]
    assert (items["tea"].available, items["cup"].available, items["jar"].available) == (1, 0, 1)
    assert not items["cup"].features
    assert list(items["jar"].features["genres"].strings.values) == ["War"]


def test_users_are_put_from_either(run, server, tmp_path):
    path = write(tmp_path, "users.csv", "user_id,age\nann,30\n")
    assert run("users", "upsert", path).exit_code == 0
    done = run("users", "upsert", "-", stdin='{"user_id": "bob", "features": {"age": 31}}\n')
    assert done.exit_code == 0, done.output
    ages = {name: user.features["age"].number for name, user in server.catalogue.users.items()}
    assert ages == {"ann": 30, "bob": 31}


def test_the_standard_input_may_be_csv(run, server):
    done = run("items", "upsert", "-", "--format", "csv", stdin="item_id,price\ntea,1\n")
    assert done.exit_code == 0, done.output
    assert server.catalogue.items["tea"].features["price"].number == 1


def test_what_get_prints_as_json_can_be_put_again(run, server, tmp_path):
    run("items", "upsert", "-", stdin='{"item_id": "tea", "features": {"tags": ["a", "b"]}}')
    run("users", "upsert", "-", stdin='{"user_id": "ann", "features": {"age": 30.5}}')
    item, user = (json.loads(run(*words, "--json").stdout) for words in (
        ("items", "get", "tea"), ("users", "get", "ann"),
    ))  # fmt: skip
    assert item["features"] == {"tags": ["a", "b"]}
    assert item["update_time"] == "2026-01-31T12:00:00+00:00"
    before = server.catalogue.items["tea"], server.catalogue.users["ann"]
    assert run("items", "upsert", "-", stdin=json.dumps(item)).stdout.startswith("0 created, 1 up")
    assert run("users", "upsert", "-", stdin=json.dumps(user)).stdout.startswith("0 created, 1 up")
    assert (server.catalogue.items["tea"], server.catalogue.users["ann"]) == before


def test_get_shows_a_table(run):
    run("items", "upsert", "-", stdin='{"item_id": "tea", "features": {"price": 2, "k": ["a"]}}')
    run("users", "upsert", "-", stdin='{"user_id": "ann", "features": {"city": "Bern"}}')
    shown = run("items", "get", "tea").stdout
    for part in ("tea", "available", "yes", "2026-01-31 12:00:00 UTC", "price", "2", "k", "a"):
        assert part in shown
    assert "Bern" in run("users", "get", "ann").stdout


def test_what_is_not_there_fails(run):
    done = run("items", "get", "nothing")
    assert done.exit_code == 1
    assert "ITEM_NOT_FOUND" in done.stderr
    assert run("users", "get", "nobody").exit_code == 1


def test_items_are_deleted(run, server):
    run("items", "upsert", "-", stdin='{"item_id": "tea"}')
    done = run("items", "delete", "tea", "cup", "--yes")
    assert (done.exit_code, done.stdout) == (0, "1 of 2 were there and are deleted.\n")
    assert not server.catalogue.items
    assert json.loads(run("items", "delete", "tea", "--yes", "--json").stdout) == {
        "deleted_count": 0
    }


def test_a_deletion_is_not_made_by_accident(run, script):
    done = run("items", "delete", "tea")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert not script.requests


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '{"item_id": "tea"}\n{"item_id"\n', "line 2: Expecting"),
        ("a.jsonl", "[]", "line 1: must be an object"),
        ("a.jsonl", '{"features": {}}', "line 1: item_id must be a string"),
        ("a.jsonl", '{"item_id": "a", "price": 1}', "line 1: has 'price', which is none of"),
        ("a.jsonl", '{"item_id": "a", "features": [1]}', "line 1: features must be an object"),
        ("a.jsonl", '{"item_id": "a", "available": 1}', "line 1: available must be true or false"),
        ("a.jsonl", '{"item_id": "a", "features": {"x": true}}', "line 1: feature 'x' must be"),
        ("a.jsonl", '{"item_id": "a", "features": {"x": [1, "a"]}}', "feature 'x' must be"),
        ("a.csv", "id,price\na,1\n", "line 1: the header must have a column item_id"),
        ("a.csv", "item_id,x,x\na,1,2\n", "line 1: the header has a column twice"),
        ("a.csv", "item_id,price\na,1\nb\n", "line 3: has 1 cells, the header has 2"),
        ("a.csv", "item_id,available\na,maybe\n", "line 2: available must be true or false"),
        ("a.csv", 'item_id,x\na,"b\n', "line 2: unexpected end of data"),
        ("a.csv", "", "line 1: the header must have"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_its_call_is_sent(
    run, script, tmp_path, name, text, told
):
    done = run("items", "upsert", write(tmp_path, name, text))
    assert done.exit_code == 1
    assert f"{name}, " in done.stderr
    assert told in done.stderr
    assert not script.requests


def test_a_file_that_is_not_utf_8_is_refused(run, tmp_path):
    (tmp_path / "items.csv").write_bytes(b"item_id,name\na,\xff\n")
    done = run("items", "upsert", tmp_path / "items.csv")
    assert done.exit_code == 1
    assert "is not UTF-8" in done.stderr


def test_a_column_that_is_not_there_is_wrong_usage(run, tmp_path):
    path = write(tmp_path, "items.csv", "item_id,price\na,1\n")
    assert run("items", "upsert", path, "--text", "prise").exit_code == 2
    assert run("items", "upsert", tmp_path / "none.csv").exit_code == 2


def test_what_the_server_refuses_is_told_by_its_line(run, script, tmp_path):
    path = write(tmp_path, "items.csv", "item_id,zip\na,x\n\nb,8001\n")
    script.then(
        "UpsertItems",
        refusal(**{"items[1].features['zip']": "must be given as `text`", "…": "and more"}),
    )
    done = run("items", "upsert", path)
    assert done.exit_code == 1
    assert "items.csv, line 4, features['zip']: must be given as `text`" in done.stderr
    assert "and more" in done.stderr


def test_what_is_stored_before_a_failure_is_told(run, script, tmp_path, monkeypatch):
    monkeypatch.setattr(upserting, "RECORDS_PER_CALL", 2)
    lines = "".join(f'{{"user_id": "{number}"}}\n' for number in range(5))
    script.then(
        "UpsertUsers", catalog_pb2.UpsertUsersResponse(created_count=2), refusal(users="bad")
    )
    done = run("users", "upsert", write(tmp_path, "users.jsonl", lines))
    assert done.exit_code == 1
    assert "2 records are stored; the next call failed." in done.stderr


def test_a_long_file_says_how_far_it_is(run, tmp_path, monkeypatch):
    monkeypatch.setattr(upserting, "RECORDS_PER_LINE", 1000)
    lines = "".join(f'{{"item_id": "{number}"}}\n' for number in range(2500))
    done = run("items", "upsert", write(tmp_path, "items.jsonl", lines))
    assert done.stderr.splitlines() == ["1,000 records stored", "2,000 records stored"]
    assert done.stdout == "2,500 created, 0 updated.\n"


def test_a_terminal_gets_a_bar(on_a_terminal, tmp_path):
    lines = "".join(f'{{"item_id": "{number}"}}\n' for number in range(2500))
    done = on_a_terminal("items", "upsert", str(write(tmp_path, "items.jsonl", lines)))
    assert done.exit_code == 0, done.output
    assert "2,500 stored" in done.stderr
    assert "2,500 created" in done.stdout


def test_a_terminal_is_asked_before_a_deletion(on_a_terminal, run, server):
    run("items", "upsert", "-", stdin='{"item_id": "tea"}\n')
    on_a_terminal("items", "delete", "tea", typed="n\n")
    assert "tea" in server.catalogue.items
    on_a_terminal("items", "delete", "tea", typed="y\n")
    assert not server.catalogue.items


def test_an_erased_user_gets_a_receipt_that_says_what_to_do(run, server):
    run("users", "upsert", "-", stdin='{"user_id": "ann"}')
    done = run("users", "delete", "ann", "--yes")
    assert done.exit_code == 0, done.output
    assert not server.catalogue.users
    for part in ("5ca1ab1e" * 4, "1,234", "2026-01-31 12:00:00 UTC", "2, 10", "12"):
        assert part in done.stdout
    assert "`recserve train --mode full` makes a version without the user" in done.stdout


def test_nobody_learned_from_an_unknown_user(run):
    done = run("users", "delete", "nobody", "--yes")
    assert done.exit_code == 0, done.output
    assert "none" in done.stdout
    assert "recserve train" not in done.stdout


def test_a_receipt_is_json_for_a_program(run):
    run("users", "upsert", "-", stdin='{"user_id": "ann"}')
    assert json.loads(run("users", "delete", "ann", "--yes", "--json").stdout) == {
        "receipt_id": "5ca1ab1e" * 4,
        "deleted_event_count": 1234,
        "model_versions": [2, 10],
        "training_runs": [12],
        "retraining_mode": "full",
        "complete_time": "2026-01-31T12:00:00+00:00",
    }


def test_a_user_is_not_erased_by_accident(run, on_a_terminal, script):
    done = run("users", "delete", "ann")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert on_a_terminal("users", "delete", "ann", typed="n\n").exit_code != 0
    assert not script.requests
    assert on_a_terminal("users", "delete", "ann", typed="y\n").exit_code == 0
    assert len(script.requests["DeleteUser"]) == 1


def test_a_visitor_is_joined_to_a_user(run, script):
    done = run("users", "join", "session-7", "ann")
    assert (done.exit_code, done.stdout) == (0, "7 events of session-7 are ann's now\n")
    assert json.loads(run("users", "join", "session-7", "ann", "--json").stdout) == {
        "user_id": "ann",
        "joined_event_count": 7,
    }
    assert [each.visitor_id for each in script.requests["JoinUsers"]] == ["session-7"] * 2
