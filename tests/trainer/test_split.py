"""Which events are held out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.split import random_share, split
from recserve.trainer.tables import Events, FeatureTable
from recserve.v1 import model_pb2


def events(users: list[int], times: list[float]) -> Events:
    count = len(users)
    empty = np.zeros((count, 0))
    order = np.lexsort((times, users))
    return Events(
        user=np.array(users, np.int32)[order],
        item=np.zeros(count, np.int32),
        type=np.zeros(count, np.int32),
        value=np.zeros(count, np.float32),
        time=np.array(times, np.float64)[order],
        positive=np.ones(count, bool),
        weight=np.ones(count, np.float32),
        candidate=empty.astype(np.float32),
        context=FeatureTable(
            empty, empty.astype(object), np.empty((count, 0, 1), object), FeatureLayout()
        ),
        row=order,
    )


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=2, max_size=40),
    share=st.floats(0.01, 0.5),
)
def test_with_a_clock_nothing_held_out_is_earlier_than_what_is_learned_from(
    rows: list[tuple[int, int]], share: float
) -> None:
    table = events([user for user, _ in rows], [time for _, time in rows])

    parts = split(table, share, clock=True, ordered=True, seed=1)

    assert 0 < parts.holdout.mean() <= 0.5
    if parts.kind == model_pb2.HOLDOUT_KIND_TIME:
        assert table.time[~parts.holdout].max() < table.time[parts.holdout].min()
    else:
        assert (table.time == table.time.max()).mean() > 0.5


def test_events_of_one_time_are_held_out_at_random() -> None:
    parts = split(events([0, 1, 1, 2, 2], [7] * 5), 0.2, clock=True, ordered=True, seed=1)

    assert parts.kind == model_pb2.HOLDOUT_KIND_RANDOM
    assert parts.holdout.sum() == 1


def test_without_a_clock_the_last_event_of_each_user_with_several_is_held_out() -> None:
    table = events([0, 0, 0, 1, 2, 2], [1, 2, 3, 1, 1, 2])

    parts = split(table, 0.2, clock=False, ordered=True, seed=1)

    assert parts.kind == model_pb2.HOLDOUT_KIND_LEAVE_LAST_OUT
    assert parts.holdout.tolist() == [False, False, True, False, False, True]


def test_without_any_order_a_random_share_is_held_out_the_same_for_the_same_seed() -> None:
    table = events(list(range(100)), [0.0] * 100)

    first, again, other = (
        split(table, 0.2, clock=False, ordered=False, seed=seed).holdout for seed in (1, 1, 2)
    )

    assert first.sum() == 20
    assert (first == again).all()
    assert (first != other).any()


def test_a_random_share_stays_where_rows_are_added() -> None:
    before = random_share(np.arange(10_000), 0.2, seed=1)
    after = random_share(np.arange(10_500), 0.2, seed=1)

    assert before.sum() == 2_000
    assert after.sum() == 2_100
    assert (before != after[:10_000]).sum() < 100
    assert 350 < before[::5].sum() < 450
