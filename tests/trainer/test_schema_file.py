"""What a schema.toml may say."""

import pytest

from recserve.trainer import schema_file, warm_start
from recserve.trainer.errors import SchemaError, WarmStartError

VECTOR = """
[[{}_features]]
name = "{}"
type = "FEATURE_TYPE_VECTOR"
dimension = {}
"""


def test_a_schema_reads_back_as_the_message() -> None:
    schema = schema_file.parse(
        """
        accepts_other_event_types = true
        [[event_types]]
        name = "rating"
        weight = 2
        positive_at_least = 4.0
        [[item_features]]
        name = "genres"
        type = "FEATURE_TYPE_MULTI_VALUED"
        [source]
        timestamp_kind = "TIMESTAMP_KIND_SEQUENCE"
        """
    )

    assert schema.accepts_other_event_types
    assert schema.event_types[0].positive_at_least == 4.0
    assert schema.item_features[0].name == "genres"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[event_types]]\nnmae = "click"', "nmae"),
        ('[sources]\nvalue_column = "x"', "sources"),
        ('[[item_features]]\nname = "a"\ntype = "NUMBER"', "NUMBER"),
        ('[[event_types]]\nname = "Click"', "Click"),
        ('[[event_types]]\nname = "a"\n[[event_types]]\nname = "a"', "2 times"),
        ('[[event_types]]\nname = "a"\nweight = 0.0', "weight"),
        ('[[item_features]]\nname = "a"', "item_features.a has no type.*FEATURE_TYPE_VECTOR"),
        ('[[item_features]]\nname = "a"\ntype = "FEATURE_TYPE_VECTOR"', "dimension is 0"),
        (VECTOR.format("item", "a", 4097), "1 to 4096"),
        (VECTOR.format("item", "a", -1), "1 to 4096"),
        (
            "".join(VECTOR.format("user", name, 4096) for name in "abc"),
            "user_features come to 12288 numbers, vectors included; at most 8192",
        ),
        (
            '[[item_features]]\nname="a"\ntype="FEATURE_TYPE_TEXT"\ndimension=3',
            "vector features only",
        ),
        (
            '[[item_features]]\nname="a"\ntype="FEATURE_TYPE_TEXT"\nseparator=","',
            "separator is for",
        ),
        (VECTOR.format("candidate", "a", 3), "must be numeric"),
        (
            '[[candidate_features]]\nname = "a"\ntype = "FEATURE_TYPE_CATEGORICAL"',
            "must be numeric",
        ),
        ("not toml", "schema.toml"),
    ],
)
def test_a_bad_schema_is_refused_and_the_culprit_named(text: str, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        schema_file.parse(text)


def test_the_digest_follows_the_content() -> None:
    one = schema_file.parse('[[event_types]]\nname = "a"')
    same = schema_file.parse("event_types = [{ name = 'a' }]")
    other = schema_file.parse('[[event_types]]\nname = "b"')

    assert schema_file.digest(one) == schema_file.digest(same) != schema_file.digest(other)


def test_the_digest_tells_types_and_dimensions_apart() -> None:
    types = ("FEATURE_TYPE_TEXT", "FEATURE_TYPE_TIMESTAMP", "FEATURE_TYPE_CATEGORICAL")
    texts = [f'[[item_features]]\nname = "a"\ntype = "{each}"' for each in types]
    texts += [VECTOR.format("item", "a", dimension) for dimension in (3, 4)]
    assert len({schema_file.digest(schema_file.parse(text)) for text in texts}) == len(texts)


def test_a_vector_of_another_dimension_is_no_base_for_a_warm_start() -> None:
    three, four = (schema_file.parse(VECTOR.format("item", "a", n)) for n in (3, 4))
    with pytest.raises(WarmStartError, match=r"a \(FEATURE_TYPE_VECTOR of 3\)"):
        warm_start.check_schema(three, four)
