"""Every bad request is refused in words for people and for programs, and does no harm."""

import math
from typing import Any

import grpc
import pytest

from recserve.server.testing import InMemoryServer
from recserve.v1 import model_pb2, recommender_pb2, schema_pb2
from server.front_end.conftest import ITEMS
from server.front_end.wire import SECONDS, UNARY_METHODS, Refusal, Wire, event, refusal

HUGE = "x" * 5_000_000
NAN, INF = math.nan, math.inf
Value = schema_pb2.FeatureValue


def strings(*values: str) -> Value:
    return Value(strings=schema_pb2.StringList(values=values))


def vector(*values: float) -> Value:
    return Value(vector=schema_pb2.FloatList(values=values))


@pytest.fixture(autouse=True)
def lives_on(wire: Wire) -> Any:
    """After each bad request, a good one is answered."""
    yield
    assert wire.recommend(num_results=1, include_seen=True).results[0].item_id == "a"


def refused(call: Any, *arguments: Any, **fields: Any) -> Refusal:
    answer = refusal(call, *arguments, **fields)
    answer.check()
    return answer


BAD_RECOMMENDATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no user": ({"user_id": ""}, "user_id"),
    "a user id that is too long": ({"user_id": "x" * 257}, "user_id"),
    "a user id that is too long in bytes": ({"user_id": "ü" * 129}, "user_id"),
    "a user id of 5 MB": ({"user_id": HUGE}, "user_id"),
    "NUL in the user id": ({"user_id": "a\0b"}, "user_id"),
    "no results": ({"num_results": 0}, "num_results"),
    "fewer than no results": ({"num_results": -1}, "num_results"),
    "a million results": ({"num_results": 1_000_000}, "num_results"),
    "too many candidates": (
        {"candidate_item_ids": [str(n) for n in range(10_001)]},
        "candidate_item_ids",
    ),
    "a candidate twice": ({"candidate_item_ids": ["a", "b", "a"]}, "candidate_item_ids"),
    "an empty candidate": ({"candidate_item_ids": ["a", ""]}, "candidate_item_ids[1]"),
    "too many exclusions": ({"exclude_item_ids": ["a"] * 10_001}, "exclude_item_ids"),
    "an exclusion of 5 MB": ({"exclude_item_ids": [HUGE]}, "exclude_item_ids[0]"),
    "too many recent items": ({"recent_item_ids": ["a"] * 1001}, "recent_item_ids"),
    "an empty recent item": ({"recent_item_ids": [""]}, "recent_item_ids[0]"),
    "a session with an empty item": (
        {"user_id": "", "recent_item_ids": [""]},
        "recent_item_ids[0]",
    ),
    "a filter that is too long": ({"filter": "x" * 2049}, "filter"),
    "a filter that is cut off": ({"filter": "weight >"}, "filter"),
    "a filter of an unknown feature": ({"filter": "price < 3"}, "filter"),
    "a filter of another type": ({"filter": 'weight < "heavy"'}, "filter"),
    "a filter that is too deep": ({"filter": "(" * 1000 + "weight < 3"}, "filter"),
    "a scenario that is too long": ({"scenario": "x" * 65}, "scenario"),
    "NUL in a filter": ({"filter": 'kind = "a\0"'}, "filter"),
    "diversity of what nobody knows": ({"diversity_basis": 99}, "diversity_basis"),
    "diversity below 0": ({"diversity": -0.1}, "diversity"),
    "diversity above 1": ({"diversity": 1.1}, "diversity"),
    "diversity NaN": ({"diversity": NAN}, "diversity"),
    "exploration infinite": ({"exploration": INF}, "exploration"),
    "exploration NaN": ({"exploration": NAN}, "exploration"),
    "a negative position": ({"min_log_position": -1}, "min_log_position"),
    "an unknown label": ({"model_label": "newest"}, "model_label"),
    "an empty label": ({"model_label": ""}, "model_label"),
    "version 0": ({"model_version": 0}, "model_version"),
    "a negative version": ({"model_version": -5}, "model_version"),
    "undeclared context": ({"context": {"weather": Value(number=1)}}, "context['weather']"),
    "context without a value": ({"context": {"hour": Value()}}, "context['hour']"),
    "context of another kind": ({"context": {"hour": Value(text="7")}}, "context['hour']"),
    "context NaN": ({"context": {"hour": Value(number=NAN)}}, "context['hour']"),
    "context infinite": ({"context": {"hour": Value(number=-INF)}}, "context['hour']"),
    "context of 5 MB": ({"context": {"device": Value(text=HUGE)}}, "context['device']"),
    "NUL in the context": ({"context": {"device": Value(text="\0")}}, "context['device']"),
    "too many strings": ({"context": {"tags": strings(*["t"] * 257)}}, "context['tags']"),
    "a string that is too long": ({"context": {"tags": strings("t" * 1025)}}, "context['tags']"),
    "a time as text": ({"context": {"local_time": Value(text="now")}}, "context['local_time']"),
    "a time in ms": ({"context": {"local_time": Value(number=1.7e12)}}, "context['local_time']"),
    "a time NaN": ({"context": {"local_time": Value(number=NAN)}}, "context['local_time']"),
    "a long text": ({"context": {"search": Value(text="t" * 8193)}}, "context['search']"),
    "a vector as strings": ({"context": {"photo": strings("1", "2")}}, "context['photo']"),
    "a short vector": ({"context": {"photo": vector(1)}}, "context['photo']"),
    "an empty vector": ({"context": {"photo": vector()}}, "context['photo']"),
    "a vector with NaN": ({"context": {"photo": vector(1, NAN)}}, "context['photo']"),
    "an infinite vector": ({"context": {"photo": vector(1, INF)}}, "context['photo']"),
    "a huge map": ({"context": {str(n): Value(number=n) for n in range(20_000)}}, "context"),
    "candidate features without candidates": (
        {"candidate_features": b"\0" * 8},
        "candidate_features",
    ),
    "candidate features cut short": (
        {"candidate_item_ids": ["a"], "candidate_features": b"\0" * 7},
        "candidate_features",
    ),
    "candidate features of another width": (
        {"candidate_item_ids": ["a"], "candidate_features": b"\0" * 4},
        "candidate_features",
    ),
    "candidate features with NaN": (
        {"candidate_item_ids": ["a"], "candidate_features": b"\0\0\xc0\x7f" * 2},
        "candidate_features",
    ),
    "candidate features with infinity": (
        {"candidate_item_ids": ["a"], "candidate_features": b"\0\0\x80\x7f" * 2},
        "candidate_features",
    ),
}


@pytest.mark.parametrize("what", BAD_RECOMMENDATIONS)
@pytest.mark.parametrize("validate_only", [False, True])
def test_a_bad_recommend_request_names_the_field(
    wire: Wire, what: str, validate_only: bool
) -> None:
    fields, field = BAD_RECOMMENDATIONS[what]
    answer = refused(wire.recommend, **fields, validate_only=validate_only)
    assert answer.code == "INVALID_ARGUMENT"
    assert field in answer.violations


def test_a_list_that_is_far_too_long_is_refused_for_its_length_alone(wire: Wire) -> None:
    answer = refusal(wire.recommend, candidate_item_ids=[""] * 100_000)
    assert answer.violations == {"candidate_item_ids": "at most 10000 ids are allowed"}


def test_all_bad_fields_are_named_at_once(wire: Wire) -> None:
    answer = refused(wire.recommend, user_id="", num_results=0, scenario="x" * 65)
    assert set(answer.violations) == {"user_id", "num_results", "scenario"}


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"model": "other"}, "NOT_FOUND", "MODEL_NOT_FOUND"),
        ({"model": HUGE}, "NOT_FOUND", "MODEL_NOT_FOUND"),
        ({"model_version": 7}, "NOT_FOUND", "VERSION_NOT_FOUND"),
        ({"model_version": 2**63 - 1}, "NOT_FOUND", "VERSION_NOT_FOUND"),
        ({"model_label": "canary"}, "NOT_FOUND", "LABEL_NOT_FOUND"),
    ],
)
def test_what_is_not_there_or_not_yet_there_is_told_apart(
    wire: Wire, fields: dict[str, Any], code: str, reason: str
) -> None:
    answer = refused(wire.recommend, **fields)
    assert (answer.code, answer.reason) == (code, reason)


BAD_EVENTS: dict[str, tuple[dict[str, Any], str]] = {
    "no user": ({"user_id": ""}, "user_id"),
    "a user of 5 MB": ({"user_id": HUGE}, "user_id"),
    "no item": ({"item_id": ""}, "item_id"),
    "NUL in the item": ({"item_id": "\0"}, "item_id"),
    "no type": ({"event_type": ""}, "event_type"),
    "an unknown type": ({"event_type": "stare"}, "event_type"),
    "a type of 5 MB": ({"event_type": HUGE}, "event_type"),
    "an id that is too long": ({"event_id": "x" * 129}, "event_id"),
    "NUL in the id": ({"event_id": "\0"}, "event_id"),
    "value NaN": ({"value": NAN}, "value"),
    "value infinite": ({"value": -INF}, "value"),
    "an invented answer": ({"recommendation_id": "A" * 44}, "recommendation_id"),
    "an answer of 5 MB": ({"recommendation_id": HUGE}, "recommendation_id"),
    "an answer with strange characters": ({"recommendation_id": "\0ü€"}, "recommendation_id"),
    "before 1970": ({"event_time": {"seconds": -1}}, "event_time"),
    "far ahead": ({"event_time": {"seconds": 1 << 40}}, "event_time"),
    "beyond all time": ({"event_time": {"seconds": 2**63 - 1}}, "event_time"),
    "negative nanoseconds": ({"event_time": {"seconds": 1, "nanos": -1}}, "event_time"),
    "too many nanoseconds": ({"event_time": {"nanos": 2**31 - 1}}, "event_time"),
    "undeclared context": ({"context": {"weather": Value(number=1)}}, "context['weather']"),
    "context NaN": ({"context": {"hour": Value(number=NAN)}}, "context['hour']"),
}


@pytest.mark.parametrize("what", BAD_EVENTS)
def test_one_bad_event_rejects_all_and_names_the_field(
    wire: Wire, shop: InMemoryServer, what: str
) -> None:
    fields, field = BAD_EVENTS[what]
    before = shop.log.last_position()
    answer = refused(wire.feedback, event(), event(**fields))
    assert answer.code == "INVALID_ARGUMENT"
    assert list(answer.violations) == [f"events[1].{field}"]
    assert shop.log.last_position() == before


@pytest.mark.parametrize("count", [0, 1001])
def test_a_call_carries_1_to_1000_events(wire: Wire, count: int) -> None:
    answer = refused(wire.feedback, *[event()] * count)
    assert list(answer.violations) == ["events"]


@pytest.mark.parametrize("text", ["x", "ü€\N{GRINNING FACE}"], ids=["ascii", "other"])
def test_a_thousand_bad_events_fit_into_what_a_stock_client_reads(wire: Wire, text: str) -> None:
    value = Value(number=NAN)
    bad = event(
        item_id="",
        user_id=text * 300,
        event_type=text * 300,
        value=NAN,
        recommendation_id=text,
        context={(text * 100)[: 60 + n]: value for n in range(20)},
    )
    answer = refused(wire.feedback, *[bad] * 1000)
    assert answer.code == "INVALID_ARGUMENT"
    assert "more violations" in answer.violations["…"]
    assert len(answer.violations) > 5


@pytest.mark.parametrize("method", UNARY_METHODS)
def test_bytes_that_are_no_message_are_refused(wire: Wire, method: str) -> None:
    for data in (b"\xff" * 10, b"\x0a\x7f", b"\x08"):
        answer = refused(wire.send, method, data)
        assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", "MALFORMED")


@pytest.mark.parametrize(
    "data", [b"\x0a\x02\xff\xfe", b"\x0a\x03\xed\xa0\x80"], ids=["bytes", "surrogate"]
)
def test_text_that_is_not_utf_8_is_refused(wire: Wire, data: bytes) -> None:
    answer = refused(wire.send, "RecommenderService/Recommend", data)
    assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", "MALFORMED")


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_above_the_limit_is_refused_by_the_transport(
    wire: Wire, compression: grpc.Compression
) -> None:
    call = wire.channel.unary_unary("/recserve.v1.RecommenderService/Recommend")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\0" * (17 << 20), timeout=SECONDS, compression=compression)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


BAD_NAMES = ["", "1", "models/default", "models/default/versions/", "models/default/versions/01"]


@pytest.mark.parametrize("name", [*BAD_NAMES, "models/../versions/1", HUGE, "\0"])
def test_a_malformed_resource_name_is_refused(wire: Wire, name: str) -> None:
    request = model_pb2.GetModelVersionRequest(name=name)
    assert list(refused(wire.models.GetModelVersion, request).violations) == ["name"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"page_token": "nonsense"}, "page_token"),
        ({"page_token": "ü"}, "page_token"),
        ({"page_token": HUGE}, "page_token"),
    ],
)
def test_a_bad_page_is_refused(wire: Wire, fields: dict[str, Any], field: str) -> None:
    request = model_pb2.ListModelVersionsRequest(**fields)
    assert list(refused(wire.models.ListModelVersions, request).violations) == [field]


def test_the_limits_themselves_are_allowed(wire: Wire) -> None:
    answer = wire.recommend(
        user_id="ü" * 128,
        num_results=1000,
        candidate_item_ids=[*ITEMS, *(f"unknown-{n}" for n in range(9_990))],
        exclude_item_ids=[str(n) for n in range(10_000)],
        recent_item_ids=["k"] * 1000,
        scenario="x" * 64,
        model_label="stable",
        model="default",
        context={
            "hour": Value(number=-1e300),
            "device": Value(text="d" * 1024),
            "tags": strings(*["t" * 1024] * 256),
        },
    )
    assert len(answer.results) == len(ITEMS)
    assert len(answer.missing_item_ids) == 9_990
    assert answer.shortfall == recommender_pb2.SHORTFALL_CANDIDATES
