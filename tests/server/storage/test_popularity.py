"""How popular each item is."""

import asyncio
import random
import threading
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from recserve.server.event_log import InMemoryEventLog, ItemCounts
from recserve.server.events import Event, LoggedEvent
from recserve.server.profiles import Popularity
from recserve.server.schema import DeclaredSchema, schema_from_json

from .conftest import MakeEvent

OPEN = schema_from_json("{}")


def clicks(*item_ids: str, start: int = 1) -> list[LoggedEvent]:
    return [
        LoggedEvent(position, Event(f"{position}", "ann", item_id, "click", None, 0.0))
        for position, item_id in enumerate(item_ids, start)
    ]


def test_the_best_come_first_as_shares_of_the_best_and_ties_by_id() -> None:
    popularity = Popularity(OPEN, ItemCounts({"b": 4.0, "a": 2.0, "c": 2.0}, 8))

    assert popularity.top(10) == [("b", 1.0), ("a", 0.5), ("c", 0.5)]
    assert popularity.top(2) == [("b", 1.0), ("a", 0.5)]
    assert popularity.top(0) == []


def test_excluded_items_are_left_out_and_others_take_their_place() -> None:
    popularity = Popularity(OPEN, ItemCounts({"a": 4.0, "b": 2.0, "c": 1.0}, 7))

    assert popularity.top(2, excluded=[{"a"}, frozenset({"b"})]) == [("c", 1 / 4)]


def test_only_allowed_items_are_ranked_those_nobody_wanted_included() -> None:
    popularity = Popularity(OPEN, ItemCounts({"a": 4.0, "b": 2.0}, 6))

    ranked = popularity.top(5, allowed=["new", "b", "b", "old"])

    assert ranked == [("b", 0.5), ("new", 0.0), ("old", 0.0)]
    assert popularity.top(5, allowed=[]) == []


def test_items_of_the_catalogue_are_ranked_behind_although_nobody_wanted_them() -> None:
    popularity = Popularity(OPEN, ItemCounts({"b": 1.0}, 1), ["a", "b"])
    popularity.add_items(["0", "b"])

    assert popularity.top(9) == [("b", 1.0), ("0", 0.0), ("a", 0.0)]
    assert len(popularity) == 3
    assert "0" in popularity
    assert popularity.weight("b") == 1.0


def test_nothing_is_known_at_first() -> None:
    assert Popularity(OPEN, ItemCounts({}, 0)).top(10) == []
    assert Popularity(OPEN, ItemCounts({}, 0), ["a"]).top(10) == [("a", 0.0)]


def test_events_count_by_the_schema(schema: DeclaredSchema, event: MakeEvent) -> None:
    popularity = Popularity(schema, ItemCounts({}, 0))
    types = ["click", "purchase", "return", "impression", "undeclared"]
    events = [event(name, item_id=name, event_type=name) for name in types]
    popularity.apply([LoggedEvent(n, each) for n, each in enumerate(events, 1)])

    assert popularity.top(9) == [("purchase", 1.0), ("click", 0.2)]


def test_events_that_the_counts_saw_already_are_passed_over() -> None:
    popularity = Popularity(OPEN, ItemCounts({"a": 2.0}, 2))

    popularity.apply(clicks("a", "a", "b"))

    assert (popularity.weight("a"), popularity.weight("b")) == (2.0, 1.0)


@given(
    st.lists(st.lists(st.integers(0, 300), max_size=12), max_size=12),
    st.sampled_from([0.0, 0.03, 1.0]),
)
def test_the_mended_order_is_the_sorted_order(batches: list[list[int]], share: float) -> None:
    with mock.patch("recserve.server.profiles.popularity.MERGE_SHARE", share):
        _compare_orders(batches)


def _compare_orders(batches: list[list[int]]) -> None:
    counts = ItemCounts({f"{n:03}": float(n % 7) for n in range(250)}, 0)
    popularity = Popularity(OPEN, counts)
    expected = dict(counts.weights)
    position = 0
    for batch in batches:
        events = clicks(*(f"{n:03}" for n in batch), start=position + 1)
        position += len(batch)
        popularity.apply(events)
        for each in events:
            item_id = each.event.item_id
            expected[item_id] = expected.get(item_id, 0.0) + 1
        best = sorted(expected, key=lambda item_id: (-expected[item_id], item_id))
        assert [item_id for item_id, _ in popularity.top(1_000)] == best


async def test_a_recount_misses_no_event_that_arrives_meanwhile(
    schema: DeclaredSchema, event: MakeEvent
) -> None:
    counted, go_on = threading.Event(), threading.Event()

    class SlowLog(InMemoryEventLog):
        def item_counts(self, schema: DeclaredSchema) -> ItemCounts:
            counts = super().item_counts(schema)
            counted.set()
            assert go_on.wait(30)
            return counts

    log = SlowLog()
    popularity = Popularity(OPEN, ItemCounts({}, 0), ["never"])
    popularity.apply(log.append_groups([[event("1", event_type="purchase")]])[0].accepted)
    recount = asyncio.ensure_future(popularity.recount(schema, log))
    await asyncio.to_thread(counted.wait, 30)
    popularity.apply(log.append_groups([[event("2", event_type="click")]])[0].accepted)
    assert popularity.weight("tea") == 2.0  # by the old schema until it is done
    go_on.set()
    await recount
    popularity.apply(log.append_groups([[event("3", event_type="return")]])[0].accepted)

    assert popularity.weight("tea") == 6.0
    assert "never" in popularity


async def test_a_recount_that_is_overtaken_changes_nothing(
    schema: DeclaredSchema, event: MakeEvent
) -> None:
    gates = {OPEN.digest: threading.Event(), schema.digest: threading.Event()}

    class SlowLog(InMemoryEventLog):
        def item_counts(self, schema: DeclaredSchema) -> ItemCounts:
            assert gates[schema.digest].wait(30)
            return super().item_counts(schema)

    log = SlowLog()
    log.append_groups([[event("1", event_type="purchase")]])
    popularity = Popularity(OPEN, ItemCounts({}, 0))
    old = asyncio.ensure_future(popularity.recount(OPEN, log))
    await asyncio.sleep(0)
    new = asyncio.ensure_future(popularity.recount(schema, log))
    await asyncio.sleep(0)
    gates[schema.digest].set()
    await new
    gates[OPEN.digest].set()
    await old

    assert popularity.weight("tea") == 5.0


def test_a_large_catalogue_is_ranked() -> None:
    chance = random.Random(1)  # noqa: S311 - nothing secret
    counts = {f"item-{n}": float(chance.randrange(1_000)) for n in range(100_000)}
    popularity = Popularity(OPEN, ItemCounts(counts, 0))
    popularity.apply(clicks(*(f"item-{n}" for n in range(500))))
    for n in range(500):
        counts[f"item-{n}"] += 1

    best = sorted(counts, key=lambda item_id: (-counts[item_id], item_id))[:100]
    assert [item_id for item_id, _ in popularity.top(100)] == best
