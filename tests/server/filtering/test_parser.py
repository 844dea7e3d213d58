"""What filters mean, and how those that mean nothing are refused."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.server.filtering import FilterError, ItemFilter, parse_filter
from recserve.server.filtering.parser import MAX_DEPTH, MAX_RESTRICTIONS
from recserve.server.schema import FeatureList
from server.filtering.shop import FEATURES, ITEMS, columns, holds


def found(text: str) -> str:
    """The items that a filter lets through."""
    parsed = parse_filter(text, FEATURES)
    assert parsed is not None
    mask = parsed.condition.mask(columns())
    return " ".join(item_id for item_id, is_in in zip(ITEMS, mask, strict=True) if is_in)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("price > 2", "tea cup"),
        ("price>=2.5", "tea cup"),
        ("price < 1", "sale"),
        ("price <= 1.0e0", "cola sale"),
        ("price = 9.99", "cup"),
        ("price != 9.99", "tea cola gift sale"),
        ("price > -.5", "tea cola cup sale"),
        ("price = false", "sale"),
        ('kind = "drink"', "tea cola"),
        ("kind='drink'", "tea cola"),
        ("kind = drink", "tea cola"),
        ("kind:drink", "tea cola"),
        ("kind != drink", "cup gift sale"),
        ("kind = true", "sale"),
        ('kind = "TRUE"', ""),
        ("tags:hot", "tea"),
        ("tags:Sci-Fi", "sale"),
        ("NOT tags:hot", "cola cup gift sale"),
        ("-tags:hot", "cola cup gift sale"),
        ("tags:*", "tea cola sale"),
        ("tags = null", "cup gift"),
        ('tags:"null"', "sale"),
        ("year:*", "tea cup"),
        ("year = null", "cola gift sale"),
        ("year != null", "tea cup"),
        ("year < 3000", "tea cup"),
        ("kind:*", "tea cola cup sale"),
        ("since > 2023-11-01", "cup"),
        ('since = "1970-01-01T01:00+01:00"', "gift"),
        ("since <= 1700000000", "cup gift"),
        ("since != 0", "tea cola cup sale"),
        ("since:*", "cup gift"),
        ("price > 1 AND kind = drink", "tea"),
        ("price > 5 OR tags:cold", "cola cup"),
        # OR binds closer than AND, as AIP-160 has it.
        ("kind = drink AND tags:hot OR tags:cold", "tea cola"),
        ("kind = thing OR kind = drink AND price > 2", "tea cup"),
        ("kind = thing OR (kind = drink AND price > 2)", "tea cup"),
        ("(kind = drink AND tags:hot) OR price > 9", "tea cup"),
        ("NOT (kind = drink OR price > 5)", "gift sale"),
        ("-(kind = drink)", "cup gift sale"),
        ("NOT NOT kind = drink", "tea cola"),
        ("NOT kind = drink AND price > 5", "cup"),
        (" \n kind\t=\ndrink ", "tea cola"),
    ],
)
def test_a_filter_lets_through(text: str, items: str) -> None:
    assert found(text) == items


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_filter_asks_for_nothing(text: str) -> None:
    assert parse_filter(text, FEATURES) is None


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        (
            "colour = red",
            1,
            "no feature 'colour'; they have price, year, kind, tags, since, told, image",
        ),
        ("since > soon", 9, "'since' is a time, and 'soon' is none"),
        ("since:2023-11-01", 6, "'since' is a time: compare with ="),
        ("told = all", 6, "'told' is of a type without filters"),
        ("image:*", 6, "'image' is of a type without filters"),
        ("kind = drink AND prise > 3", 18, "did you mean 'price'"),
        ("kind drink", 6, "expected =, !=, <, <=, >, >= or : after 'kind'"),
        ("kind", 5, "and not the end"),
        ("kind =", 7, "expected a value after '=', and not the end"),
        ("kind = AND", 8, "expected a value"),
        ("kind = (drink)", 8, "expected a value"),
        ("= 3", 1, "expected the name of a feature"),
        ('"kind" = drink', 1, "expected the name of a feature"),
        ("AND price > 3", 1, "expected the name of a feature, and not 'AND'"),
        ("price > 3 AND", 14, "expected the name of a feature, and not the end"),
        ("price > 3 kind = drink", 11, "expected AND or OR before 'kind'"),
        ("(price > 3", 11, "expected AND, OR or ) and not the end"),
        ("price > 3)", 10, "no opening parenthesis"),
        ("()", 2, "expected the name of a feature"),
        ('price > "3"', 9, "is a number, and '3' is none"),
        ("price > cheap", 9, "'cheap' is none"),
        ("price > nan", 9, "'nan' is none"),
        ("price > 1e999", 9, "too large"),
        ("price : 3", 7, "compare with ="),
        ("kind < drink", 6, "compare with = or !="),
        ("tags = hot", 6, "ask for one with :"),
        ("price > null", 7, "use = or != with null"),
        ("kind = *", 6, "use : with *"),
        ('kind = "drink', 8, "no closing quote"),
        ("kind = drink, price > 3", 13, "',' cannot stand here"),
        ("price > 3 and kind = drink", 11, "expected AND or OR before 'and'"),
    ],
)
def test_a_bad_filter_is_refused_with_the_place(text: str, position: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, FEATURES)
    assert str(caught.value).startswith(f"at character {position}: ")
    assert message in str(caught.value)


def test_without_declared_features_it_says_so() -> None:
    with pytest.raises(FilterError, match="the schema declares none for items"):
        parse_filter("price > 3", FeatureList())


def test_escapes_stand_for_themselves() -> None:
    parsed = parse_filter(r'kind = "a \"b\" \\ c"', FEATURES)
    assert parsed is not None
    assert parsed.condition.mask(columns({"x": {"kind": 'a "b" \\ c'}})).tolist() == [True]


def test_two_ways_to_write_one_filter_are_one_filter() -> None:
    one = parse_filter("kind='drink'  AND (price>1)", FEATURES)
    other = parse_filter('kind = "drink" AND price > 1.0', FEATURES)
    assert one is not None
    assert other is not None
    assert one.text == other.text


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2000 + "price > 1",
        "NOT " * 500 + "price > 1",
        "-" * 2000,
        " OR ".join(["price > 1"] * (MAX_RESTRICTIONS + 1)),
        '"' + "\\" * 2000,
        "'" + "x" * 2000,
        "price > " + "9" * 2000,
        " " * 2000 + "!",
        "price > 1 " + "(" * 1000,
    ],
)
def test_hostile_filters_are_refused_quickly_and_in_few_words(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(FilterError) as caught:
        parse_filter(text, FEATURES)
    assert time.perf_counter() - start < 0.1
    assert len(str(caught.value)) < 200


def test_what_is_within_the_limits_is_read() -> None:
    deep = "(" * MAX_DEPTH + "price > 1" + ")" * MAX_DEPTH
    assert found(deep) == "tea cup"
    assert found(" OR ".join(["price > 1"] * MAX_RESTRICTIONS)) == "tea cup"


def read(text: str) -> ItemFilter | None:
    """A filter, or None for what is none; every refusal names a place in the text."""
    try:
        return parse_filter(text, FEATURES)
    except FilterError as error:
        refused = error
    assert 0 <= refused.position <= len(text)
    return None


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    read(text)


SIGNS = [*"()-:=<>*", "!=", "AND", "OR", "NOT"]
WORDS = st.sampled_from([*SIGNS, "price", "kind", "tags", "3", "'a'"])


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_what_is_read_writes_itself_so_that_it_is_read_again(text: str) -> None:
    parsed = read(text)
    if parsed is not None:
        assert parse_filter(str(parsed.condition), FEATURES) == parsed


NUMBERS = st.sampled_from([0.0, 1.0, 2.5, -3.0])
TEXTS = st.sampled_from(["hot", "cold", 'a "b"', "ö", "null", "*", "true"])
RESTRICTIONS = st.one_of(
    st.builds(
        "{} {} {!r}".format,
        st.sampled_from(["price", "year"]),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        NUMBERS,
    ),
    st.builds(
        lambda sign, text: f"kind {sign} " + '"' + text.replace('"', '\\"') + '"',
        st.sampled_from(["=", "!="]),
        TEXTS,
    ),
    TEXTS.map(lambda text: 'tags:"' + text.replace('"', '\\"') + '"'),
    st.builds(
        "{} {}".format,
        st.sampled_from(["price", "kind", "tags"]),
        st.sampled_from(["= null", "!= null", ": *"]),
    ),
)
FILTERS = st.recursive(
    RESTRICTIONS,
    lambda inner: st.one_of(
        inner.map("NOT ({})".format),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=8,
)
ITEM_FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "price": NUMBERS,
        "year": NUMBERS,
        "kind": TEXTS,
        "tags": st.lists(TEXTS, min_size=1, unique=True).map(tuple),
    },
)


@settings(deadline=None)
@given(FILTERS, st.lists(ITEM_FEATURES, min_size=1, max_size=6))
def test_a_mask_is_what_python_says_of_each_item(text: str, items: list[dict[str, object]]) -> None:
    parsed = parse_filter(text, FEATURES)
    assert parsed is not None
    table = columns({str(row): features for row, features in enumerate(items)})  # type: ignore[misc]
    expected = [holds(parsed.condition, features) for features in items]  # type: ignore[arg-type]
    assert parsed.condition.mask(table).tolist() == expected
    assert parse_filter(str(parsed.condition), FEATURES) == parsed
