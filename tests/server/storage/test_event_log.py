"""One suite for every event log."""

from recserve.server.event_log import EventLog, ItemCounts
from recserve.server.schema import DeclaredSchema, schema_from_json

from .conftest import MakeEvent


def test_positions_number_the_events_in_the_order_of_commit(
    log: EventLog, event: MakeEvent
) -> None:
    first, second = log.append_groups([[event("a"), event("b")], [event("c")]])
    (third,) = log.append_groups([[event("d")]])

    assert [each.position for each in first.accepted] == [1, 2]
    assert [each.position for each in second.accepted] == [3]
    assert (first.log_position, second.log_position, third.log_position) == (2, 3, 4)
    assert log.last_position() == 4


def test_an_event_comes_back_as_it_was_stored(log: EventLog, event: MakeEvent) -> None:
    stored = event(
        "a",
        "ünïcode",
        "日本'; DROP TABLE events; --",
        value=0.1 + 0.2,
        time=1_700_000_000.123456,
        recommendation_id="r1",
        context={"hour": 3.0, "device": "phone", "tags": ("x", "y")},
    )
    bare = event("b", value=None)
    log.append_groups([[stored, bare]])

    assert [each.event for each in log.after(0, 10)] == [stored, bare]


def test_an_id_that_is_in_the_log_is_a_duplicate_and_keeps_its_position(
    log: EventLog, event: MakeEvent
) -> None:
    log.append_groups([[event("a"), event("b")], [event("c")]])
    (again,) = log.append_groups([[event("b", item_id="other"), event("d")]])
    (only_old,) = log.append_groups([[event("a")]])

    assert (again.accepted_count, again.duplicate_count, again.log_position) == (1, 1, 4)
    assert (only_old.accepted, only_old.duplicate_count, only_old.log_position) == ((), 1, 1)
    assert [each.event.item_id for each in log.after(0, 10)] == ["tea"] * 4


def test_an_id_that_is_twice_in_one_call_is_stored_once(log: EventLog, event: MakeEvent) -> None:
    first, second = log.append_groups([[event("a"), event("a")], [event("b"), event("a")]])

    assert (first.accepted_count, first.duplicate_count, first.log_position) == (1, 1, 1)
    assert (second.accepted_count, second.duplicate_count, second.log_position) == (1, 1, 2)
    assert log.last_position() == 2


def test_an_empty_group_is_answered_with_the_last_position(log: EventLog, event: MakeEvent) -> None:
    assert log.append_groups([]) == []
    log.append_groups([[event("a")]])
    (empty,) = log.append_groups([[]])

    assert (empty.accepted_count, empty.duplicate_count, empty.log_position) == (0, 0, 1)


def test_more_events_than_one_query_takes_are_told_apart(log: EventLog, event: MakeEvent) -> None:
    log.append_groups([[event(f"{n}") for n in range(0, 1_500, 3)]])
    (all_,) = log.append_groups([[event(f"{n}") for n in range(1_500)]])

    assert (all_.accepted_count, all_.duplicate_count) == (1_000, 500)
    assert [each.position for each in log.after(0, 9_999)] == list(range(1, 1_501))


def test_after_pages_through_the_log(log: EventLog, event: MakeEvent) -> None:
    log.append_groups([[event(f"{n}") for n in range(5)]])

    assert [each.position for each in log.after(0, 2)] == [1, 2]
    assert [each.position for each in log.after(2, 2)] == [3, 4]
    assert [each.position for each in log.after(4, 2)] == [5]
    assert log.after(5, 2) == []
    assert log.after(99, 2) == []


def test_a_history_is_the_newest_events_by_their_time_oldest_first(
    log: EventLog, event: MakeEvent
) -> None:
    times = {"a": 30.0, "b": 10.0, "c": 20.0, "d": 20.0, "e": 5.0}
    log.append_groups([[event(name, item_id=name, time=time) for name, time in times.items()]])
    log.append_groups([[event("x", "bob", "other")]])

    history = log.history("ann", 4)

    assert [each.event.event_id for each in history.events] == ["b", "c", "d", "a"]
    assert history.item_ids == set("abcde")
    assert history.position == 6
    assert log.history("ann", 0).events == ()
    assert log.history("ann", 0).item_ids == set("abcde")


def test_a_history_leaves_ignored_types_out_of_events_and_items(
    log: EventLog, event: MakeEvent
) -> None:
    log.append_groups(
        [[event("a", item_id="shown", event_type="impression"), event("b", item_id="clicked")]]
    )

    history = log.history("ann", 10, ignored_types={"impression"})

    assert [each.event.event_id for each in history.events] == ["b"]
    assert history.item_ids == {"clicked"}


def test_a_user_without_events_has_an_empty_history(log: EventLog) -> None:
    history = log.history("nobody", 10)

    assert (history.events, history.item_ids, history.position) == ((), frozenset(), 0)


def test_counts_are_weighted_sums_of_the_positive_events(
    log: EventLog, event: MakeEvent, schema: DeclaredSchema
) -> None:
    log.append_groups(
        [
            [
                event("1", item_id="tea", event_type="click"),
                event("2", item_id="tea", event_type="purchase"),
                event("3", item_id="cup", event_type="rating", value=4.0),
                event("4", item_id="cup", event_type="rating", value=3.9),
                event("5", item_id="cup", event_type="rating", value=None),
                event("6", item_id="jar", event_type="return"),
                event("7", item_id="jar", event_type="impression"),
                event("8", item_id="jar", event_type="undeclared"),
            ]
        ]
    )

    assert log.item_counts(schema) == ItemCounts({"tea": 6.0, "cup": 4.0}, 8)


def test_an_open_schema_counts_every_event_as_one(log: EventLog, event: MakeEvent) -> None:
    log.append_groups([[event("1"), event("2", event_type="anything", value=-1.0)]])

    assert log.item_counts(schema_from_json("{}")) == ItemCounts({"tea": 2.0}, 2)


def test_an_open_schema_that_declares_types_counts_those_as_it_says(
    log: EventLog, event: MakeEvent
) -> None:
    log.append_groups(
        [
            [
                event("1", event_type="buy"),
                event("2", event_type="rating", value=2.0),
                event("3", event_type="rating", value=4.0),
                event("4", event_type="hide"),
                event("5", event_type="anything"),
            ]
        ]
    )
    schema = schema_from_json(
        """{"event_types": [
            {"name": "buy", "weight": 3}, {"name": "rating", "positive_at_least": 3},
            {"name": "hide", "polarity": "POLARITY_NEGATIVE"}
        ], "accepts_other_event_types": true}"""
    )

    assert log.item_counts(schema) == ItemCounts({"tea": 3.0 + 1.0 + 1.0}, 5)


def test_a_schema_without_positive_types_counts_nothing(log: EventLog, event: MakeEvent) -> None:
    log.append_groups([[event("1")]])
    negative = '{"event_types": [{"name": "click", "polarity": "POLARITY_NEGATIVE"}]}'

    assert log.item_counts(schema_from_json(negative)) == ItemCounts({}, 1)


def test_meta_values_are_set_replaced_and_settled(log: EventLog) -> None:
    assert log.meta("key") is None
    log.set_meta("key", "one")
    log.set_meta("key", "two")

    assert log.meta("key") == "two"
    assert log.settle_meta("key", "three") == "two"
    assert log.settle_meta("new", "four") == "four"
    assert log.meta("new") == "four"


def test_the_data_version_stays_until_something_is_committed(
    log: EventLog, event: MakeEvent
) -> None:
    first = log.data_version()
    log.history("ann", 10)
    log.last_position()
    assert log.data_version() == first

    log.append_groups([[event("a")]])
    second = log.data_version()
    assert second != first
    assert log.data_version() == second
