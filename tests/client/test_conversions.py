import array
import math
import struct
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recserve.client.wire.candidate_features import packed_rows
from recserve.client.wire.feature_values import context_messages
from recserve.client.wire.timestamps import moment_or_none, timestamp

float32s = st.floats(width=32, allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))  # surrogates are no UTF-8


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=float32s))
def test_a_float32_matrix_is_packed_the_same_in_every_form(matrix):
    rows = len(matrix)
    expected = matrix.astype("<f4").tobytes()
    assert packed_rows(matrix, rows) == expected
    assert packed_rows(np.asfortranarray(matrix), rows) == expected
    assert packed_rows(matrix.astype(">f4"), rows) == expected
    assert packed_rows(matrix.astype("f8"), rows) == expected
    assert packed_rows(matrix.tolist(), rows) == expected
    assert packed_rows([tuple(row) for row in matrix], rows) == expected
    assert packed_rows(memoryview(matrix), rows) == expected
    assert packed_rows(pd.DataFrame(matrix), rows) == expected
    assert packed_rows(np.repeat(matrix, 2, axis=1)[:, ::2], rows) == expected


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=2, max_dims=2)))
def test_integers_are_packed_as_floats(matrix):
    assert packed_rows(matrix, len(matrix)) == matrix.astype("<f4").tobytes()


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        ([[1.0], [2.0]], ValueError, "3 candidates, 2 rows"),
        (np.ones((2, 1)), ValueError, "3 candidates, 2 rows"),
        (np.ones(3, np.float32), ValueError, "2 dimensions, got 1"),
        (array.array("f", [1, 2, 3]), ValueError, "2 dimensions, got 1"),
        (b"123", ValueError, "2 dimensions, got 1"),
        (np.ones((3, 1, 1)), ValueError, "2 dimensions, got 3"),
        ([[1.0], [2.0, 3.0], [4.0]], ValueError, r"\[1\] has 2 numbers, the first row has 1"),
        ([1.0, 2.0, 3.0], TypeError, "rows of numbers"),
        (7, TypeError, "rows of numbers"),
        ([["a"], ["b"], ["c"]], TypeError, "numbers only"),
        ([[1e300], [1.0], [1.0]], ValueError, "does not fit a float32"),
    ],
)
def test_what_is_no_matrix_is_refused_clearly(matrix, error, message):
    with pytest.raises(error, match=message):
        packed_rows(matrix, 3)


@given(st.floats(allow_nan=False) | st.integers(-(2**53), 2**53) | st.booleans())
def test_numbers_stay_numbers(value):
    message = context_messages({"f": value})["f"]
    assert message.WhichOneof("kind") == "number"
    assert message.number == value


@given(texts)
def test_texts_stay_texts(value):
    message = context_messages({"f": value})["f"]
    assert message.WhichOneof("kind") == "text"
    assert message.text == value


@given(st.lists(texts))
def test_lists_of_texts_stay_in_order(values):
    message = context_messages({"f": values})["f"]
    assert message.WhichOneof("kind") == "strings"
    assert list(message.strings.values) == values


@given(st.lists(float32s, min_size=1))
def test_lists_of_numbers_are_vectors(values):
    for given_as in (values, tuple(values), np.array(values, np.float32)):
        message = context_messages({"f": given_as})["f"]
        assert message.WhichOneof("kind") == "vector"
        assert list(message.vector.values) == values


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.float32(0.5), "number"),
        (np.int64(3), "number"),
        (np.str_("a"), "text"),
        (np.array(["a", "b"]), "strings"),
        ({"a", "b"}, "strings"),
    ],
)
def test_numpys_values_are_read_as_what_they_hold(value, kind):
    assert context_messages({"f": value})["f"].WhichOneof("kind") == kind


@pytest.mark.parametrize("value", [None, b"a", {"a": 1}, ["a", 1], [None], object(), 1j])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="context feature 'f' must be a number"):
        context_messages({"f": value})


def test_a_number_beyond_a_double_is_refused():
    with pytest.raises(ValueError, match="does not fit a float64"):
        context_messages({"f": 10**400})


@given(
    st.datetimes(
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
        min_value=datetime(1, 1, 2),
        max_value=datetime(9999, 12, 30),
    )
)
def test_a_datetime_goes_there_and_back(moment):
    assert moment_or_none(timestamp("t", moment), present=True) == moment


@given(st.floats(-62_135_596_800, 253_402_300_799) | st.integers(-(10**9), 10**9))
def test_epoch_seconds_are_kept_to_the_microsecond(seconds):
    back = timestamp("t", seconds).ToMicroseconds() / 1e6
    assert math.isclose(back, seconds, abs_tol=1e-6, rel_tol=1e-15)


def test_an_absent_time_is_none():
    assert moment_or_none(timestamp("t", 0), present=False) is None
    assert moment_or_none(timestamp("t", 0), present=True) == datetime(1970, 1, 1, tzinfo=UTC)


def test_packing_is_little_endian():
    assert packed_rows([[1.0]], 1) == struct.pack("<f", 1.0) == b"\x00\x00\x80\x3f"


def test_a_moment_is_told_in_seconds_and_needs_a_zone():
    moment = datetime(1970, 1, 2, 1, tzinfo=timezone(timedelta(hours=1)))
    assert context_messages({"at": moment})["at"].number == 86_400
    assert context_messages({"at": pd.Timestamp(moment)})["at"].number == 86_400
    with pytest.raises(ValueError, match="'at' is a datetime without a time zone"):
        context_messages({"at": datetime(1970, 1, 2)})
