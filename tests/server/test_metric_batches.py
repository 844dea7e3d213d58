"""What is told to a metric in one go is what would be told one by one."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from recserve.server.metric_batches import TurnCounter, TurnHistogram, observe_all

BOUNDS = (0.5, 1.0, 2.0)
VALUES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 1000.0]), max_size=20)


def histogram() -> Histogram:
    return Histogram("seconds", "Seconds.", buckets=BOUNDS, registry=CollectorRegistry())


def samples(metric: Counter | Histogram) -> dict[tuple[str, str], float]:
    return {
        (each.name, each.labels.get("le", "")): each.value
        for family in metric.collect()
        for each in family.samples
        if not each.name.endswith("_created")
    }


@given(VALUES)
def test_values_are_observed_as_if_they_came_one_by_one(values: list[float]) -> None:
    together, alone = histogram(), histogram()
    observe_all(together, values)
    for value in values:
        alone.observe(value)
    assert samples(together) == samples(alone)


def test_what_is_counted_in_a_turn_is_told_at_its_end() -> None:
    metric, seconds = Counter("calls", "Calls.", registry=CollectorRegistry()), histogram()
    counter, observer = TurnCounter(metric), TurnHistogram(seconds)

    async def count() -> None:
        for _ in range(2):
            counter.inc()
            counter.inc(3)
            observer.observe(0.75)
            await asyncio.sleep(0)

    asyncio.run(count())
    assert samples(metric)["calls_total", ""] == 8
    assert samples(seconds)["seconds_bucket", "1.0"] == 2
    assert samples(seconds)["seconds_sum", ""] == 1.5
