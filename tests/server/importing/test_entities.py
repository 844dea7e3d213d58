"""Items and users: their features, and which of two entries stands."""

from pathlib import Path

import pandas as pd

from recserve.server.catalogue import ItemRecord, UserRecord
from recserve.server.importing import import_dataset
from server.importing.imported import left_out, storage, stored_events, write

RICH = """
[[event_types]]
name = "click"
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
[[context_features]]
name = "search"
type = "FEATURE_TYPE_TEXT"
[[context_features]]
name = "at"
type = "FEATURE_TYPE_TIMESTAMP"
"""


def test_features_are_taken_from_where_they_are(folder: Path, url: str) -> None:
    schema = """
        [[event_types]]
        name = "click"
        [[user_features]]
        name = "age"
        type = "FEATURE_TYPE_NUMERIC"
        [[user_features]]
        name = "city"
        type = "FEATURE_TYPE_CATEGORICAL"
        column = "town"
        [[item_features]]
        name = "tags"
        type = "FEATURE_TYPE_MULTI_VALUED"
        separator = ";"
        [[context_features]]
        name = "hour"
        type = "FEATURE_TYPE_NUMERIC"
    """
    write(
        folder,
        schema_toml=schema,
        users_csv="user_id,age\nann,30\nbob,old\ncid,\n",
        interactions_csv=(
            "user_id,item_id,town,tags,hour\n"
            "ann,tea,,hot; green;,3\nann,tea,Ulm,cold,\nbob,cup,Köln,,4\ndan,jar,Ulm,,5\n"
        ),
    )
    report = import_dataset(folder, url)

    with storage(url) as (_, catalogue):
        users = {name: catalogue.get_user(name) for name in ("ann", "bob", "cid", "dan")}
        tea = catalogue.get_item("tea")
    assert users == {
        "ann": UserRecord("ann", {"age": 30.0, "city": "Ulm"}),
        "bob": UserRecord("bob", {"city": "Köln"}),
        "cid": UserRecord("cid"),
        "dan": UserRecord("dan", {"city": "Ulm"}),
    }
    assert tea == ItemRecord("tea", {"tags": ("hot", "green")})
    assert [each.context for each in stored_events(url)] == [
        {"hour": 3.0},
        {},
        {"hour": 4.0},
        {"hour": 5.0},
    ]
    assert left_out(report) == {"bad_feature": 1}
    assert report.examples["bad_feature"] == "row 2: age='old'"


def test_times_texts_and_vectors_are_read(folder: Path, url: str) -> None:
    write(
        folder,
        schema_toml=RICH,
        items_csv="item_id,image,told,released\n"
        'a,"[0.1, -2]"," Green tea, loose ",1970-01-02\n'
        "b,0.1|x,,soon\n"
        "c,1 2 3,fine,1577836800000\n"
        "d,,,\n",
        interactions_csv="user_id,item_id,search,at\nann,a,red shoe,1970-01-01T01:00Z\nann,b,,\n",
    )
    report = import_dataset(folder, url)
    with storage(url) as (_, catalogue):
        found = {item: catalogue.get_item(item) for item in "abcd"}
    assert {item: record and dict(record.features) for item, record in found.items()} == {
        "a": {"image": (0.1, -2.0), "told": "Green tea, loose", "released": 86_400.0},
        "b": {},
        "c": {"told": "fine", "released": 1_577_836_800.0},
        "d": {},
    }
    contexts = [dict(event.context) for event in stored_events(url)]
    assert contexts == [{"search": "red shoe", "at": 3600.0}, {}]
    assert report.left_out == {"bad_feature": 3}


def test_vectors_of_parquet_are_read_whatever_the_separator(folder: Path, url: str) -> None:
    write(folder, schema_toml=RICH.replace("dimension = 2", 'dimension = 2\nseparator = ","'))
    images = [[0.1, 0.2], [0.1, None], [float("nan"), 1.0], [0.5]]
    items = pd.DataFrame({"item_id": list("abcd"), "image": images})
    items.assign(told="", released=pd.Timestamp("2020-01-01")).to_parquet(folder / "items.parquet")
    write(folder, interactions_csv="user_id,item_id,search,at\nann,a,,\n")
    report = import_dataset(folder, url)
    with storage(url) as (_, catalogue):
        records = [catalogue.get_item(item) for item in "abcd"]
    assert [record and record.features.get("image") for record in records] == [
        (0.1, 0.2),
        None,
        None,
        None,
    ]
    assert report.left_out == {"bad_feature": 3}


def test_of_two_entries_for_an_item_the_first_stands(folder: Path, url: str) -> None:
    write(
        folder,
        schema_toml='[[item_features]]\nname = "price"\ntype = "FEATURE_TYPE_NUMERIC"\n',
        interactions_csv="user_id,item_id\nann,tea\n",
        items_csv="item_id,price\ntea,1\ntea,2\n,3\n",
    )
    report = import_dataset(folder, url)

    assert left_out(report) == {"duplicate_entry": 1, "missing_id": 1}
    with storage(url) as (_, catalogue):
        assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 1.0})


def test_items_known_only_from_events_leave_the_catalogues_entry_alone(
    folder: Path, url: str
) -> None:
    with storage(url) as (_, catalogue):
        catalogue.put_items([ItemRecord("tea", {"price": 1.0}, available=False)])

    import_dataset(write(folder, interactions_csv="user_id,item_id\nann,tea\nann,cup\n"), url)

    with storage(url) as (_, catalogue):
        assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 1.0}, available=False)
        assert catalogue.item_ids() == ["cup", "tea"]
