"""The cleaned data as arrays."""

from pathlib import Path

import numpy as np

from recserve.trainer import dataset, schema_file
from recserve.trainer.cleaning.clean import clean
from recserve.trainer.tables import Tables


def read(folder: Path, rows: list[str]) -> Tables:
    (folder / "interactions.csv").write_text("user_id,item_id\n" + "\n".join(rows) + "\n")
    (folder / "items.csv").write_text("item_id,price\nz,26\ny,25\nx,24\nw,23\nnew,0\n")
    schema = schema_file.parse('[[item_features]]\nname = "price"\ntype = "FEATURE_TYPE_NUMERIC"\n')
    files = dataset.locate(folder, schema.source)
    return clean(dataset.read(files), schema, 1.7e9).tables


def test_items_come_by_popularity_and_then_by_id_whatever_the_order_of_the_files(
    tmp_path: Path,
) -> None:
    rows = ["a,z", "a,y", "b,y", "b,x", "c,w"]
    for order in (rows, rows[::-1]):
        given = read(tmp_path, order)
        tables = given.most_popular_first(given.events)
        assert tables.item_ids.tolist() == ["y", "w", "x", "z", "new"]
        assert tables.item_features.numeric[:, 0].tolist() == [25, 23, 24, 26, 0]
        before, after = given.item_ids[given.events.item], tables.item_ids[tables.events.item]
        assert after.tolist() == before.tolist(), "each event is still on its item"


def test_events_that_do_not_count_leave_no_trace_in_the_order(tmp_path: Path) -> None:
    """Else ties would be broken by what is to be predicted."""
    given = read(tmp_path, ["a,z", "a,y", "b,y", "b,x", "c,w"])
    known = given.events.take(given.item_ids[given.events.item] == "x")
    tables = given.most_popular_first(known)
    assert tables.item_ids.tolist() == ["x", "new", "w", "y", "z"]
    assert np.bincount(tables.events.item).tolist() == [1, 0, 1, 2, 1]
