"""What is known of a user, as bytes and back."""

import numpy as np
import pytest

from recserve.server.engine.user_inputs import EVENT, UserLayout
from recserve.server.feature_widths import FeatureWidths

LAYOUT = UserLayout(FeatureWidths(history=3, multi_valued_length=1, user_numeric=2))


def test_a_user_takes_as_many_bytes_as_there_are_events() -> None:
    one = LAYOUT.inputs(rows=[5], types=[1], values=[0.5], times=[7.0])
    assert len(one.data) == LAYOUT.numeric_bytes + EVENT.itemsize
    assert len(LAYOUT.empty.data) == LAYOUT.numeric_bytes


def test_what_a_history_is_padded_with_is_no_event() -> None:
    padding = np.frombuffer(LAYOUT.no_events, EVENT)
    assert padding["rows"].tolist() == padding["types"].tolist() == [-1] * 3
    assert np.isnan([padding["values"], padding["times"]]).all()


def test_what_was_put_in_can_be_read() -> None:
    inputs = LAYOUT.inputs(
        rows=[5, 6],
        types=[1, 0],
        values=[0.5, np.nan],
        times=[7.0, 8.0],
        numeric=[3.0, np.nan],
        strings=("de",),
    )
    assert inputs.history_rows.tolist() == [5, 6]
    assert inputs.history_types.tolist() == [1, 0]
    np.testing.assert_array_equal([0.5, np.nan], inputs.history_values)
    assert inputs.history_times.tolist() == [7, 8]
    np.testing.assert_array_equal([3, np.nan], inputs.user_numeric)
    assert inputs.strings == ("de",)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_longer_history_keeps_its_newest_events(length: int) -> None:
    layout = UserLayout(FeatureWidths(history=length, multi_valued_length=1))
    past = layout.inputs(rows=[1, 2, 3, 4], types=[0] * 4, values=[1.0] * 4, times=[1.0] * 4)
    assert past.history_rows.tolist() == [1, 2, 3, 4][4 - length :]


def test_of_nobody_nothing_is_known() -> None:
    assert LAYOUT.empty.history_rows.tolist() == []
    assert np.isnan(LAYOUT.empty.user_numeric).all()
