"""Item tables are read whole or refused as damaged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recserve.server.feature_widths import FeatureWidths
from recserve.server.item_table import ItemTable, ItemTableError, read_item_inputs
from server.artefact import item_table, strings

Write = Callable[..., Path]
WIDTHS = FeatureWidths(
    history=1, multi_valued_length=2, item_numeric=1, item_categorical=2, item_multi_valued=1
)
IDS = ("tea", "käse", "🍞")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(**replaced: Any) -> Path:
        arrays = item_table(IDS, **replaced)
        path = tmp_path / "items.npz"
        np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
        return path

    return written


def test_ids_and_popularity_are_read_by_row(write: Write) -> None:
    table = ItemTable.read(write(popularity=np.array([1, 4, 2], np.float32)))
    assert table.ids == IDS
    assert table.rows == {"tea": 0, "käse": 1, "🍞": 2}
    assert table.by_popularity == [1, 2, 0]
    assert (table.greatest_popularity, table.popularity_of("🍞")) == (4.0, 2.0)
    assert len(table) == 3


def test_clusters_are_read_where_there_are_some(write: Write) -> None:
    clusters = ItemTable.read(write(cluster=np.array([1, -1, 0], np.int32))).clusters
    assert clusters is not None
    assert clusters.tolist() == [1, -1, 0]
    assert ItemTable.read(write()).clusters is None
    with pytest.raises(ItemTableError, match="'cluster' of the item table is int32"):
        ItemTable.read(write(cluster=np.array([1], np.int32)))


def test_items_of_equal_popularity_stay_in_the_order_of_the_rows(write: Write) -> None:
    assert ItemTable.read(write(popularity=np.ones(3, np.float32))).by_popularity == [0, 1, 2]


def test_a_table_without_items_is_a_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "items.npz", **item_table([]))
    table = ItemTable.read(tmp_path / "items.npz")
    assert (len(table), table.greatest_popularity, table.by_popularity) == (0, 0.0, [])


def test_the_inputs_of_encode_items_have_the_shapes_of_the_signature(write: Write) -> None:
    path = write(
        numeric=np.zeros((3, 1), np.float32),
        **strings("categorical", list("abcdef")),
        **strings("multi_valued", ["x", "", "y", "z", "", ""]),
    )
    inputs = read_item_inputs(path, WIDTHS)
    assert {name: (each.dtype, each.shape) for name, each in inputs.items()} == {
        "item_ids": (object, (3,)),
        "item_popularity": (np.float32, (3,)),
        "item_numeric": (np.float32, (3, 1)),
        "item_categorical": (object, (3, 2)),
        "item_multi_valued": (object, (3, 1, 2)),
    }
    assert inputs["item_ids"].tolist() == list(IDS)
    assert inputs["item_categorical"].tolist() == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert inputs["item_multi_valued"].tolist() == [[["x", ""]], [["y", "z"]], [["", ""]]]


OFFSETS = np.array([0, 3, 8, 12], np.int64)


@pytest.mark.parametrize(
    "replaced",
    [
        {"popularity": None},
        {"popularity": np.zeros(2, np.float32)},
        {"popularity": np.zeros((3, 1), np.float32)},
        {"popularity": np.zeros(3, np.float64)},
        {"popularity": np.array([1, "x", None], object)},
        {"item_id_bytes": None},
        {"item_id_bytes": np.array([b"a", {}], object)},
        {"item_id_bytes": np.full(12, 0xFF, np.uint8)},
        {"item_id_bytes": np.zeros(12, np.int64)},
        {"item_id_offsets": None},
        {"item_id_offsets": np.array(0, np.int64)},
        {"item_id_offsets": np.empty(0, np.int64)},
        {"item_id_offsets": OFFSETS.astype(float)},
        {"item_id_offsets": OFFSETS[None]},
        {"item_id_offsets": np.array([0, 3, 8, 10**12])},
        {"item_id_offsets": np.array([0, 3, 8, 11])},
        {"item_id_offsets": np.array([0, 8, 3, 12])},
        {"item_id_offsets": np.array([-4, 3, 8, 12])},
        strings("item_id", ["tea", "milk", "tea"]),
    ],
    ids=str,
)
def test_a_table_that_does_not_hold_together_is_refused(
    write: Write, replaced: dict[str, Any]
) -> None:
    with pytest.raises(ItemTableError):
        ItemTable.read(write(**replaced))


@pytest.mark.parametrize(
    "replaced",
    [
        {"numeric": np.zeros((3, 2), np.float32)},
        {"numeric": np.zeros((3, 1), np.float64)},
        strings("categorical", list("abcde")),
        strings("multi_valued", list("abcdefg")),
        {"multi_valued_bytes": None},
    ],
    ids=str,
)
def test_features_that_do_not_fit_the_widths_are_refused(
    write: Write, replaced: dict[str, Any]
) -> None:
    good = {
        "numeric": np.zeros((3, 1), np.float32),
        **strings("categorical", list("abcdef")),
        **strings("multi_valued", list("abcdef")),
    }
    with pytest.raises(ItemTableError):
        read_item_inputs(write(**{**good, **replaced}), WIDTHS)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\3\4", b"no zip at all", b"\x93NUMPY"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "items.npz"
    path.write_bytes(content)
    with pytest.raises(ItemTableError, match="cannot read"):
        ItemTable.read(path)


def test_a_single_array_is_no_table(tmp_path: Path) -> None:
    np.save(tmp_path / "items.npy", np.zeros(3))
    with pytest.raises(ItemTableError, match="one array"):
        ItemTable.read(tmp_path / "items.npy")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ItemTableError, match=r"nowhere\.npz"):
        ItemTable.read(tmp_path / "nowhere.npz")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_but_nothing_else(
    write: Write, data: st.DataObject
) -> None:
    path = write()
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))])
    try:
        assert len(ItemTable.read(path)) == 3
    except ItemTableError:
        return
