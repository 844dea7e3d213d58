"""`recserve bench` against the real front end: what it stores, and what it is told."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recserve.client.command import main
from recserve.server.testing import InMemoryServer
from recserve.v1 import schema_pb2

pytestmark = pytest.mark.integration
SCHEMA = schema_pb2.Schema(event_types=[schema_pb2.EventType(name="click")])
BRIEF = ("--in-flight", "4", "--duration", "0.5", "--warm-up", "0.1", "--json")
Bench = Callable[..., Result]


@pytest.fixture
def shop() -> Iterator[InMemoryServer]:
    with InMemoryServer(item_ids=["item-1", "item-2"], schema=SCHEMA) as server:
        yield server


@pytest.fixture
def bench(shop: InMemoryServer) -> Bench:
    return lambda *words: CliRunner().invoke(
        main, ["--server", shop.address, "bench", *words, *BRIEF]
    )


def only_step(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    (step,) = json.loads(done.stdout)["steps"]
    return step


def test_users_without_a_history_get_the_fallback_and_others_the_model(
    bench: Bench, shop: InMemoryServer
) -> None:
    step = only_step(bench("--users", "3"))
    assert step["fallbacks"] == {"unknown_user": step["outcomes"]["OK"]}
    assert shop.log.after(0, 10) == []
    only_step(bench("feedback", "--event-type", "click", "--items", "1", "--users", "3"))
    assert only_step(bench("--users", "3"))["fallbacks"] == {}


def test_the_events_of_every_call_are_in_the_log(bench: Bench, shop: InMemoryServer) -> None:
    step = only_step(bench("feedback", "--event-type", "click", "--items", "2", "--users", "5"))
    events = [logged.event for logged in shop.log.after(0, 1_000_000)]
    assert step["outcomes"] == {"OK": step["calls"]}
    assert len(events) > step["calls"]  # those of the warm-up are there too
    assert {event.item_id for event in events} == {"item-1", "item-2"}
    assert {event.event_type for event in events} == {"click"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["feedback", "--event-type", "stare", "--items", "2"], "event_type"),
        (["--label", "canary"], "canary"),
    ],
)
def test_what_the_server_refuses_is_told_and_nothing_is_stored(
    bench: Bench, shop: InMemoryServer, words: list[str], told: str
) -> None:
    done = bench(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert told in done.stderr
    assert shop.log.after(0, 10) == []
