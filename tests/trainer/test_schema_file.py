"""What a schema.toml may say."""

import pytest

from recserve.trainer import schema_file
from recserve.trainer.errors import SchemaError


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
        ('[[item_features]]\nname = "a"', "FEATURE_TYPE_UNSPECIFIED"),
        ('[[item_features]]\nname = "a"\ntype = "FEATURE_TYPE_TEXT"', "FEATURE_TYPE_TEXT"),
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
