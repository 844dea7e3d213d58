"""The server that programs' own tests run on, as its docstring shows it."""

import numpy as np
import pytest

from recserve.client import Client, Fallback, InvalidArgument, Item, Reason
from recserve.server.engine.contract import Float32Array, RankingRequest
from recserve.server.errors import InvalidSchema
from recserve.server.testing import InMemoryServer
from recserve.v1 import schema_pb2


def test_feedback_changes_the_next_recommendation() -> None:
    with InMemoryServer(item_ids=["a", "b", "c"]) as server, Client(server.address) as client:
        before = client.recommend("u1")
        assert [each.item_id for each in before] == ["a", "b", "c"]
        assert before.fallback == Fallback.UNKNOWN_USER

        client.feedback("u1", "a", "click", recommendation=before)

        after = client.recommend("u1")
        assert [each.item_id for each in after] == ["b", "c"]
        assert {each.reason for each in after} == {Reason.PERSONAL}


def test_a_scorer_of_ones_own_decides_the_order() -> None:
    def latest_first(_request: RankingRequest) -> Float32Array:
        return np.array([0.1, 0.2, 0.3], np.float32)

    server = InMemoryServer(item_ids=["a", "b", "c"], scorer=latest_first, uses_history=False)
    with server, Client(server.address) as client:
        assert [each.item_id for each in client.recommend("u1")] == ["c", "b", "a"]


def test_a_schema_of_ones_own_is_enforced() -> None:
    schema = schema_pb2.Schema(event_types=[schema_pb2.EventType(name="buy")])
    server = InMemoryServer(item_ids=["a"], schema=schema)
    with server, Client(server.address) as client:
        with pytest.raises(InvalidArgument):
            client.feedback("u1", "a", "click")
        assert client.feedback("u1", "a", "buy").accepted_count == 1
    assert server.log.last_position() == 1


def test_a_faulty_schema_is_refused_before_anything_starts() -> None:
    with pytest.raises(InvalidSchema):
        InMemoryServer(schema=schema_pb2.Schema(event_types=[schema_pb2.EventType(name="Buy!")]))


def test_several_servers_live_side_by_side() -> None:
    with (
        InMemoryServer(item_ids=["a"]) as one,
        InMemoryServer(item_ids=["b"]) as two,
        Client(one.address) as first,
        Client(two.address) as second,
    ):
        assert first.recommend("u")[0].item_id == "a"
        assert second.recommend("u")[0].item_id == "b"


def test_what_is_put_into_the_catalogue_changes_the_next_recommendation() -> None:
    with InMemoryServer(item_ids=["a", "b", "c"]) as server, Client(server.address) as client:
        client.upsert_items([Item("a", available=False), Item("d")])
        client.delete_items(["c"])
        assert [each.item_id for each in client.recommend("u1")] == ["b", "d"]
        assert server.catalogue.item_ids() == ["a", "b", "d"]
