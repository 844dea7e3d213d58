"""Several servers on one PostgreSQL database, and a database that goes away."""

from pathlib import Path

import pytest

from integration.cut_line import line_to
from integration.server_process import eventually, serving
from recserve.client import Client, RecserveError, Unavailable

pytestmark = pytest.mark.integration


def folder(tmp_path: Path, name: str) -> Path:
    made = tmp_path / name
    made.mkdir()
    return made


def test_what_one_server_acknowledged_the_other_reflects_at_once(
    postgresql_url: str, tmp_path: Path
) -> None:
    events = ("--events", postgresql_url)
    with (
        serving(folder(tmp_path, "a"), *events) as one,
        serving(folder(tmp_path, "b"), *events) as other,
        Client(one.address) as here,
        Client(other.address) as there,
    ):
        here.feedback("someone", "tea", "click")
        here.feedback("someone", "cup", "click")
        for number in range(20):
            receipt = here.feedback("ann", f"item-{number}", "click")
            answer = there.recommend("ann", num_results=50, min_log_position=receipt.log_position)
            assert answer.log_position == receipt.log_position == number + 3
            assert {each.item_id for each in answer} == {"tea", "cup"}
        seen_there = there.feedback("bob", "item-0", "click", event_id="the-same")
        seen_here = here.feedback("bob", "item-0", "click", event_id="the-same")
        assert (seen_there.accepted_count, seen_here.duplicate_count) == (1, 1)
        # Nobody asks for a position: it is the database that tells the other server.
        eventually(
            lambda: there.recommend("eve", num_results=50, min_log_position=0).log_position == 23,
            "the other server's events",
        )


def test_ids_of_answers_are_valid_on_every_server(postgresql_url: str, tmp_path: Path) -> None:
    events = ("--events", postgresql_url)
    with (
        serving(folder(tmp_path, "a"), *events) as one,
        serving(folder(tmp_path, "b"), *events) as other,
        Client(one.address) as here,
        Client(other.address) as there,
    ):
        here.feedback("someone", "tea", "click")
        answer = here.recommend("ann")
        receipt = there.feedback("ann", "tea", "click", recommendation=answer)
        assert receipt.accepted_count == 1


def test_who_is_erased_by_one_server_is_soon_unknown_to_the_other(
    postgresql_url: str, tmp_path: Path
) -> None:
    events = ("--events", postgresql_url)
    with (
        serving(folder(tmp_path, "a"), *events) as one,
        serving(folder(tmp_path, "b"), *events) as other,
        Client(one.address) as here,
        Client(other.address) as there,
    ):
        here.feedback("someone", "tea", "click")
        for _ in range(2):
            position = here.feedback("ann", "cup", "click").log_position
        answer = there.recommend("ann", min_log_position=position)
        assert [each.item_id for each in answer] == ["tea"]
        assert there.recommend("eve")[0].item_id == "cup"
        here.delete_user("ann")
        eventually(
            lambda: [each.item_id for each in there.recommend("ann")] == ["tea", "cup"],
            "the other server forgets the user, and what the user made popular",
        )


def test_a_database_that_is_away_stores_nothing_and_is_used_again_when_it_is_back(
    postgresql_url: str, tmp_path: Path
) -> None:
    with (
        line_to(postgresql_url) as (line, url),
        serving(tmp_path, "--events", url) as server,
        Client(server.address) as client,
    ):
        client.feedback("someone", "tea", "click")
        client.feedback("ann", "cup", "click")
        assert [each.item_id for each in client.recommend("ann")] == ["tea"]

        line.cut()
        with pytest.raises(Unavailable, match="database failed") as failed:
            client.feedback("ann", "tea", "click", event_id="away", timeout=0.5)
        assert "127.0.0.1" not in str(failed.value)
        assert [each.item_id for each in client.recommend("ann")] == ["tea"]  # in memory

        line.mend()
        receipt = eventually(lambda: sent(client), "the database")
        assert receipt.log_position == 3
        assert receipt.accepted_count + receipt.duplicate_count == 1
        assert list(client.recommend("ann")) == []
        assert len(server.said("listening")) == 1


def sent(client: Client) -> object:
    try:
        return client.feedback("ann", "tea", "click", event_id="away")
    except RecserveError:
        return None
