"""Versions are compared by what users did with their answers."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from recserve.server.answer_log import LoggedAnswer
from recserve.server.events import Event
from recserve.server.testing import InMemoryServer
from recserve.v1 import experiment_pb2, schema_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.eventually import eventually
from server.front_end.wire import Wire, event, refusal

pb = experiment_pb2


@pytest.fixture
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    """A fresh server for each test: they count what it answered."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()


def answered(
    shop: InMemoryServer,
    name: str,
    version: int,
    item_ids: Sequence[str] = "abc",
    user_id: str = "",
    time: float = 1_000.0,
    propensities: Sequence[float] | None = None,
    compared_with: str = "",
) -> None:
    """An answer in the log, as if it had been given."""
    scores = [0.5] * len(item_ids)
    answer = LoggedAnswer(
        name, time, user_id or name, version, "", "", "", list(item_ids), scores,
        propensities, compared_with,
    )  # fmt: skip
    shop.answers.append([answer])


def followed(shop: InMemoryServer, name: str, *events: tuple[str, str]) -> None:
    """Events in the log that name an answer: item and type of each."""
    user_id = shop.answers.answers[name].user_id
    group = [
        Event(f"{name} {item_id}", user_id, item_id, kind, None, 2_000.0, name)
        for item_id, kind in events
    ]
    shop.log.append_groups([group])


def test_feedback_that_names_an_answer_counts_for_the_version_that_gave_it(
    wire: Wire, shop: InMemoryServer
) -> None:
    wire.feedback(event("j", "ann"), event("j", "bob"))
    answers = [wire.recommend(name, num_results=4) for name in ("ann", "ann", "bob", "eve")]
    first, _, third, _ = answers
    wire.feedback(
        event("a", "ann", recommendation_id=first.recommendation_id),
        event("a", "ann", recommendation_id=first.recommendation_id),
        event("d", "ann", recommendation_id=first.recommendation_id),
        event("j", "ann", recommendation_id=first.recommendation_id),  # not in the answer
        event("b", "bob", event_type="buy", recommendation_id=third.recommendation_id),
        event("c", "eve"),  # names no answer
    )
    eventually(lambda: len(shop.answers.answers) == 4, "the answers are written")
    found = wire.compare()
    assert found.baseline_version == 1
    (standing,) = found.versions
    assert (standing.model_version, standing.answer_count, standing.user_count) == (1, 4, 3)
    assert standing.success_count == 3
    assert standing.success_rate.value == 0.5
    assert standing.value.value == 0.5, "position 4 does not count"
    assert standing.success_rate.low < 0.5 < standing.success_rate.high
    assert not standing.HasField("difference")
    assert not standing.HasField("p_value")
    (deep,) = wire.compare(positions=4).versions
    assert deep.value.value == 0.75
    (bought,) = wire.compare(event_types=["buy"]).versions
    assert (bought.success_count, bought.success_rate.value) == (1, 0.25)


def test_a_fallback_counts_for_version_0(transport_name: Any) -> None:
    with InMemoryServer(schema=SHOP, transport=transport_name) as server:
        wire = Wire(server.address)
        wire.feedback(event("x", "ann"))
        answer = wire.recommend("eve")
        wire.feedback(event("x", "eve", recommendation_id=answer.recommendation_id))
        eventually(lambda: server.answers.answers, "the answer is written")
        found = wire.compare()
        assert found.baseline_version == 0
        (standing,) = found.versions
        assert (standing.model_version, standing.success_rate.value) == (0, 1.0)
        wire.close()


def test_without_answers_there_is_nothing_to_compare(wire: Wire) -> None:
    assert wire.compare() == pb.CompareVersionsResponse()


def test_a_canary_is_compared_with_the_stable_version(wire: Wire, shop: InMemoryServer) -> None:
    for number in range(40):
        answered(shop, f"stable-{number}", 1)
        answered(shop, f"canary-{number}", 2)
    for number in range(10):
        followed(shop, f"stable-{number}", ("a", "click"))
        followed(shop, f"canary-{number}", ("a", "click"), ("b", "click"))
    for number in range(10, 30):
        followed(shop, f"canary-{number}", ("c", "buy"))
    found = wire.compare()
    stable, canary = found.versions
    assert (found.baseline_version, stable.model_version, canary.model_version) == (1, 1, 2)
    assert (stable.success_rate.value, canary.success_rate.value) == (0.25, 0.75)
    assert (stable.value.value, canary.value.value) == (0.25, 1.0)
    assert canary.difference.value == 0.5
    assert 0.25 < canary.difference.low < 0.5 < canary.difference.high < 0.75
    assert 0 < canary.p_value < 1e-5
    other = wire.compare(baseline_version=2)
    assert [each.HasField("difference") for each in other.versions] == [True, False]
    assert other.versions[0].difference.value == -0.5
    shown = wire.compare(model_versions=[2]).versions
    assert [each.model_version for each in shown] == [2]
    assert shown[0].difference.value == 0.5, "the baseline counts, though it is not shown"


def test_only_the_answers_of_the_time_asked_for_count(wire: Wire, shop: InMemoryServer) -> None:
    for second in (10, 20, 30):
        answered(shop, f"at {second}", 1, time=float(second))
    (standing,) = wire.compare(start_time={"seconds": 20}, end_time={"seconds": 30}).versions
    assert standing.answer_count == 1
    (standing,) = wire.compare(start_time={"seconds": 20}).versions
    assert standing.answer_count == 2


def test_a_shadow_is_estimated_from_answers_that_were_explored(
    wire: Wire, shop: InMemoryServer
) -> None:
    for number in range(20):
        first, second = ("a", "b") if number % 2 else ("b", "a")
        answered(shop, f"shown-{number}", 1, (first, second), propensities=(0.5, 1.0))
    for number in range(1, 20, 2):
        followed(shop, f"shown-{number}", ("a", "click"))
    for shown in list(shop.answers.answers.values()):
        answered(
            shop, f"unseen {shown.recommendation_id}", 7, ("a", "b"),
            user_id=shown.user_id, compared_with=shown.recommendation_id,
        )  # fmt: skip
    stable, shadow = wire.compare(positions=1).versions
    assert (stable.value.value, list(stable.off_policy)) == (0.5, [])
    assert (shadow.model_version, shadow.answer_count) == (7, 0)
    assert not shadow.HasField("success_rate")
    methods = [pb.OFF_POLICY_METHOD_IPS, pb.OFF_POLICY_METHOD_SNIPS, pb.OFF_POLICY_METHOD_DR]
    assert [each.method for each in shadow.off_policy] == methods
    for each in shadow.off_policy:
        assert each.value.value == pytest.approx(1.0), "who was shown a first clicked it"
        assert each.answer_count == 20
        assert each.effective_answer_count == pytest.approx(10.0)


BAD = {
    "a negative version": ({"model_versions": [1, -1]}, ["model_versions"]),
    "too many versions": ({"model_versions": [1] * 101}, ["model_versions"]),
    "a negative baseline": ({"baseline_version": -1}, ["baseline_version"]),
    "an unknown event type": ({"event_types": ["click", "stare"]}, ["event_types[1]"]),
    "an empty event type": ({"event_types": [""]}, ["event_types[0]"]),
    "too many event types": ({"event_types": ["click"] * 101}, ["event_types"]),
    "a negative position": ({"positions": -1}, ["positions"]),
    "101 positions": ({"positions": 101}, ["positions"]),
    "a time before 1970": ({"start_time": {"seconds": -1}}, ["start_time"]),
    "an end before the start": (
        {"start_time": {"seconds": 9}, "end_time": {"seconds": 9}},
        ["end_time"],
    ),
    "all at once": (
        {
            "model_versions": [-1],
            "baseline_version": -1,
            "event_types": ["stare"],
            "positions": 101,
            "start_time": {"nanos": -1},
            "end_time": {"seconds": -9},
        },
        ["model_versions", "baseline_version", "event_types[0]", "positions", "start_time",
         "end_time"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_each_bad_field_has_a_violation(wire: Wire, case: str) -> None:
    fields, names = BAD[case]
    answer = refusal(wire.compare, **fields)
    answer.check()
    assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert sorted(answer.violations) == sorted(names)


def test_a_model_that_is_not_served_is_not_found(wire: Wire) -> None:
    answer = refusal(wire.compare, model="other")
    answer.check()
    assert (answer.code, answer.reason) == ("NOT_FOUND", "MODEL_NOT_FOUND")
    assert wire.compare(model="default") == pb.CompareVersionsResponse()


def test_what_the_schema_counts_as_negative_is_no_success(transport_name: Any) -> None:
    skip = schema_pb2.EventType(name="skip", polarity=schema_pb2.POLARITY_NEGATIVE)
    schema = schema_pb2.Schema(event_types=[schema_pb2.EventType(name="click"), skip])
    with InMemoryServer(item_ids=ITEMS, schema=schema, transport=transport_name) as server:
        wire = Wire(server.address)
        wire.feedback(event("j", "ann"))
        named = {"recommendation_id": wire.recommend("ann").recommendation_id}
        wire.feedback(event("a", "ann", event_type="skip", **named))
        eventually(lambda: server.answers.answers, "the answer is written")
        assert wire.compare().versions[0].success_count == 0
        assert wire.compare(event_types=["skip"]).versions[0].success_count == 1
        wire.close()
