"""What cleaning drops, repairs and refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.trainer import dataset, schema_file
from recserve.trainer.cleaning import Cleaned, clean
from recserve.trainer.errors import DatasetError, SchemaError
from recserve.v1 import schema_pb2

NOW = 1_700_000_000.0
SCHEMA = """
[[event_types]]
name = "rating"
positive_at_least = 3.0
[[event_types]]
name = "hide"
polarity = "POLARITY_NEGATIVE"
[[item_features]]
name = "price"
type = "FEATURE_TYPE_NUMERIC"
[[item_features]]
name = "tags"
type = "FEATURE_TYPE_MULTI_VALUED"
"""
HEADER = "user_id,item_id,event_type,value,timestamp,price,tags"
GOOD = [
    "a,x,rating,5,1600000000,1.5,red|blue",
    "a,y,rating,1,1600000001,2,",
    "b,x,rating,4,1600000002,1.5,red|blue",
    "b,y,hide,,1600000003,2,",
]


def cleaned(folder: Path, lines: list[str], schema: str = SCHEMA) -> Cleaned:
    path = folder / "data.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    parsed = schema_file.parse(schema)
    return clean(dataset.read(dataset.locate(path, parsed.source)), parsed, NOW)


def counts(result: Cleaned) -> dict[str, tuple[int, int]]:
    return {
        rule.name: (rule.dropped, rule.repaired)
        for rule in result.report.rules
        if rule.dropped or rule.repaired
    }


def test_a_value_that_is_exactly_enough_is_positive(tmp_path: Path) -> None:
    schema = '[[event_types]]\nname = "rating"\npositive_at_least = 0.7\n'
    values = {"a,x": 0.7, "a,y": 0.6, "b,x": 0.9}
    rows = [f"{ids},rating,{value},1600000000,," for ids, value in values.items()]

    events = cleaned(tmp_path, rows, schema).tables.events

    assert dict(zip(events.value.round(1), events.positive, strict=True)) == {
        np.float32(0.7): True,
        np.float32(0.6): False,
        np.float32(0.9): True,
    }


def test_rows_that_differ_in_a_column_with_an_underscore_are_two(tmp_path: Path) -> None:
    schema = (
        '[[context_features]]\nname = "shown"\ncolumn = "_shown"\n'
        'type = "FEATURE_TYPE_CATEGORICAL"\n'
    )
    path = tmp_path / "data.csv"
    path.write_text("user_id,item_id,_shown\na,x,1\na,x,2\na,x,2\nb,y,1\n")
    parsed = schema_file.parse(schema)

    found = clean(dataset.read(dataset.locate(path, parsed.source)), parsed, NOW)

    assert counts(found)["duplicate_event"] == (1, 0)


def test_good_rows_are_kept_as_they_are(tmp_path: Path) -> None:
    result = cleaned(tmp_path, GOOD)

    assert counts(result) == {}
    assert (result.report.rows_read, result.report.rows_kept) == (4, 4)
    events = result.tables.events
    assert events.positive.tolist() == [True, False, True, False]
    assert result.tables.item_features.numeric[:, 0].tolist() == [1.5, 2.0]
    assert result.tables.item_features.multi_valued[0, 0].tolist() == ["red", "blue"]


@pytest.mark.parametrize(
    ("line", "rule", "change"),
    [
        ("a,x,rating,5,1600000009,1.5,red|blue,extra", "unreadable_row", (1, 0)),
        (" a,x,rating,5,1600000009,1.5,red|blue", "trimmed_id", (0, 1)),
        (",x,rating,5,1600000009,1.5,red|blue", "missing_id", (1, 0)),
        ("a, ,rating,5,1600000009,1.5,red|blue", "missing_id", (1, 0)),
        ("a,x\0y,rating,5,1600000009,1.5,", "malformed_id", (1, 0)),
        (f"a,{'x' * 257},rating,5,1600000009,1.5,", "oversized_id", (1, 0)),
        ("a,x,wave,5,1600000009,1.5,red|blue", "unknown_event_type", (1, 0)),
        ("a,x,rating,five,1600000009,1.5,red|blue", "bad_value", (1, 0)),
        ("a,x,rating,inf,1600000009,1.5,red|blue", "bad_value", (1, 0)),
        ("a,x,rating,NaN,1600000009,1.5,red|blue", "missing_value", (1, 0)),
        ("a,x,rating,,1600000009,1.5,red|blue", "missing_value", (1, 0)),
        ("a,x", "unknown_event_type", (1, 0)),
        ("a,x,rating,5,soon,1.5,red|blue", "bad_time", (1, 0)),
        ("a,x,rating,5,,1.5,red|blue", "bad_time", (1, 0)),
        ("a,x,rating,5,-5,1.5,red|blue", "impossible_time", (1, 0)),
        ("a,x,rating,5,1700100000,1.5,red|blue", "impossible_time", (1, 0)),
        ("a,x,rating,2,1600000000,1.5,red|blue", "duplicate_event", (1, 0)),
        ("a,z,rating,5,1600000009,cheap,red", "bad_feature", (0, 1)),
        ("a,x,rating,5,1600000009,9,red|blue", "conflicting_feature", (0, 1)),
        ("a,z,rating,5,1600000009,1," + "|".join("abcdefghijklmnopq"), "long_multi_valued", (0, 1)),
    ],
)  # fmt: skip
def test_a_bad_row_is_counted_under_its_rule(
    tmp_path: Path, line: str, rule: str, change: tuple[int, int]
) -> None:
    result = cleaned(tmp_path, [*GOOD, line])

    assert counts(result) == {rule: change}
    assert result.report.rows_read == 5
    assert result.report.rows_kept == 5 - change[0]
    shown = next(entry for entry in result.report.rules if entry.name == rule)
    assert shown.examples
    assert shown.description


def test_times_are_read_in_any_unit_and_iso_8601(tmp_path: Path) -> None:
    lines = [
        "a,x,rating,5,1600000000,1,",
        "a,y,rating,5,1600000001000,1,",
        "a,z,rating,5,1600000002000000,1,",
        "a,v,rating,5,1600000003000000000,1,",
        "b,x,rating,1,2020-09-13T12:26:44Z,1,",
        "b,y,rating,5,2020-09-13 12:26:45,1,",
        "b,z,rating,5,2020-09-13 12:26:46 UTC,1,",
    ]

    times = cleaned(tmp_path, lines).tables.events.time

    assert times.tolist() == [1_600_000_000 + second for second in range(7)]


def test_event_types_mean_the_same_in_any_spelling(tmp_path: Path) -> None:
    words = ["page_view", "Page-View", "PAGE VIEW", " page.view "]
    lines = [f"{'ab'[n % 2]},i{n},{word},1,{1600000000 + n},1," for n, word in enumerate(words)]
    schema = SCHEMA + '[[event_types]]\nname = "page_view"\n'

    result = cleaned(tmp_path, [*lines, "a,x,_,1,1600000009,1,"], schema)

    assert result.tables.events.type.tolist() == [2] * 4
    assert counts(result) == {"unknown_event_type": (1, 0)}


def test_yes_and_no_are_the_values_of_a_label(tmp_path: Path) -> None:
    lines = [
        f"{user},{item},rating,{word},1600000000,1,"
        for user, item, word in [("a", "x", "Yes"), ("a", "y", "no"), ("b", "x", "TRUE")]
    ]
    schema = '[[event_types]]\nname = "rating"\npositive_at_least = 0.5\n'

    assert cleaned(tmp_path, lines, schema).tables.events.positive.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "no rows"),
        ([",x,rating,5,1600000000,1,"], "nothing is left"),
        (["a,x,rating,5,1600000000,1,", "a,y,rating,1,1600000001,1,"], "single user"),
        (["a,x,rating,5,1600000000,1,", "b,x,rating,1,1600000001,1,"], "single item"),
        (["a,x,rating,1,1600000000,1,", "b,y,rating,1,1600000001,1,"], "no event is positive"),
    ],
)
def test_data_that_nothing_can_be_learned_from_is_refused(
    tmp_path: Path, lines: list[str], told: str
) -> None:
    with pytest.raises(DatasetError, match=told):
        cleaned(tmp_path, lines)


def test_labels_that_are_all_positive_are_refused(tmp_path: Path) -> None:
    schema = '[[event_types]]\nname = "rating"\npositive_at_least = 0.5'

    with pytest.raises(DatasetError, match="all labels are the same"):
        cleaned(tmp_path, [GOOD[0], GOOD[2], "a,y,rating,5,1600000009,1,"], schema)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    schema = SCHEMA + '[source]\nuser_id_column = "userId"'

    with pytest.raises(SchemaError, match="no column 'userId'; it has user_id, item_id"):
        cleaned(tmp_path, GOOD, schema)


def test_items_in_the_items_file_are_known_without_events(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\na,x\na,y\nb,x\n")
    (tmp_path / "items.csv").write_text("item_id,price\nnew,3\nx,1\nx,2\n")
    schema = schema_pb2.Schema()
    schema.item_features.add(name="price", type=schema_pb2.FEATURE_TYPE_NUMERIC)
    files = dataset.locate(tmp_path, schema.source)

    result = clean(dataset.read(files), schema, NOW)

    assert result.tables.item_ids.tolist() == ["new", "x", "y"]
    assert counts(result) == {"duplicate_entry": (1, 0)}
    prices = result.tables.item_features.numeric[:, 0]
    assert prices[:2].tolist() == [3.0, 1.0]
    assert np.isnan(prices[2])


CELL = st.text(st.characters(codec="utf-8", exclude_characters='\r\n",\0'), max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL, CELL, CELL), max_size=8))
def test_whatever_the_cells_every_row_is_kept_or_counted(
    rows: list[tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [*GOOD, *(",".join(cells) for cells in rows)]

    result = cleaned(tmp_path_factory.mktemp("cells"), lines)

    dropped = sum(rule.dropped for rule in result.report.rules)
    assert result.report.rows_read == result.report.rows_kept + dropped
    assert len(result.tables.events) == result.report.rows_kept
    assert np.isfinite(result.tables.events.time).all()


def test_the_report_quotes_no_user_ids(tmp_path: Path) -> None:
    many = "|".join(map(str, range(17)))
    lines = [
        "user_id,item_id,value,timestamp,plan",
        "ann-1,x,5,1600000000,free",
        "ann-1,x,5,1600000000,free",
        "ann-1,x,5,1600000001,free",
        " ann-2,x,5,1600000002,free",
        "ann-2,y,five,1600000003,free",
        "ann-2,y,,1600000004,free",
        "ann-2,y,1,never,free",
        "ann-2,y,1,-4,free",
        "ann-3,y,1,1600000007,paid",
        "ann-3,z,1,1600000008,free",
        "ann-3,,1,1600000009,paid",
        "ann-\x00,x,1,1600000009,paid",
        f"ann-{'x' * 300},x,1,1600000009,paid",
        "ann-4,x,1,1600000009,paid,what",
    ]
    (tmp_path / "interactions.csv").write_text("\n".join(lines))
    (tmp_path / "users.csv").write_text(
        f"user_id,age,tags\n ann-1,old,{many}\nann-1,3,\nann-2,inf,{many}\n"
    )
    parsed = schema_file.parse(
        """
        [[event_types]]
        name = "rating"
        positive_at_least = 3.0
        [[user_features]]
        name = "age"
        type = "FEATURE_TYPE_NUMERIC"
        [[user_features]]
        name = "tags"
        type = "FEATURE_TYPE_MULTI_VALUED"
        [[user_features]]
        name = "plan"
        type = "FEATURE_TYPE_CATEGORICAL"
        """
    )
    raw = dataset.read(dataset.locate(tmp_path, parsed.source))

    rules = {rule.name: rule for rule in clean(raw, parsed, NOW).report.rules}

    noted = {name for name, rule in rules.items() if rule.examples}
    assert noted == {
        "unreadable_row", "trimmed_id", "missing_id", "malformed_id", "oversized_id", "bad_value",
        "missing_value", "bad_time", "impossible_time", "duplicate_event", "duplicate_burst",
        "bad_feature", "conflicting_feature", "long_multi_valued", "duplicate_entry",
    }  # fmt: skip
    assert not any("ann-" in example for rule in rules.values() for example in rule.examples)
    assert list(rules["bad_value"].examples) == ["row 5: item_id='y', value='five'"]
    assert list(rules["duplicate_entry"].examples) == ["row 2"]
    assert "a user: age='old'" in rules["bad_feature"].examples


RICH = """
[[event_types]]
name = "view"
[[item_features]]
name = "image"
type = "FEATURE_TYPE_VECTOR"
dimension = 2
[[item_features]]
name = "told"
type = "FEATURE_TYPE_TEXT"
[[item_features]]
name = "released"
type = "FEATURE_TYPE_TIMESTAMP"
[[item_features]]
name = "price"
type = "FEATURE_TYPE_NUMERIC"
[[item_features]]
name = "kind"
type = "FEATURE_TYPE_CATEGORICAL"
"""


def rich(folder: Path, items: pd.DataFrame, parquet: bool = False) -> Cleaned:
    """Cleans a dataset with these items, each of which has two events."""
    ids = items["item_id"]
    events = pd.DataFrame({"user_id": ["a"] * len(ids) + ["b"] * len(ids), "item_id": [*ids, *ids]})
    events.to_csv(folder / "interactions.csv", index=False)
    if parquet:
        items.to_parquet(folder / "items.parquet")
    else:
        items.to_csv(folder / "items.csv", index=False)
    schema = schema_file.parse(RICH)
    return clean(dataset.read(dataset.locate(folder, schema.source)), schema, NOW)


def test_features_of_every_type_stand_where_the_layout_says(tmp_path: Path) -> None:
    items = pd.DataFrame(
        {
            "item_id": ["x", "y"],
            "image": ["0.5|-1", ""],
            "told": [' A red, "fine" shoe ', ""],
            "released": ["1970-01-02T12:00:00Z", ""],
            "price": [3.5, None],
            "kind": ["shoe", ""],
        }
    )
    result = rich(tmp_path, items)

    assert counts(result) == {}
    features = result.tables.item_features
    np.testing.assert_array_equal(features.numeric, [[3.5, 1.5, 0.5, -1.0], [np.nan] * 4])
    assert features.categorical.tolist() == [["shoe", 'A red, "fine" shoe'], ["", ""]]
    assert (features.layout.numbers, features.layout.strings) == (4, 2)


@pytest.mark.parametrize(
    "cell",
    ["0.5|-1", "0.5,-1", "0.5;-1", "0.5 -1", "[0.5, -1]", "[ 0.5 -1. ]", "(0.5,-1)", "5e-1|-1.0"],
)
def test_a_vector_is_read_in_many_forms(tmp_path: Path, cell: str) -> None:
    items = pd.DataFrame({"item_id": ["x", "y"], "image": [cell, ""]})
    items = items.assign(told="", released="", price=1, kind="")
    result = rich(tmp_path, items)
    assert result.tables.item_features.numeric[0, 2:].tolist() == [0.5, -1.0]
    assert counts(result) == {}


@pytest.mark.parametrize(
    "cell", ["0.5", "0.5|1|2", "0.5|", "0.5|nan", "0.5|inf", "a|b", "[]", "1e99|1"]
)
def test_a_bad_vector_is_missing_and_counted(tmp_path: Path, cell: str) -> None:
    items = pd.DataFrame({"item_id": ["x", "y"], "image": [cell, "1|2"]})
    items = items.assign(told="", released="", price=1, kind="")
    result = rich(tmp_path, items)
    assert counts(result) == {"bad_feature": (0, 1)}
    assert np.isnan(result.tables.item_features.numeric[0, 2:]).all()
    assert result.tables.item_features.numeric[1, 2:].tolist() == [1, 2]


def test_lists_of_parquet_are_vectors(tmp_path: Path) -> None:
    images = [[0.5, -1.0], [0.1, float("nan")], [0.1, None], [0.1], None, []]
    items = pd.DataFrame({"item_id": list("uvwxyz"), "image": images})
    items = items.assign(told="", released=pd.Timestamp("2020-01-01"), price=1, kind="")
    result = rich(tmp_path, items, parquet=True)
    numbers = result.tables.item_features.numeric
    assert numbers[0].tolist() == [1, 18262, 0.5, -1]
    assert np.isnan(numbers[1:, 2:]).all()
    assert counts(result) == {"bad_feature": (0, 3)}


@pytest.mark.parametrize("cell", ["soon", "2020-99-99", "1e30", "inf"])
def test_a_bad_time_of_a_feature_is_missing_and_counted(tmp_path: Path, cell: str) -> None:
    items = pd.DataFrame({"item_id": ["x", "y"], "released": [cell, "1577836800000"]})
    items = items.assign(told="", image="", price=1, kind="")
    result = rich(tmp_path, items)
    assert counts(result) == {"bad_feature": (0, 1)}
    assert np.isnan(result.tables.item_features.numeric[0, 1])
    assert result.tables.item_features.numeric[1, 1] == 18262, "milliseconds"
