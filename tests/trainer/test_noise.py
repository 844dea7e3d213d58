"""The rules that look at many rows together, and the switches of all rules."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recserve.trainer import dataset, schema_file
from recserve.trainer.cleaning import Cleaned, clean
from recserve.trainer.errors import SchemaError
from trainer.test_cleaning import GOOD, NOW, SCHEMA, cleaned, counts

RATED = """
[[event_types]]
name = "rating"
positive_at_least = 3.0
"""
PLAIN = """
[[event_types]]
name = "view"
[[event_types]]
name = "shown"
polarity = "POLARITY_IMPRESSION"
"""


def written(folder: Path, rows: pd.DataFrame, schema: str) -> Cleaned:
    path = folder / "data.csv"
    rows.to_csv(path, index=False)
    parsed = schema_file.parse(schema)
    return clean(dataset.read(dataset.locate(path, parsed.source)), parsed, NOW)


def events(rows: list[tuple[str, str, str, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "event_type", "value", "timestamp"])


def many_users(count: int = 30, each: int = 4) -> list[tuple[str, str, str, float, float]]:
    return [
        (f"u{user}", f"i{n}", "view", 1.0, 1.6e9 + 7200 * n)
        for user in range(count)
        for n in range(each)
    ]


def test_a_burst_is_one_event(tmp_path: Path) -> None:
    rows = [("a", "x", "view", 1.0, 1.6e9 + second) for second in (0, 3, 7, 20)]
    rows += [("a", "x", "view", 2.0, 1.6e9 + 21), ("b", "y", "view", 1.0, 1.6e9)]

    result = written(tmp_path, events(rows), PLAIN)
    longer = written(tmp_path, events(rows), PLAIN + "[cleaning]\nburst_seconds = 60\n")
    off = written(
        tmp_path, events(rows), PLAIN + '[cleaning]\ndisabled_rules = ["duplicate_burst"]'
    )

    assert counts(result) == {"duplicate_burst": (2, 0)}
    assert counts(longer) == {"duplicate_burst": (3, 0)}
    assert counts(off) == {}
    rule = next(rule for rule in result.report.rules if rule.name == "duplicate_burst")
    assert list(rule.examples) == [
        "row 2: item_id='x'",
        "row 3: item_id='x'",
    ]
    assert {rule.name for rule in off.report.rules if rule.disabled} == {
        "duplicate_burst",
        "user_scale",
    }


@pytest.mark.parametrize(
    ("kind", "settings", "dropped"),
    [
        ("view", "", 1200),
        ("shown", "", 0),
        ("view", "bot_hourly_events = 1200", 0),
        ("view", 'disabled_rules = ["bot_rate"]', 0),
    ],
)
def test_a_user_with_an_impossible_rate_is_left_out(
    tmp_path: Path, kind: str, settings: str, dropped: int
) -> None:
    bot = [("bot", f"i{n % 900}", kind, 1.0, 1.6e9 + 2.9 * n) for n in range(1200)]

    result = written(tmp_path, events(many_users() + bot), PLAIN + "[cleaning]\n" + settings)

    assert counts(result) == ({"bot_rate": (dropped, 0)} if dropped else {})
    assert result.tables.user_count == (30 if dropped else 31)


def test_a_rate_that_all_users_have_is_possible(tmp_path: Path) -> None:
    rows = [(f"u{user}", f"i{n}", "view", 1.0, 1.6e9) for user in range(30) for n in range(60)]

    assert (
        counts(written(tmp_path, events(rows), PLAIN + "[cleaning]\nbot_hourly_events = 10")) == {}
    )


def test_the_latest_of_contradictory_ratings_counts(tmp_path: Path) -> None:
    rows = [
        ("a", "x", "rating", 5.0, 1.6e9 + 90),
        ("a", "x", "rating", 1.0, 1.6e9),
        ("a", "y", "rating", 4.0, 1.6e9),
        ("a", "y", "rating", 5.0, 1.6e9 + 90),
        ("b", "x", "rating", 1.0, 1.6e9),
    ]

    result = written(tmp_path, events(rows), RATED)

    assert counts(result) == {"contradictory_rating": (1, 0)}
    assert result.tables.events.value.tolist() == [4.0, 5.0, 5.0, 1.0]


def test_outcomes_of_impressions_do_not_contradict_each_other(tmp_path: Path) -> None:
    rows = [("a", "x", "rating", 5.0, 1.6e9), ("a", "x", "rating", 0.0, 1.6e9 + 90)]
    rows += [("b", "y", "rating", 5.0, 1.6e9)]
    chosen = RATED + '[cleaning]\nenabled_rules = ["contradictory_rating"]'

    assert counts(written(tmp_path, events(rows), RATED)) == {}
    assert counts(written(tmp_path, events(rows), chosen)) == {"contradictory_rating": (1, 0)}


def test_rare_items_and_users_stay_unless_the_schema_says_so(tmp_path: Path) -> None:
    rows = events(
        [*many_users(3), ("rare", "i0", "view", 1.0, 1.6e9), ("u0", "r", "view", 1, 1.6e9)]
    )
    settings = "[cleaning]\nmin_user_events = 2\nmin_item_events = 2\n"

    assert counts(written(tmp_path, rows, PLAIN)) == {}
    result = written(tmp_path, rows, PLAIN + settings)

    assert counts(result) == {"rare_item": (1, 0), "rare_user": (1, 0)}
    assert "r" not in result.tables.item_ids


def test_a_generous_user_is_judged_by_the_users_own_scale(tmp_path: Path) -> None:
    rows = [
        (user, f"i{n}", "rating", value, 1.6e9 + n)
        for user, values in {
            "kind": [5, 5, 5, 5, 5, 5, 3],
            "strict": [1, 1, 1, 1, 1, 1, 2.5],
        }.items()
        for n, value in enumerate(values)
    ]
    settings = '[cleaning]\nenabled_rules = ["user_scale"]'

    plain = written(tmp_path, events(rows), RATED).tables.events
    scaled = written(tmp_path, events(rows), RATED + settings)

    assert plain.positive.tolist() == [True] * 7 + [False] * 7
    assert scaled.tables.events.positive.tolist() == [True] * 6 + [False] * 7 + [True]
    assert scaled.tables.events.value.tolist() == plain.value.tolist()
    assert counts(scaled) == {"user_scale": (0, 2)}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('disabled_rules = ["bad_value"]', "'bad_value' cannot be switched off"),
        ('disabled_rules = ["bots"]', "there is no 'bots'; there are unreadable_row"),
        ('allowed_checks = ["luck"]', "there is no 'luck'; there are garbage"),
        ("max_garbage_share = 2.0", "max_garbage_share must be 0 to 1"),
        ("min_user_events = 0", "min_user_events must be 1 to"),
        ('enabled_rules = ["bot_rate"]\ndisabled_rules = ["bot_rate"]', "enabled and disabled"),
        ("bots = true", 'no field named "bots"'),
    ],
)
def test_a_switch_that_is_not_there_is_refused(settings: str, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        schema_file.parse(f"[cleaning]\n{settings}\n")


def test_ids_keep_their_white_space_where_trimming_is_off(tmp_path: Path) -> None:
    settings = '[cleaning]\ndisabled_rules = ["trimmed_id"]\n'

    result = cleaned(tmp_path, [*GOOD, " a,x,rating,5,1600000009,1.5,red|blue"], SCHEMA + settings)

    assert counts(result) == {}
    assert result.tables.user_count == 3


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_in_many_pieces_is_cleaned_like_one_in_a_single_piece(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    count = 2000
    rows = pd.DataFrame(
        {
            "user_id": [f"u{n}" for n in rng.integers(0, 40, count)],
            "item_id": [f" i{n}" if n % 17 == 0 else f"i{n}" for n in rng.integers(0, 60, count)],
            "event_type": rng.choice(["rating", "hide", "wave"], count),
            "value": rng.choice(["1", "5", "x", ""], count),
            "timestamp": rng.integers(1_600_000_000, 1_600_000_900, count).astype(str),
            "price": rng.choice(["1", "2", ""], count),
            "tags": rng.choice(['"red"|blue', "red", ""], count),
        }
    )
    path = tmp_path / f"data.{suffix}"
    rows.to_csv(path, index=False) if suffix == "csv" else rows.to_parquet(path)
    schema = schema_file.parse(SCHEMA)

    def read() -> Cleaned:
        return clean(dataset.read(dataset.locate(path, schema.source)), schema, NOW)

    whole = read()
    monkeypatch.setattr("recserve.trainer.dataset.PIECE_ROWS", 200)
    monkeypatch.setattr("recserve.trainer.csv_file.PIECE_CHARACTERS", 9000)
    pieces = read()

    assert counts(pieces) == counts(whole)
    assert pieces.report.rows_kept > 500
    for field in ("user", "item", "type", "value", "time", "positive"):
        np.testing.assert_array_equal(
            getattr(pieces.tables.events, field), getattr(whole.tables.events, field)
        )
    assert pieces.tables.item_ids.tolist() == whole.tables.item_ids.tolist()
    np.testing.assert_array_equal(
        pieces.tables.item_features.multi_valued, whole.tables.item_features.multi_valued
    )
