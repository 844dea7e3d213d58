"""After the command has erased a user, nothing of the user is left, down to the bytes."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from integration.server_process import eventually, run, serving
from recserve.client import Client, Event, Fallback, NotFound, User

pytestmark = pytest.mark.integration

GONE = "someone-who-wants-to-be-forgotten"
USER_COUNT = 30
ROUNDS = 120
"""So many that the user is in the file itself, not in the write-ahead log alone."""
AGE = '[[user_features]]\nname = "age"\ntype = "FEATURE_TYPE_NUMERIC"\n'


def test_nothing_of_an_erased_user_is_left(
    handmade_store: Path, database_url: str, tmp_path: Path
) -> None:
    assert handmade_store.is_dir()
    (tmp_path / "schema.toml").write_text(AGE)
    options = ("--events", database_url, "--schema", "schema.toml")
    with serving(tmp_path, *options) as server:
        server.wait_until_warm()
        with Client(server.address) as client:
            behave(client)
            before = set(places(database_url, tmp_path))
            assert before >= {"events", "users", "answers"} or "events.db" in before

            words = ["--server", server.address, "users", "delete", GONE, "--yes", "--json"]
            receipt = json.loads(run("recserve", *words, cwd=tmp_path))
            assert receipt["deleted_event_count"] == ROUNDS + 1
            assert list(places(database_url, tmp_path)) == []

            answer, stranger = client.recommend(GONE), client.recommend("a stranger")
            assert answer.fallback is stranger.fallback is Fallback.UNKNOWN_USER
            assert answer.item_ids == stranger.item_ids
            with pytest.raises(NotFound):
                client.user(GONE)
            again = client.delete_user(GONE)  # that answer, too
            assert (again.receipt_id, again.deleted_event_count) == (receipt["receipt_id"], 0)
            assert client.recommend("user-1").fallback is None
    assert list(places(database_url, tmp_path)) == []
    with serving(tmp_path, *options) as server, Client(server.address) as client:
        server.wait_until_warm()
        assert client.recommend("somebody else").item_ids == stranger.item_ids
        assert client.recommend("user-1").fallback is None


def behave(client: Client) -> None:
    """What many users do at the same time, one of whom is to be erased."""
    users = [GONE, *(f"user-{number}" for number in range(USER_COUNT))]
    client.upsert_users(User(each, {"age": 30.0}) for each in users)
    for number in range(ROUNDS):
        client.feedback_many(
            Event(user_id, f"i{(number * 7 + place) % 100}", "click")
            for place, user_id in enumerate(users)
        )
    for user_id in users:
        answer = client.recommend(user_id)
        client.feedback(user_id, answer[0].item_id, "click", recommendation=answer, value=1.0)
        client.recommend(user_id, exploration=0.5)
    eventually(lambda: answers(client) == 2 * len(users), "every answer is in the answer log")


def answers(client: Client) -> int:
    return sum(each.answer_count for each in client.compare_versions().versions)


def places(database_url: str, folder: Path) -> Iterator[str]:
    """Where the user is found: names of tables, and files below the server's folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and GONE.encode() in path.read_bytes():
            yield path.name
    if database_url.startswith("postgresql"):
        yield from tables(database_url)


def tables(database_url: str) -> Iterator[str]:
    """The tables of PostgreSQL in a row of which the user is."""
    address, _, _ = database_url.partition("?")
    (schema,) = parse_qs(urlsplit(database_url).query)["schema"]
    named = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    with psycopg.connect(address) as connection:
        for (name,) in connection.execute(named, [schema]).fetchall():
            query = sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text LIKE %s")
            table = sql.Identifier(schema, name)
            found = connection.execute(query.format(table), [f"%{GONE}%"]).fetchone()
            if found is not None and found[0]:
                yield name
