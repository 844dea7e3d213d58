"""What operators rely on: health, metrics without ids, and errors that tell nothing away."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import REGISTRY

from recserve.server.front_end.current_schema import MAX_OPEN_LABELS
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.wire import Wire, event, refusal

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
RECOMMENDER = "recserve.v1.RecommenderService"


@pytest.fixture
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def calls(method: str, service: str = RECOMMENDER) -> dict[str, float]:
    """How many calls were started, handled by code, and timed."""
    labels = {"grpc_service": service, "grpc_method": method}
    codes = {
        code.name: metric("grpc_server_handled_total", grpc_code=code.name, **labels)
        for code in grpc.StatusCode
    }
    return {
        "started": metric("grpc_server_started_total", **labels),
        "timed": metric("grpc_server_handling_seconds_count", **labels),
        **codes,
    }


def since(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def health(wire: Wire, service: str) -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(wire.channel).Check(request, timeout=10).status


def test_a_server_with_a_warm_version_is_healthy_in_both_senses(wire: Wire) -> None:
    assert health(wire, "") == SERVING
    assert health(wire, "recserve.model") == SERVING


def test_an_empty_server_is_healthy_but_has_no_model(transport_name: Any) -> None:
    with InMemoryServer(transport=transport_name) as server:
        wire = Wire(server.address)
        assert health(wire, "") == SERVING
        assert health(wire, "recserve.model") == NOT_SERVING
        wire.close()


def test_a_watcher_of_the_health_hears_how_it_is_now_and_may_leave(wire: Wire) -> None:
    before = calls("Watch", "grpc.health.v1.Health")
    request = health_pb2.HealthCheckRequest(service="recserve.model")
    watch = health_pb2_grpc.HealthStub(wire.channel).Watch(request, timeout=10)
    assert next(watch).status == SERVING
    watch.cancel()
    assert health(wire, "") == SERVING
    started = since(before, calls("Watch", "grpc.health.v1.Health"))
    assert started["started"] == 1
    assert "INTERNAL" not in started


def test_the_health_of_an_unknown_service_is_not_found_and_no_failure_of_ours(wire: Wire) -> None:
    before = calls("Check", "grpc.health.v1.Health")
    with structlog.testing.capture_logs() as logs:
        assert refusal(health, wire, "nobody").code == "NOT_FOUND"
    assert [line for line in logs if line["log_level"] != "debug"] == []
    after = calls("Check", "grpc.health.v1.Health")
    assert since(before, after) == {"started": 1, "timed": 1, "NOT_FOUND": 1}


def test_an_unexpected_exception_is_internal_and_only_the_log_tells_more(
    shop: InMemoryServer, wire: Wire
) -> None:
    wire.feedback(event())
    shop.engine.failure = RuntimeError("the secret of ann")
    before = calls("Recommend")
    with structlog.testing.capture_logs() as logs:
        answer = refusal(wire.recommend)
    assert (answer.code, answer.reason, answer.domain) == ("INTERNAL", "INTERNAL", "recserve")
    assert "secret" not in repr(answer)
    assert [line["exc_info"] for line in logs] == [shop.engine.failure]
    assert since(before, calls("Recommend")) == {"started": 1, "timed": 1, "INTERNAL": 1}
    shop.engine.failure = None
    assert len(wire.recommend(num_results=3).results) == 3


def test_calls_are_counted_by_method_and_code(wire: Wire) -> None:
    before = calls("Recommend")
    wire.recommend()
    refusal(wire.recommend, num_results=0)
    refusal(wire.recommend, model="other")
    refusal(wire.send, "RecommenderService/Recommend", b"\xff")
    expected = {"started": 4, "timed": 4, "OK": 1, "INVALID_ARGUMENT": 2, "NOT_FOUND": 1}
    assert since(before, calls("Recommend")) == expected


def test_unknown_methods_make_no_series(wire: Wire) -> None:
    assert refusal(wire.send, "RecommenderService/Nonsense", b"").code == "UNIMPLEMENTED"
    names = {sample.labels.get("grpc_method") for sample in samples()}
    assert "Nonsense" not in names


def test_fallbacks_and_overload_are_counted(wire: Wire) -> None:
    before = metric("recserve_fallback_total", reason="unknown_user")
    wire.recommend("a-stranger")
    assert metric("recserve_fallback_total", reason="unknown_user") == before + 1


def test_events_are_counted_once_by_type_and_by_the_version_that_led_to_them(wire: Wire) -> None:
    def counts() -> tuple[float, float]:
        labels = {"model_version": "1", "event_type": "buy"}
        return (
            metric("recserve_events_total", event_type="buy"),
            metric("recserve_online_events_total", **labels),
        )

    before = counts()
    answer_id = wire.recommend().recommendation_id
    wire.feedback(
        event(event_id="1", event_type="buy", recommendation_id=answer_id),
        event(event_id="1", event_type="buy", recommendation_id=answer_id),
        event(event_id="2", event_type="buy"),
    )
    wire.feedback(event(event_id="1", event_type="buy", recommendation_id=answer_id))
    stored, online = counts()
    assert (stored - before[0], online - before[1]) == (2, 1)


def test_events_whose_caller_left_while_they_were_stored_are_counted(
    wire: Wire, shop: InMemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, begun, may_end = shop.log.append_groups, threading.Event(), threading.Event()

    def append_slowly(groups: Any) -> Any:
        begun.set()
        assert may_end.wait(20)
        return append(groups)

    monkeypatch.setattr(shop.log, "append_groups", append_slowly)
    before = metric("recserve_events_total", event_type="buy")
    request = recommender_pb2.FeedbackRequest(events=[event(event_type="buy")])
    call = wire.recommender.Feedback.future(request)
    assert begun.wait(20)
    cancelled = calls("Feedback")["CANCELLED"]
    call.cancel()
    while calls("Feedback")["CANCELLED"] == cancelled:  # the server has heard of it
        wire.recommend()
    may_end.set()
    wire.feedback(event())
    assert metric("recserve_events_total", event_type="buy") == before + 1


def samples() -> list[object]:
    return [sample for family in REGISTRY.collect() for sample in family.samples]


def test_no_label_holds_an_id_of_a_user_an_item_an_event_or_an_answer(transport_name: Any) -> None:
    mark = uuid.uuid4().hex
    with InMemoryServer(item_ids=[f"item-{mark}"], transport=transport_name) as server:
        wire = Wire(server.address)
        answer = wire.recommend(f"user-{mark}")
        wire.feedback(
            event(
                f"item-{mark}",
                f"user-{mark}",
                event_id=mark,
                recommendation_id=answer.recommendation_id,
            )
        )
        wire.recommend(f"user-{mark}", scenario=mark)
        for fields in ({"model": mark}, {"exclude_item_ids": [mark + "\0"]}):
            refusal(wire.recommend, **fields)
        wire.close()
    labels = {value for sample in samples() for value in sample.labels.values()}
    assert not [value for value in labels if mark in value or answer.recommendation_id in value]


def test_an_open_schema_cannot_make_endless_series(transport_name: Any) -> None:
    def types() -> set[str]:
        names = ("recserve_events_total", "recserve_online_events_total")
        return {s.labels["event_type"] for s in samples() if s.name in names}

    before, others = types(), metric("recserve_events_total", event_type="other")
    with InMemoryServer(item_ids=["a"], transport=transport_name) as server:
        wire = Wire(server.address)
        types_sent = [f"{transport_name}_{n}" for n in range(3 * MAX_OPEN_LABELS)]
        wire.feedback(*[event(event_type=name) for name in types_sent])
        wire.close()
    assert len(types() - before - {"other"}) == MAX_OPEN_LABELS
    assert metric("recserve_events_total", event_type="other") == others + 2 * MAX_OPEN_LABELS
