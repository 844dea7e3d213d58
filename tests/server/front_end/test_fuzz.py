"""No field values and no bytes make a call end in INTERNAL, or the server end at all.

RECSERVE_VERIFY=1 tries many more of them.
"""

import os
import struct
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recserve.v1 import catalog_pb2, experiment_pb2, model_pb2, recommender_pb2, schema_pb2
from server.front_end.conftest import ITEMS
from server.front_end.wire import UNARY_METHODS, Refusal, Wire

pb = recommender_pb2
MANY = os.environ.get("RECSERVE_VERIFY") == "1"
fuzz = settings(
    max_examples=3_000 if MANY else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

IDS = st.sampled_from([*ITEMS, "", "x", "\0", "ü" * 129]) | st.text(max_size=300)
INT32 = st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 20)
INT64 = st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 20)
DOUBLES = st.floats() | st.sampled_from([0.0, 0.5, 1.0])
TEXTS = st.text(max_size=70)
VALUES = (
    st.builds(schema_pb2.FeatureValue, number=st.none() | st.floats())
    | st.builds(schema_pb2.FeatureValue, text=TEXTS)
    | st.builds(
        schema_pb2.FeatureValue,
        strings=st.builds(schema_pb2.StringList, values=st.lists(TEXTS, max_size=4)),
    )
)
CONTEXT = st.dictionaries(st.sampled_from(["hour", "device", "tags"]) | TEXTS, VALUES, max_size=4)
FLOATS = st.lists(st.floats(width=32), max_size=8).map(lambda v: struct.pack(f"<{len(v)}f", *v))
MAYBE: Any = st.none()

RECOMMEND = st.fixed_dictionaries(
    {"user_id": IDS},
    optional={
        "num_results": INT32,
        "candidate_item_ids": st.lists(IDS, max_size=5),
        "candidate_features": FLOATS | st.binary(max_size=16),
        "exclude_item_ids": st.lists(IDS, max_size=5),
        "include_seen": st.booleans(),
        "filter": TEXTS,
        "context": CONTEXT,
        "recent_item_ids": st.lists(IDS, max_size=5),
        "diversity": st.floats(width=32),
        "exploration": st.floats(width=32),
        "scenario": TEXTS,
        # A position that the log has: any other is waited for.
        "min_log_position": st.sampled_from([-(2**63), -1, 0]),
        "validate_only": st.booleans(),
        "model": st.sampled_from(["", "default"]) | TEXTS,
    },
)
VERSION = st.sampled_from([{}, {"model_label": "stable"}, {"model_version": 1}]) | st.one_of(
    st.builds(lambda label: {"model_label": label}, TEXTS),
    st.builds(lambda number: {"model_version": number}, INT64),
)
EVENT = st.fixed_dictionaries(
    {
        "user_id": IDS,
        "item_id": IDS,
        "event_type": st.sampled_from(["click", "buy"]) | TEXTS,
    },
    optional={
        "event_id": TEXTS,
        "value": DOUBLES,
        "event_time": st.fixed_dictionaries({"seconds": INT64, "nanos": INT32}),
        "recommendation_id": TEXTS,
        "context": CONTEXT,
    },
)
FEEDBACK = st.fixed_dictionaries(
    {"events": st.lists(EVENT, max_size=4)}, optional={"validate_only": st.booleans()}
)


def answered_or_refused(call: Any, *arguments: Any, **fields: Any) -> Any:
    """Make a call; a refusal must be a clean one."""
    try:
        return call(*arguments, timeout=30, **fields)
    except grpc.RpcError as error:
        Refusal.of(error).check()
        return None


@fuzz
@given(RECOMMEND, VERSION)
def test_recommend_answers_or_refuses_any_values(
    wire: Wire, fields: dict[str, Any], version: dict[str, Any]
) -> None:
    request = pb.RecommendRequest(**fields, **version)
    answer = answered_or_refused(wire.recommender.Recommend, request)
    if answer is not None and not request.validate_only:
        wanted = request.num_results if request.HasField("num_results") else 10
        got = [result.item_id for result in answer.results]
        assert len(got) == wanted or answer.shortfall
        assert not set(got) & set(request.exclude_item_ids)


@fuzz
@given(
    st.fixed_dictionaries(
        {"item_id": st.sampled_from("abx") | IDS},
        optional={
            "num_results": INT32,
            "exclude_item_ids": st.lists(IDS, max_size=5),
            "user_id": IDS,
            "filter": TEXTS,
        },
    ),
    VERSION,
)
def test_similar_items_are_found_or_refused_for_any_values(
    wire: Wire, fields: dict[str, Any], version: dict[str, Any]
) -> None:
    request = pb.SimilarItemsRequest(**fields, **version)
    answer = answered_or_refused(wire.recommender.SimilarItems, request)
    if answer is not None:
        got = [result.item_id for result in answer.results]
        assert not set(got) & {request.item_id, *request.exclude_item_ids}


@fuzz
@given(FEEDBACK)
def test_feedback_answers_or_refuses_any_values(wire: Wire, fields: dict[str, Any]) -> None:
    request = pb.FeedbackRequest(**fields)
    answer = answered_or_refused(wire.recommender.Feedback, request)
    if answer is not None and not request.validate_only:
        assert answer.accepted_count + answer.duplicate_count == len(request.events)


@fuzz
@given(
    st.lists(
        st.builds(
            catalog_pb2.Item,
            item_id=IDS,
            features=st.dictionaries(st.sampled_from(["weight", "kind", "tags"]), VALUES),
            available=st.none() | st.just(True),
        ),
        max_size=4,
    )
)
def test_items_are_put_and_read_back_or_refused_for_any_values(
    wire: Wire, items: list[catalog_pb2.Item]
) -> None:
    request = catalog_pb2.UpsertItemsRequest(items=items)
    answer = answered_or_refused(wire.catalogue.UpsertItems, request)
    for item in items if answer is not None else ():
        found = wire.catalogue.GetItem(catalog_pb2.GetItemRequest(item_id=item.item_id))
        assert found.HasField("update_time")
        found.ClearField("update_time")
        item.available = True
        assert found == item


@fuzz
@given(st.lists(IDS, max_size=4), IDS)
def test_any_users_are_put_and_any_items_deleted_or_refused(
    wire: Wire, ids: list[str], other: str
) -> None:
    users = catalog_pb2.UpsertUsersRequest(users=[catalog_pb2.User(user_id=each) for each in ids])
    answered_or_refused(wire.catalogue.UpsertUsers, users)
    answered_or_refused(wire.catalogue.GetUser, catalog_pb2.GetUserRequest(user_id=other))
    answered_or_refused(wire.catalogue.GetItem, catalog_pb2.GetItemRequest(item_id=other))
    unknown = [f"unknown {each}" for each in ids]
    answered_or_refused(
        wire.catalogue.DeleteItems, catalog_pb2.DeleteItemsRequest(item_ids=unknown)
    )


@fuzz
@given(IDS)
def test_any_user_is_erased_or_refused(wire: Wire, user_id: str) -> None:
    request = catalog_pb2.DeleteUserRequest(user_id=user_id)
    receipt = answered_or_refused(wire.catalogue.DeleteUser, request)
    if receipt is not None:
        assert receipt.receipt_id
        found = answered_or_refused(
            wire.catalogue.GetUser, catalog_pb2.GetUserRequest(user_id=user_id)
        )
        assert found is None


TIME = st.fixed_dictionaries({"seconds": INT64, "nanos": INT32})


@fuzz
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": st.sampled_from(["", "default"]) | TEXTS,
            "start_time": TIME,
            "end_time": TIME,
            "model_versions": st.lists(INT64, max_size=4),
            "baseline_version": INT64,
            "event_types": st.lists(st.sampled_from(["click", "buy"]) | TEXTS, max_size=4),
            "positions": INT32,
        },
    )
)
def test_versions_are_compared_or_the_request_refused_for_any_values(
    wire: Wire, fields: dict[str, Any]
) -> None:
    request = experiment_pb2.CompareVersionsRequest(**fields)
    answer = answered_or_refused(wire.experiments.CompareVersions, request)
    for standing in () if answer is None else answer.versions:
        assert not fields.get("model_versions") or standing.model_version in request.model_versions
        assert standing.HasField("success_rate") == (standing.answer_count > 0)


@fuzz
@given(st.builds(model_pb2.ListModelVersionsRequest, page_size=INT32, page_token=TEXTS))
def test_listing_answers_or_refuses_any_page(
    wire: Wire, request: model_pb2.ListModelVersionsRequest
) -> None:
    answered_or_refused(wire.models.ListModelVersions, request)


@fuzz
@given(TEXTS | st.from_regex(r"models/[a-z0-9._-]{1,5}/versions/\w{0,25}", fullmatch=True))
def test_getting_answers_or_refuses_any_name(wire: Wire, name: str) -> None:
    answered_or_refused(wire.models.GetModelVersion, model_pb2.GetModelVersionRequest(name=name))


GOOD = {
    "RecommenderService/Recommend": pb.RecommendRequest(
        user_id="ann",
        num_results=3,
        candidate_item_ids=["a", "b"],
        candidate_features=b"\0" * 16,
        context={"hour": schema_pb2.FeatureValue(number=1)},
        model_version=1,
    ),
    "RecommenderService/Feedback": pb.FeedbackRequest(
        events=[
            pb.Event(
                event_id="e",
                user_id="ann",
                item_id="a",
                event_type="click",
                value=1,
                event_time={"seconds": 9},
                context={"device": schema_pb2.FeatureValue(text="phone")},
            )
        ]
    ),
    "CatalogService/UpsertItems": catalog_pb2.UpsertItemsRequest(
        items=[
            catalog_pb2.Item(
                item_id="b",
                features={"weight": schema_pb2.FeatureValue(number=1)},
                available=True,
            )
        ]
    ),
    "CatalogService/DeleteItems": catalog_pb2.DeleteItemsRequest(item_ids=["x"]),
    "CatalogService/DeleteUser": catalog_pb2.DeleteUserRequest(user_id="ann"),
    "ExperimentService/CompareVersions": experiment_pb2.CompareVersionsRequest(
        model="default",
        start_time={"seconds": 9},
        end_time={"seconds": 10, "nanos": 5},
        model_versions=[0, 1],
        baseline_version=1,
        event_types=["click"],
        positions=2,
    ),
    "ModelService/GetModelVersion": model_pb2.GetModelVersionRequest(
        name="models/default/versions/1"
    ),
    "ModelService/ListModelVersions": model_pb2.ListModelVersionsRequest(
        model="default",
        page_size=1,
        page_token="MQ==",  # noqa: S106  # no password
    ),
}


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some changed, cut out, put in or doubled."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(changed)))
        match draw(st.sampled_from(["change", "cut", "put", "double"])):
            case "change":
                changed[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del changed[place : place + draw(st.integers(1, 8))]
            case "put":
                changed[place:place] = draw(st.binary(max_size=8))
            case "double":
                changed += changed[place:]
    return bytes(changed[:2_000])


@pytest.mark.parametrize("method", UNARY_METHODS)
@settings(fuzz, max_examples=1_000 if MANY else 15)
@given(data=st.data())
def test_any_bytes_are_answered_or_refused(wire: Wire, method: str, data: st.DataObject) -> None:
    good = GOOD.get(method, UNARY_METHODS[method]()).SerializeToString()
    sent = data.draw(mutated(good) | st.binary(max_size=60))
    answered_or_refused(wire.channel.unary_unary(f"/recserve.v1.{method}"), sent)
