"""The bytes of a batch become the inputs of docs/artefact.md."""

import struct

import numpy as np
import pytest

from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths

pytestmark = pytest.mark.integration  # imports TensorFlow
tf = pytest.importorskip("tensorflow")

WIDTHS = FeatureWidths(
    history=3,
    multi_valued_length=2,
    user_numeric=2,
    user_categorical=1,
    user_multi_valued=2,
    context_categorical=2,
    context_multi_valued=1,
)
LAYOUT = UserLayout(WIDTHS)
ANN = LAYOUT.inputs(
    rows=[5, 6], types=[1, 0], values=[0.5, np.nan], times=[90.0, 101.0], numeric=[1.0, 2.0]
)


def batch(layout: UserLayout, *moments: tuple[float, bytes]) -> object:
    longest = max(len(data) for _, data in moments)
    joined = b"".join(
        struct.pack("=d", now) + data + layout.no_events[: longest - len(data)]
        for now, data in moments
    )
    return tf.constant(np.frombuffer(joined, np.int32).reshape(len(moments), -1))


def test_numbers_come_with_the_dtypes_shapes_and_values_of_the_signatures() -> None:
    from recserve.server.engine.graph_inputs import user_numbers

    users = batch(LAYOUT, (100.0, ANN.data), (100.0, LAYOUT.empty.data))
    parts = {name: value.numpy() for name, value in user_numbers(users, LAYOUT).items()}
    assert {name: (value.dtype, value.shape) for name, value in parts.items()} == {
        "history_rows": (np.int32, (2, 3)),
        "history_types": (np.int32, (2, 3)),
        "history_values": (np.float32, (2, 3)),
        "history_ages": (np.float32, (2, 3)),
        "user_numeric": (np.float32, (2, 2)),
    }
    assert parts["history_rows"].tolist() == [[5, 6, -1], [-1] * 3]
    assert parts["history_types"].tolist() == [[1, 0, -1], [-1] * 3]
    np.testing.assert_array_equal([[0.5, np.nan, np.nan], [np.nan] * 3], parts["history_values"])
    np.testing.assert_array_equal([[10, 0, np.nan], [np.nan] * 3], parts["history_ages"])
    np.testing.assert_array_equal([[1, 2], [np.nan] * 2], parts["user_numeric"])


def test_a_model_without_history_and_features_gets_dimensions_of_size_0() -> None:
    from recserve.server.engine.graph_inputs import text_features, user_numbers

    bare = UserLayout(FeatureWidths(history=0, multi_valued_length=2))
    parts = user_numbers(batch(bare, (1.0, bare.empty.data)), bare)
    parts |= text_features(None, tf.constant([1]), bare.widths)
    assert {name: tuple(value.shape) for name, value in parts.items()} == {
        "history_rows": (1, 0),
        "history_types": (1, 0),
        "history_values": (1, 0),
        "history_ages": (1, 0),
        "user_numeric": (1, 0),
        "user_categorical": (1, 0),
        "user_multi_valued": (1, 0, 2),
        "context_categorical": (1, 0),
        "context_multi_valued": (1, 0, 2),
    }


def test_strings_are_cut_into_their_features() -> None:
    from recserve.server.engine.graph_inputs import text_features

    texts = tf.constant([["uc", "m1", "", "m2", "m3", "cc", "cd", "cm", ""]])
    parts = text_features(texts, tf.constant([1]), WIDTHS)
    assert {name: value.numpy().tolist() for name, value in parts.items()} == {
        "user_categorical": [[b"uc"]],
        "user_multi_valued": [[[b"m1", b""], [b"m2", b"m3"]]],
        "context_categorical": [[b"cc", b"cd"]],
        "context_multi_valued": [[[b"cm", b""]]],
    }
