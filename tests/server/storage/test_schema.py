"""Schemas: read, checked, looked up."""

import json
from pathlib import Path

import pytest

from recserve.server.errors import InvalidSchema
from recserve.server.schema import DeclaredSchema, declare, load_schema, schema_from_json
from recserve.v1 import schema_pb2

GOOD = """
[[event_types]]
name = "click"

[[event_types]]
name = "rating"
weight = 2.0
positive_at_least = 4

[[user_features]]
name = "age"
type = "FEATURE_TYPE_NUMERIC"

[[item_features]]
name = "genres"
type = "FEATURE_TYPE_MULTI_VALUED"
column = "genre_list"

[[item_features]]
name = "kind"
type = "FEATURE_TYPE_CATEGORICAL"

[source]
user_id_column = "userId"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "schema.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_schema_file_is_read_with_its_defaults_filled_in(tmp_path: Path) -> None:
    schema = load_schema(written(tmp_path, GOOD))

    assert [each.weight for each in schema.event_types] == [1.0, 2.0]
    assert schema.user.numeric == ("age",)
    assert schema.item.multi_valued == ("genres",)
    assert schema.item.strings == ("kind",)
    genres = schema.item.get("genres")
    assert genres is not None
    assert (genres.column, genres.separator) == ("genre_list", "|")
    assert schema.item.get("age") is None
    assert schema.message.source.user_id_column == "userId"


def test_polarity_and_threshold_say_which_events_are_positive(schema: DeclaredSchema) -> None:
    assert schema.is_positive("click", None)
    assert schema.is_positive("rating", 4.0)
    assert schema.is_positive("rating", None)
    assert not schema.is_positive("rating", 3.9)
    assert not schema.is_positive("return", None)
    assert not schema.is_positive("impression", None)
    assert not schema.is_positive("undeclared", None)


def test_indices_weights_and_impressions_are_looked_up_by_name(schema: DeclaredSchema) -> None:
    assert [schema.event_type_index(name) for name in ("click", "impression", "x")] == [0, 4, None]
    assert [schema.weight(name) for name in ("click", "purchase", "x")] == [1.0, 5.0, 0.0]
    assert schema.impression_types == {"impression"}
    assert schema.is_impression("impression")
    assert not schema.is_impression("click")
    assert schema.accepts("click")
    assert not schema.accepts("undeclared")


def test_an_empty_schema_accepts_every_well_formed_type_as_a_positive_of_weight_one() -> None:
    schema = schema_from_json("{}")

    assert schema.is_open
    assert schema.accepts("anything_1")
    assert not schema.accepts("Anything")
    assert not schema.accepts("a" * 64)
    assert not schema.accepts("click\n")
    assert schema.is_positive("anything", -3.0)
    assert schema.weight("anything") == 1.0
    assert schema.event_type_index("anything") is None


def test_the_digest_depends_on_the_content_alone(tmp_path: Path) -> None:
    schema = load_schema(written(tmp_path, GOOD))
    same = schema_from_json(schema.to_json())
    other = schema_from_json('{"event_types": [{"name": "click"}]}')

    assert same.digest == schema.digest
    assert len(schema.digest) == 64
    assert other.digest != schema.digest
    assert json.loads(other.to_json()) == {"event_types": [{"name": "click"}]}


def test_the_message_is_a_copy(schema: DeclaredSchema) -> None:
    digest = schema.digest
    schema.message.event_types[0].name = "changed"

    assert schema.message.event_types[0].name == "click"
    assert schema_from_json(schema.to_json()).digest == digest


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("event_typos = 1", "event_typos"),
        ('[[event_types]]\nname = "click"\nwieght = 2', "wieght"),
        ('[[event_types]]\nname = "click"\npolarity = "GOOD"', "polarity"),
        ("[[event_types]]\nname = 3", "name"),
        ("event_types = 3", "event_types"),
        ("x = 1979-05-27", "x"),
        ("[[event_types", "TOML"),
    ],
)
def test_a_file_that_is_not_a_schema_is_refused_with_file_and_place(
    tmp_path: Path, text: str, named: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(InvalidSchema) as refused:
        load_schema(path)

    assert str(path) in refused.value.message
    assert named in refused.value.message


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidSchema, match=r"schema\.toml: cannot be read"):
        load_schema(tmp_path / "schema.toml")


VECTOR = {"name": "v", "type": "FEATURE_TYPE_VECTOR"}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"event_types": [{"name": "Click"}]}, r"event_types\[0\]: name 'Click' must match"),
        ({"event_types": [{"name": "a" * 64}]}, "must match"),
        ({"event_types": [{"name": "a"}, {"name": "a"}]}, r"event_types\[1\]: name 'a' is there"),
        ({"event_types": [{"name": "a", "weight": 0}]}, "weight 0 must be above 0"),
        ({"event_types": [{"name": "a", "weight": 1001}]}, "at most 1000"),
        ({"event_types": [{"name": "a", "weight": "NaN"}]}, "weight nan"),
        ({"event_types": [{"name": "a", "positive_at_least": "Infinity"}]}, "must be finite"),
        (
            {
                "event_types": [
                    {"name": "a", "polarity": "POLARITY_NEGATIVE", "positive_at_least": 1}
                ]
            },
            "for positive types only",
        ),
        ({"event_types": [{"name": f"a{n}"} for n in range(65)]}, "at most 64 are allowed"),
        ({"user_features": [{"name": "age"}]}, "type is missing"),
        ({"user_features": [VECTOR]}, "dimension 0 must be 1 to 4096"),
        ({"user_features": [{**VECTOR, "dimension": 4097}]}, "dimension 4097 must be 1 to 4096"),
        (
            {"item_features": [{**VECTOR, "name": f"v{n}", "dimension": 4096} for n in range(3)]},
            "item_features: 12288 numbers, vectors included, at most 8192",
        ),
        ({"user_features": [{"name": "age", "type": 42}]}, "type 42 is unknown"),
        (
            {"item_features": [{"name": "p", "type": "FEATURE_TYPE_NUMERIC", "separator": ","}]},
            "separator is for FEATURE_TYPE_MULTI_VALUED and FEATURE_TYPE_VECTOR only",
        ),
        (
            {"item_features": [{"name": "p", "type": "FEATURE_TYPE_NUMERIC", "dimension": 3}]},
            "dimension is for",
        ),
        (
            {"candidate_features": [{"name": "p", "type": "FEATURE_TYPE_CATEGORICAL"}]},
            r"candidate_features\[0\]: must be FEATURE_TYPE_NUMERIC",
        ),
    ],
)
def test_a_schema_that_breaks_a_rule_is_refused_with_the_place(
    fields: dict[str, object], fault: str
) -> None:
    with pytest.raises(InvalidSchema, match=fault):
        schema_from_json(json.dumps(fields))


def test_every_fault_is_named_at_once() -> None:
    message = schema_pb2.Schema()
    message.event_types.add(name="A")
    message.event_types.add(name="B")

    with pytest.raises(InvalidSchema, match=r"manifest: .*'A'.*; .*'B'"):
        declare(message, origin="manifest")


def test_an_open_schema_may_declare_types_and_accepts_others() -> None:
    schema = schema_from_json(
        '{"event_types": [{"name": "buy", "weight": 3}], "accepts_other_event_types": true}'
    )
    assert schema.is_open
    assert schema.accepts("buy")
    assert schema.accepts("anything")
    assert not schema.accepts("Not a name")
    assert (schema.weight("buy"), schema.weight("anything")) == (3.0, 1.0)
    assert schema.is_positive("anything", None)
    assert (schema.event_type_index("buy"), schema.event_type_index("anything")) == (0, None)
    assert schema_from_json(schema.to_json()).digest == schema.digest


def test_the_switches_of_cleaning_are_kept_for_the_trainer(tmp_path):
    path = tmp_path / "schema.toml"
    path.write_text('[cleaning]\ndisabled_rules = ["bot_rate"]\nburst_seconds = 2.5\n')
    schema = load_schema(path)
    assert schema.message.cleaning.burst_seconds == 2.5
    assert schema.message.cleaning.disabled_rules == ["bot_rate"]
