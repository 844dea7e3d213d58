"""What inspect makes of a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recserve.trainer import schema_file
from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection import inspect, toml_text
from recserve.v1 import schema_pb2

MOVIELENS = Path(__file__).parents[2] / "examples" / "movielens"


def flat(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Ids, features of the user, the item, the pair and the moment, a time and a label."""
    rng = np.random.default_rng(seed)
    users, items = rng.integers(0, 40, rows), rng.integers(0, 30, rows)
    return pd.DataFrame(
        {
            "customerId": [f"u{user}" for user in users],
            "Product ID": [f"i{item}" for item in items],
            "age": rng.integers(18, 80, 40)[users],
            "price": rng.gamma(2, 10, 30).round(2)[items],
            "distance": rng.normal(size=rows).round(4),
            "device": rng.choice(["phone", "web"], rows),
            "clicked": rng.integers(0, 2, rows),
            "ts": 1_600_000_000 + rng.permutation(rows) * 60,
        }
    )


def names(features: object) -> list[str]:
    return [feature.name for feature in features]  # type: ignore[attr-defined]


def test_columns_are_told_apart_by_what_they_depend_on(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    flat().to_csv(path, index=False)

    schema = inspect(path).schema

    assert schema.source.user_id_column == "customerId"
    assert schema.source.item_id_column == "Product ID"
    assert schema.source.timestamp_column == "ts"
    assert schema.source.value_column == "clicked"
    assert schema.event_types[0].positive_at_least == 0.5
    assert names(schema.user_features) == ["age"]
    assert names(schema.item_features) == ["price"]
    assert names(schema.candidate_features) == ["distance"]
    assert names(schema.context_features) == ["device"]


def test_a_parquet_file_is_read_like_the_csv(tmp_path: Path) -> None:
    flat().to_csv(tmp_path / "data.csv", index=False)
    flat().to_parquet(tmp_path / "data.parquet")

    assert inspect(tmp_path / "data.csv").schema == inspect(tmp_path / "data.parquet").schema


def test_a_column_without_evidence_belongs_to_the_pair(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = 60
    pd.DataFrame(
        {
            "user_id": [f"u{i}" for i in range(rows)],
            "item_id": [f"i{i}" for i in range(rows)],
            "f1": np.linspace(0, 1, rows),
            "label": [0, 1] * (rows // 2),
        }
    ).to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["f1"]


def test_nan_written_out_is_a_missing_number(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = flat()
    rows["distance"] = rows["distance"].astype(object)
    rows.loc[:200, "distance"] = "NaN"
    rows.to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["distance"]


def test_a_row_written_twice_is_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = pd.DataFrame(
        {"user_id": [f"u{i}" for i in range(60)], "item_id": "i1", "f1": np.linspace(0, 1, 60)}
    )
    rows["item_id"] = [f"i{i % 5}" for i in range(60)]
    rows["label"] = [i % 2 for i in range(60)]
    pd.concat([rows, rows]).to_csv(path, index=False)

    assert names(inspect(path).schema.candidate_features) == ["f1"]


def test_positions_in_the_history_are_no_clock(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame(
        {
            "user_id": ["a", "a", "a", "b", "b"],
            "item_id": ["x", "y", "z", "x", "z"],
            "timestamp": [1, 2, 3, 1, 2],
        }
    ).to_csv(path, index=False)

    source = inspect(path).schema.source

    assert source.timestamp_kind == schema_pb2.TIMESTAMP_KIND_SEQUENCE


def test_movielens_is_recognised_by_its_columns() -> None:
    found = inspect(MOVIELENS)

    source = found.schema.source
    assert (source.interactions_file, source.items_file) == ("ratings.csv", "movies.csv")
    assert names(found.schema.item_features) == ["genres"]
    assert not found.schema.event_types[0].HasField("positive_at_least")
    title = next(column for column in found.columns if column.column == "title")
    assert title.role == "left out"
    assert "unique" in title.reason


def test_the_proposal_reads_back_as_the_same_schema(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    flat().to_csv(path, index=False)
    found = inspect(path)

    assert schema_file.parse(toml_text.render(found)) == found.schema


def test_the_bundled_schema_is_what_inspect_proposes() -> None:
    assert schema_file.read(MOVIELENS / "schema.toml") == inspect(MOVIELENS).schema


LABELS = ["label", "target", "clicked", "y", "rating", "purchased", "is_click", "Label", "engaged",
          "label_binary", "recommended", "whatever"]  # fmt: skip


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("words", [("0", "1"), ("no", "yes"), ("False", "True"), ("-1", "1")])
def test_a_label_is_found_by_its_name_or_its_place(
    tmp_path: Path, name: str, words: tuple[str, str]
) -> None:
    rows = flat().drop(columns="ts").rename(columns={"clicked": name})
    rows[name] = [words[label] for label in rows[name]]
    rows.loc[:5, name] = "?"
    rows.to_csv(tmp_path / "data.csv", index=False)

    schema = inspect(tmp_path / "data.csv").schema

    assert schema.source.value_column == name
    assert schema.event_types[0].positive_at_least == 0.5
    assert names(schema.candidate_features) == ["distance"]


def test_ratings_without_times_tell_pairs_apart_by_their_better_half(tmp_path: Path) -> None:
    rows = flat().drop(columns=["ts", "clicked"])
    rows["stars"] = np.random.default_rng(1).integers(1, 6, len(rows))
    rows.to_csv(tmp_path / "data.csv", index=False)

    schema = inspect(tmp_path / "data.csv").schema

    assert schema.event_types[0].positive_at_least == 3.0
    assert names(schema.candidate_features) == ["distance"]


@pytest.mark.parametrize("time", ["ts", None])
def test_numbers_of_events_without_a_label_are_left_out(tmp_path: Path, time: str | None) -> None:
    rows = flat().drop(columns="clicked" if time else ["clicked", "ts"])
    rows.rename(columns={"distance": "amount"}).to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    assert names(found.schema.candidate_features) == []
    amount = next(column for column in found.columns if column.column == "amount")
    assert (amount.role, "without a label" in amount.reason) == ("left out", True)


@pytest.mark.parametrize(
    ("user", "item"),
    [
        ("reviewerID", "asin"),
        ("User-ID", "ISBN"),
        ("follower_id", "followee_id"),
        ("user_id", "target_user_id"),
        ("patient_id", "treatment_id"),
        ("device_id", "product"),
        ("customer", "merchant"),
    ],
)
def test_ids_are_found_by_many_names(tmp_path: Path, user: str, item: str) -> None:
    flat().rename(columns={"customerId": user, "Product ID": item}).to_csv(
        tmp_path / "data.csv", index=False
    )

    source = inspect(tmp_path / "data.csv").schema.source

    assert (source.user_id_column or "user_id") == user
    assert source.item_id_column == item


def test_what_tells_nothing_is_left_out_with_the_reason(tmp_path: Path) -> None:
    rows = flat()
    rows.insert(0, "", range(len(rows)))
    rows["transactionid"] = np.random.default_rng(1).integers(0, 200, len(rows))
    rows["session"] = [f"s{n % 100}" for n in range(len(rows))]
    rows["weekday"] = [f"d{n % 7}" for n in range(len(rows))]
    rows["date"] = ["31/12/2020"] * 300 + ["30/12/2020"] * 300
    rows["weight"] = [f"1,{n % 50}" for n in range(len(rows))]
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    reasons = {column.column: column.reason for column in found.columns}
    assert reasons[""].startswith("counts the rows")
    assert reasons["transactionid"].startswith("another id")
    assert reasons["session"].startswith("its values come too seldom")
    assert reasons["date"].startswith("a time in a form that is not read")
    assert reasons["weight"].startswith("numbers with a decimal comma")
    assert names(found.schema.context_features) == ["device", "weekday"]


def test_few_ids_are_a_set_and_no_numbers(tmp_path: Path) -> None:
    rows = flat()
    rows["category_id"] = [hash_ % 5 for hash_ in rows["Product ID"].str[1:].astype(int)]
    rows.to_csv(tmp_path / "data.csv", index=False)

    feature = inspect(tmp_path / "data.csv").schema.item_features[1]

    assert (feature.name, feature.type) == ("category_id", schema_pb2.FEATURE_TYPE_CATEGORICAL)


def test_long_names_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    rows = flat()
    stem = "how satisfied are you with the following aspects of your recent stay with us "
    for number, what in enumerate(("rooms", "food", "staff")):
        rows[stem + what] = [f"{what} {(n + number) % 3}" for n in range(len(rows))]
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv").schema
    features = [*found.user_features, *found.item_features, *found.context_features]
    alike = sorted(feature.name for feature in features if feature.name.startswith("how_sat"))

    assert len(set(alike)) == 3
    assert [name[-2:] for name in alike[:2]] == ["_2", "_3"]


def test_event_types_get_their_names_and_polarity_from_the_words(tmp_path: Path) -> None:
    rows = flat().drop(columns="clicked")
    words = ["Page-View", "add to cart", "Hide", "impression", "PAGE VIEW"]
    rows["action"] = [words[n % 5] for n in range(len(rows))]
    rows.loc[:3, "action"] = "42"
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    polarities = {event.name: event.polarity for event in found.schema.event_types}
    assert polarities == {
        "page_view": schema_pb2.POLARITY_UNSPECIFIED,
        "add_to_cart": schema_pb2.POLARITY_UNSPECIFIED,
        "hide": schema_pb2.POLARITY_NEGATIVE,
        "impression": schema_pb2.POLARITY_IMPRESSION,
    }
    assert schema_file.parse(toml_text.render(found)) == found.schema


def test_a_counter_named_timestamp_is_the_time(tmp_path: Path) -> None:
    rows = flat().rename(columns={"ts": "timestamp"})
    rows["timestamp"] = range(len(rows))
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    assert next(each.role for each in found.columns if each.column == "timestamp") == "time"


def test_a_proposal_has_no_more_features_than_a_schema_may(tmp_path: Path) -> None:
    rows = flat(100)
    numbers = np.random.default_rng(1).normal(size=(len(rows), 300)).round(3)
    wide = pd.DataFrame(numbers, columns=[f"x{n}" for n in range(300)])
    pd.concat([rows, wide], axis=1).to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    assert len(found.schema.candidate_features) == 256
    schema_file.validate(found.schema)
    assert found.columns[-1].reason.endswith("no room for more")


def catalogue(count: int = 60) -> pd.DataFrame:
    """Items with features of every type."""
    rng = np.random.default_rng(2)
    words = [f"word{n}" for n in range(50)]
    return pd.DataFrame(
        {
            "Product ID": [f"i{n}" for n in range(count)],
            "summary": [" ".join(rng.choice(words, 9)).capitalize() + "." for _ in range(count)],
            "image": [rng.normal(size=8).astype(np.float32).tolist() for _ in range(count)],
            "audio": [str(rng.normal(size=3).round(2).tolist()) for _ in range(count)],
            "released": [f"20{n % 20:02}-03-04" for n in range(count)],
            "created_at": 1_500_000_000 + rng.integers(0, 10**8, count),
            "sold": 1_500_000_000 + rng.integers(0, 10**8, count),
            "title": [f"{words[n % 50]} {n}" for n in range(count)],
            "tags": [[1, 2] if n % 2 else [2, 3] for n in range(count)],
            "aisle": [f"the things of aisle {n % 4}" for n in range(count)],
        }
    )


def test_texts_times_and_vectors_of_items_are_proposed(tmp_path: Path) -> None:
    flat().to_csv(tmp_path / "interactions.csv", index=False)
    catalogue().to_parquet(tmp_path / "items.parquet")

    found = inspect(tmp_path)

    proposed = {
        feature.name: (schema_pb2.FeatureType.Name(feature.type)[13:].lower(), feature.dimension)
        for feature in found.schema.item_features
    }
    assert proposed == {
        "price": ("numeric", 0),
        "summary": ("text", 0),
        "image": ("vector", 8),
        "audio": ("vector", 3),
        "released": ("timestamp", 0),
        "created_at": ("timestamp", 0),
        "sold": ("numeric", 0),
        "tags": ("multi_valued", 0),
        "aisle": ("categorical", 0),
    }
    reasons = {column.column: column.reason for column in found.columns}
    assert reasons["title"].startswith("nearly unique")
    assert schema_file.parse(toml_text.render(found)) == found.schema


def test_what_may_be_known_only_after_an_event_is_left_out(tmp_path: Path) -> None:
    rows, rng = flat(), np.random.default_rng(3)
    rows["review"] = [" ".join(rng.choice(list("abcdefgh"), 12)) for _ in range(len(rows))]
    rows["delivery_date"] = [f"2021-0{1 + n % 9}-11" for n in range(len(rows))]
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    columns = {column.column: (column.role, column.reason) for column in found.columns}
    for name in ("review", "delivery_date"):
        role, reason = columns[name]
        assert role == "left out"
        assert "declare it as a context feature" in reason


def test_vectors_are_proposed_only_as_far_as_a_schema_has_room(tmp_path: Path) -> None:
    flat().to_csv(tmp_path / "interactions.csv", index=False)
    items = catalogue()[["Product ID"]]
    for name in ("a", "b", "c"):
        items[name] = [np.full(3000, 0.25).tolist()] * len(items)
        items.at[0, name] = np.full(3000, 0.75).tolist()
    items["d"] = [np.full(5000, 0.25 + n).tolist() for n in range(len(items))]
    items.to_parquet(tmp_path / "items.parquet")

    found = inspect(tmp_path)

    assert names(found.schema.item_features) == ["price", "a", "b"]
    reasons = {column.column: column.reason for column in found.columns}
    assert "more than 8192 numbers" in reasons["c"]
    assert "more than 4096 numbers" in reasons["d"]
    schema_file.validate(found.schema)


def test_a_file_without_ids_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame({"colour": ["red"], "size": [1]}).to_csv(path, index=False)

    with pytest.raises(DatasetError, match="user_id"):
        inspect(path)


def test_a_tenth_of_garbage_changes_no_column(tmp_path: Path) -> None:
    rows = flat().rename(columns={"clicked": "rating"})
    rows["rating"] = np.random.default_rng(1).integers(1, 6, len(rows))
    rows.to_csv(tmp_path / "clean.csv", index=False)
    garbage = np.random.default_rng(2).random(rows.shape) < 0.1
    rows.astype(object).mask(garbage, "?").to_csv(tmp_path / "data.csv", index=False)

    clean, found = inspect(tmp_path / "clean.csv"), inspect(tmp_path / "data.csv")

    assert clean.schema.source == found.schema.source
    value = next(column for column in found.columns if column.role == "value")
    assert "% of the cells are no numbers" in value.reason


def test_a_value_that_is_half_words_is_still_the_value(tmp_path: Path) -> None:
    """Cleaning counts the words and stops; a set of strings would be learned from in silence."""
    rows = flat().rename(columns={"clicked": "rating"})
    rows["rating"] = ["great" if n % 2 else str(n % 5) for n in range(len(rows))]
    rows.to_csv(tmp_path / "data.csv", index=False)

    found = inspect(tmp_path / "data.csv")

    assert found.schema.source.value_column == "rating"
    (value,) = (column for column in found.columns if column.role == "value")
    assert value.reason == "numbers, and the name; 50.0% of the cells are no numbers"
