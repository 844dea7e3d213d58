from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.front_end.calls import CallLimit
from recserve.server.front_end.transports.choice import Choice
from recserve.server.front_end.transports.contract import AddServicers, Transport
from recserve.server.front_end.transports.making import make_transport
from recserve.server.testing import InMemoryServer
from recserve.v1 import schema_pb2
from server.front_end.wire import Wire

ITEMS = tuple("abcdefghij")


def feature(name: str, kind: str) -> schema_pb2.Feature:
    return schema_pb2.Feature(name=name, type=schema_pb2.FeatureType.Value(f"FEATURE_TYPE_{kind}"))


SHOP = schema_pb2.Schema(
    event_types=[schema_pb2.EventType(name="click"), schema_pb2.EventType(name="buy")],
    context_features=[
        feature("hour", "NUMERIC"),
        feature("device", "CATEGORICAL"),
        feature("tags", "MULTI_VALUED"),
        feature("local_time", "TIMESTAMP"),
        feature("search", "TEXT"),
        schema_pb2.Feature(name="photo", type=schema_pb2.FEATURE_TYPE_VECTOR, dimension=2),
    ],
    item_features=[
        feature("weight", "NUMERIC"),
        feature("kind", "CATEGORICAL"),
        feature("tags", "MULTI_VALUED"),
    ],
    user_features=[feature("age", "NUMERIC"), feature("city", "CATEGORICAL")],
    candidate_features=[feature("distance", "NUMERIC"), feature("price", "NUMERIC")],
)


@pytest.fixture(scope="module", params=["grpcio", "native"])
def transport_name(request: pytest.FixtureRequest) -> Any:
    """The name of a transport: what a caller sees is the same on each."""
    return request.param


def make_transport_named(name: Any, add_servicers: AddServicers) -> Transport:
    return make_transport(Choice(name, "a test asks for it"), add_servicers, CallLimit())


@pytest.fixture(scope="module")
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    """One server for all tests of a module: whatever they send, it lives on."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture(scope="module")
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()
