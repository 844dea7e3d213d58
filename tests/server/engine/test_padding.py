"""Batches have the names, dtypes, shapes and padding of docs/artefact.md."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.padding import (
    BATCH_SIZES,
    candidates,
    excluded_rows,
    padded_size,
    padded_width,
    user_inputs,
)
from recserve.server.feature_widths import FeatureWidths
from recserve.v1 import model_pb2, schema_pb2

WIDTHS = FeatureWidths(
    history=3,
    multi_valued_length=2,
    user_numeric=2,
    user_categorical=1,
    user_multi_valued=2,
    context_numeric=1,
    context_categorical=2,
    context_multi_valued=1,
    candidate=2,
)
USER_INPUTS = {  # docs/artefact.md, "The signatures"; B = 4
    "history_rows": (np.int32, (4, 3)),
    "history_types": (np.int32, (4, 3)),
    "history_values": (np.float32, (4, 3)),
    "history_ages": (np.float32, (4, 3)),
    "user_numeric": (np.float32, (4, 2)),
    "user_categorical": (object, (4, 1)),
    "user_multi_valued": (object, (4, 2, 2)),
    "context_numeric": (np.float32, (4, 1)),
    "context_categorical": (object, (4, 2)),
    "context_multi_valued": (object, (4, 1, 2)),
}


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def float32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


FULL = RankingRequest(
    result_count=1,
    history_rows=int32(5, 6),
    history_types=int32(0, 1),
    history_values=float32(0.5, np.nan),
    history_ages=float32(10, 1),
    user_numeric=float32(1, 2),
    context_numeric=float32(3),
    strings=("uc", "m1", "", "m2", "m3", "cc", "cd", "cm", ""),
    excluded_rows=int32(1, 2, 3),
    candidate_rows=int32(7, 8, 9),
    candidate_features=float32(1, 2, 3, 4, 5, 6),
)
EMPTY = RankingRequest(result_count=1, candidate_rows=int32())


def test_a_batch_has_the_inputs_of_the_signatures() -> None:
    inputs = user_inputs([FULL, EMPTY, EMPTY], 4, WIDTHS)
    assert {name: (each.dtype, each.shape) for name, each in inputs.items()} == USER_INPUTS


def test_a_full_request_is_laid_out_in_its_row() -> None:
    inputs = user_inputs([EMPTY, FULL], 4, WIDTHS)
    np.testing.assert_array_equal([5, 6, -1], inputs["history_rows"][1])
    np.testing.assert_array_equal([0, 1, -1], inputs["history_types"][1])
    np.testing.assert_array_equal(float32(0.5, np.nan, np.nan), inputs["history_values"][1])
    np.testing.assert_array_equal(float32(10, 1, np.nan), inputs["history_ages"][1])
    assert inputs["user_categorical"][1].tolist() == ["uc"]
    assert inputs["user_multi_valued"][1].tolist() == [["m1", ""], ["m2", "m3"]]
    assert inputs["context_categorical"][1].tolist() == ["cc", "cd"]
    assert inputs["context_multi_valued"][1].tolist() == [["cm", ""]]


def test_rows_without_a_request_are_missing_throughout() -> None:
    inputs = user_inputs([FULL], 4, WIDTHS)
    for name, (dtype, _) in USER_INPUTS.items():
        rest = inputs[name][1:]
        if dtype is object:
            assert set(rest.ravel()) == {""}
        elif dtype is np.int32:
            assert (rest == -1).all()
        else:
            assert np.isnan(rest).all()


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_longer_history_keeps_its_newest_events(length: int) -> None:
    widths = FeatureWidths(history=length, multi_valued_length=1)
    past = RankingRequest(
        result_count=1,
        history_rows=int32(1, 2, 3, 4),
        history_types=int32(0, 0, 0, 0),
        history_values=float32(1, 2, 3, 4),
        history_ages=float32(4, 3, 2, 1),
    )
    assert [1, 2, 3, 4][4 - length :] == user_inputs([past], 1, widths)["history_rows"][0].tolist()


def test_features_that_the_schema_lacks_stay_as_dimensions_of_size_0() -> None:
    inputs = user_inputs([EMPTY], 1, FeatureWidths(history=1, multi_valued_length=2))
    assert (1, 0) == inputs["user_numeric"].shape == inputs["context_categorical"].shape
    assert inputs["user_multi_valued"].shape == (1, 0, 2)


def test_exclusions_are_padded_with_minus_1_to_a_power_of_two() -> None:
    excluded = excluded_rows([EMPTY, FULL], 2)
    assert np.int32 == excluded.dtype
    assert excluded.tolist() == [[-1, -1, -1, -1], [1, 2, 3, -1]]


def test_there_is_at_least_one_excluded_and_one_candidate_column() -> None:
    assert excluded_rows([EMPTY], 2).shape == (2, 1)
    given_none = candidates([EMPTY], 2, WIDTHS)
    assert given_none["candidate_rows"].shape == (2, 1)
    assert given_none["candidate_features"].shape == (2, 1, 2)


def test_candidates_keep_their_features_beside_them() -> None:
    given_both = candidates([EMPTY, FULL], 2, WIDTHS)
    rows, features = given_both["candidate_rows"], given_both["candidate_features"]
    assert (np.int32, np.float32) == (rows.dtype, features.dtype)
    assert rows.tolist() == [[-1, -1, -1, -1], [7, 8, 9, -1]]
    np.testing.assert_array_equal([[1, 2], [3, 4], [5, 6], [np.nan] * 2], features[1])
    assert np.isnan(features[0]).all()


def test_unknown_candidate_features_are_missing() -> None:
    unknown = RankingRequest(result_count=1, candidate_rows=int32(4))
    assert np.isnan(candidates([unknown], 1, WIDTHS)["candidate_features"]).all()


def test_a_request_without_candidates_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="without candidates"):
        candidates([RankingRequest(result_count=1)], 1, WIDTHS)


@given(st.integers(1, 1024))
def test_a_batch_is_padded_to_the_next_warmed_size(count: int) -> None:
    size = padded_size(count)
    assert size in BATCH_SIZES
    assert count <= size < 2 * count


@given(st.integers(1, 1 << 20))
def test_a_width_is_the_next_power_of_two(count: int) -> None:
    width = padded_width(count)
    assert count <= width < 2 * count
    assert width.bit_count() == 1


@given(st.lists(st.sampled_from([EMPTY, FULL]), min_size=1, max_size=9))
def test_a_batch_of_any_mix_gives_each_request_the_row_it_would_have_alone(
    requests: list[RankingRequest],
) -> None:
    together = user_inputs(requests, padded_size(len(requests)), WIDTHS)
    for row, request in enumerate(requests):
        alone = user_inputs([request], 1, WIDTHS)
        for name, values in together.items():
            np.testing.assert_array_equal(alone[name][0], values[row])


def test_widths_are_counted_from_the_manifest() -> None:
    def features(*types: str) -> list[schema_pb2.Feature]:
        return [
            schema_pb2.Feature(name=f"f{n}", type=schema_pb2.FeatureType.Value(f"FEATURE_TYPE_{t}"))
            for n, t in enumerate(types)
        ]

    schema = schema_pb2.Schema(
        user_features=features("NUMERIC", "MULTI_VALUED", "NUMERIC"),
        item_features=features("CATEGORICAL"),
        context_features=features("CATEGORICAL", "MULTI_VALUED"),
        candidate_features=features("NUMERIC", "NUMERIC"),
    )
    layout = model_pb2.ArtefactLayout(history_length=7, multi_valued_length=3)
    widths = FeatureWidths.of(model_pb2.ModelVersion(schema=schema, layout=layout))
    expected = FeatureWidths(
        history=7,
        multi_valued_length=3,
        user_numeric=2,
        user_multi_valued=1,
        item_categorical=1,
        context_categorical=1,
        context_multi_valued=1,
        candidate=2,
    )
    assert expected == widths
    assert widths.strings == 3 + 1 + 3
