"""Batches are padded, and each request keeps its row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.frames import LENGTH, ArrivedRequest, decode_arrival, encode_rank
from recserve.server.engine.padding import (
    BATCH_SIZES,
    candidate_features,
    candidate_rows,
    context_numbers,
    excluded_rows,
    padded_size,
    padded_width,
    strings,
    users,
)
from recserve.server.engine.user_inputs import EVENT, UserLayout
from recserve.server.feature_widths import FeatureWidths
from recserve.v1 import model_pb2, schema_pb2

WIDTHS = FeatureWidths(
    history=3, multi_valued_length=2, user_numeric=2, user_categorical=1, context_numeric=1
)
LAYOUT = UserLayout(WIDTHS)
NOW = bytes(8)


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def float32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def arrived(request: RankingRequest) -> ArrivedRequest:
    got = decode_arrival(encode_rank(0, request)[LENGTH.size :]).request
    assert got is not None
    return got


ANN = LAYOUT.inputs(rows=[5, 6], types=[0, 1], values=[0.5, np.nan], times=[1, 2], strings=("uc",))
FULL = arrived(
    RankingRequest(
        user=ANN,
        result_count=1,
        context_numeric=float32(3),
        context_strings=("cc", "cd"),
        excluded_rows=int32(1, 2, 3),
        candidate_rows=int32(7, 8, 9),
        candidate_features=float32(1, 2, 3, 4, 5, 6),
    )
)
EMPTY = arrived(RankingRequest(LAYOUT.empty, result_count=1, candidate_rows=int32()))
ASKING = arrived(RankingRequest(LAYOUT.empty, result_count=1))


def test_users_lie_side_by_side_and_the_rest_is_empty() -> None:
    batch = users([FULL, EMPTY], 4, LAYOUT)
    assert (batch.dtype, batch.shape[0]) == (np.int32, 4)
    no_event = LAYOUT.no_events[: EVENT.itemsize]
    assert batch[0].tobytes() == NOW + ANN.data
    assert {row.tobytes() for row in batch[1:]} == {NOW + LAYOUT.empty.data + 2 * no_event}


@pytest.mark.parametrize(("most", "width"), [(0, 1), (1, 1), (2, 2), (3, 3)])
def test_users_have_as_many_events_as_the_longest_history_rounded_up(most: int, width: int) -> None:
    past = {"rows": [1] * most, "types": [0] * most, "values": [1] * most, "times": [1] * most}
    request = arrived(RankingRequest(LAYOUT.inputs(**past), result_count=1))
    batch = users([EMPTY, request], 2, LAYOUT)
    head = len(NOW) + LAYOUT.numeric_bytes
    assert batch.shape[1] * batch.itemsize == head + width * EVENT.itemsize


def test_a_version_without_history_takes_no_events() -> None:
    bare = UserLayout(FeatureWidths(history=0, multi_valued_length=1, user_numeric=2))
    request = arrived(RankingRequest(bare.empty, result_count=1))
    assert users([request], 2, bare).shape == (2, 2 + 2)


def test_a_user_of_another_layout_is_refused() -> None:
    longer = FeatureWidths(history=4, multi_valued_length=2, user_numeric=2)
    bare = FeatureWidths(history=3, multi_valued_length=2)
    wider = FeatureWidths(history=3, multi_valued_length=2, user_numeric=3)
    past = {"rows": [1] * 4, "types": [0] * 4, "values": [1] * 4, "times": [1] * 4}
    for wrong in (
        UserLayout(longer).inputs(**past),
        UserLayout(bare).empty,
        UserLayout(wider).empty,
    ):
        with pytest.raises(ValueError, match="bytes"):
            users([FULL, arrived(RankingRequest(wrong, result_count=1))], 2, LAYOUT)


def test_context_numbers_that_are_unknown_are_missing() -> None:
    np.testing.assert_array_equal(
        [[3], [np.nan], [np.nan]], context_numbers([FULL, EMPTY], 3, width=1)
    )


def test_strings_that_are_unknown_are_empty() -> None:
    assert strings([EMPTY, FULL], 3, width=3).tolist() == [
        [b"", b"", b""],
        [b"uc", b"cc", b"cd"],
        [b"", b"", b""],
    ]


def test_exclusions_are_padded_with_minus_1_to_a_power_of_two() -> None:
    excluded = excluded_rows([EMPTY, FULL], 2)
    assert np.int32 == excluded.dtype
    assert excluded.tolist() == [[-1, -1, -1, -1], [1, 2, 3, -1]]


def test_there_is_at_least_one_excluded_and_one_candidate_column() -> None:
    assert excluded_rows([EMPTY], 2).shape == (2, 1)
    assert candidate_rows([EMPTY], 2).shape == (2, 1)
    assert candidate_features([EMPTY], 2, 1, 2).shape == (2, 1, 2)


def test_candidates_keep_their_features_beside_them() -> None:
    rows = candidate_rows([EMPTY, FULL], 2)
    features = candidate_features([EMPTY, FULL], 2, rows.shape[1], 2)
    assert (np.int32, np.float32) == (rows.dtype, features.dtype)
    assert rows.tolist() == [[-1, -1, -1, -1], [7, 8, 9, -1]]
    np.testing.assert_array_equal([[1, 2], [3, 4], [5, 6], [np.nan] * 2], features[1])
    assert np.isnan(features[0]).all()


def test_unknown_candidate_features_are_missing() -> None:
    unknown = arrived(RankingRequest(LAYOUT.empty, result_count=1, candidate_rows=int32(4)))
    assert np.isnan(candidate_features([unknown], 1, 1, 2)).all()


def test_more_candidate_features_than_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        candidate_features([FULL], 1, candidates=2, width=2)


def test_a_request_without_candidates_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="without candidates"):
        candidate_rows([FULL, ASKING], 2)


@given(st.integers(1, 1024))
def test_a_batch_is_padded_to_the_next_warmed_size(count: int) -> None:
    size = padded_size(count)
    assert size in BATCH_SIZES
    assert count <= size < 1.125 * count + 1


@given(st.integers(1, 1 << 20))
def test_a_width_is_the_next_power_of_two(count: int) -> None:
    width = padded_width(count)
    assert count <= width < 2 * count
    assert width.bit_count() == 1


@given(st.lists(st.sampled_from([EMPTY, FULL]), min_size=1, max_size=9))
def test_a_batch_of_any_mix_gives_each_request_the_row_it_would_have_alone(
    requests: list[ArrivedRequest],
) -> None:
    size = padded_size(len(requests))
    for row, request in enumerate(requests):
        together, alone = users(requests, size, LAYOUT)[row], users([request], 1, LAYOUT)[0]
        assert together[: len(alone)].tobytes() == alone.tobytes()
        missing = together[len(alone) :].tobytes()
        assert missing == LAYOUT.no_events[: len(missing)]
        for pad in (excluded_rows, candidate_rows):
            kept = pad(requests, size)[row]
            own = pad([request], 1)[0]
            assert kept[: len(own)].tolist() == own.tolist()
            assert set(kept[len(own) :]) <= {-1}


def test_widths_are_counted_from_the_manifest() -> None:
    def features(*types: str) -> list[schema_pb2.Feature]:
        return [
            schema_pb2.Feature(
                name=f"f{n}",
                type=schema_pb2.FeatureType.Value(f"FEATURE_TYPE_{t}"),
                dimension=9 if t == "VECTOR" else 0,
            )
            for n, t in enumerate(types)
        ]

    schema = schema_pb2.Schema(
        user_features=features("NUMERIC", "MULTI_VALUED", "NUMERIC", "TIMESTAMP"),
        item_features=features("CATEGORICAL", "VECTOR", "TEXT", "VECTOR"),
        context_features=features("CATEGORICAL", "MULTI_VALUED"),
        candidate_features=features("NUMERIC", "NUMERIC"),
    )
    layout = model_pb2.ArtefactLayout(history_length=7, multi_valued_length=3)
    widths = FeatureWidths.of(model_pb2.ModelVersion(schema=schema, layout=layout))
    expected = FeatureWidths(
        history=7,
        multi_valued_length=3,
        user_numeric=3,
        user_multi_valued=1,
        item_numeric=18,
        item_categorical=2,
        context_categorical=1,
        context_multi_valued=1,
        candidate=2,
    )
    assert expected == widths
    assert widths.strings == 3 + 1 + 3
