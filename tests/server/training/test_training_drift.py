"""How far events are from those that a version was trained on."""

import random

import pytest

from recserve.server.events import Event
from recserve.server.training.drift import drift
from recserve.v1 import model_pb2


def events(items: list[str], event_type: str = "click") -> list[Event]:
    return [
        Event(event_id=str(n), user_id="u", item_id=item, event_type=event_type, value=None, time=0)
        for n, item in enumerate(items)
    ]


def summary(**shares: float) -> model_pb2.DataSummary:
    rest = 1 - sum(shares.values())
    items = model_pb2.Distribution(
        name="item", count=10_000, values=list(shares), shares=[*shares.values(), rest]
    )
    types = model_pb2.Distribution(
        name="event_type", count=10_000, values=["click"], shares=[1.0, 0.0]
    )
    return model_pb2.DataSummary(distributions=[types, items])


def test_a_sample_of_the_same_is_not_far() -> None:
    chance = random.Random(3)  # noqa: S311  # no secret
    drawn = chance.choices(["a", "b", "x", "y"], [0.5, 0.3, 0.1, 0.1], k=2000)
    assert drift(summary(a=0.5, b=0.3), events(drawn)) == 0.0


def test_other_items_are_as_far_as_can_be() -> None:
    assert drift(summary(a=0.5, b=0.5), events(["x"] * 2000)) == pytest.approx(1.0, abs=0.01)


def test_another_type_of_event_is_far_too() -> None:
    same = ["a"] * 1000 + ["b"] * 1000
    assert drift(summary(a=0.5, b=0.5), events(same, "view")) == pytest.approx(1.0, abs=0.01)


def test_a_change_of_some_items_is_in_between() -> None:
    now = ["a"] * 500 + ["b"] * 1500
    far = drift(summary(a=0.5, b=0.5), events(now))
    assert far is not None
    assert 0.15 < far < 0.35


def test_without_a_summary_nothing_is_said() -> None:
    assert drift(model_pb2.DataSummary(), events(["a"])) is None


def test_without_events_nothing_is_far() -> None:
    assert drift(summary(a=1.0), []) == 0.0
