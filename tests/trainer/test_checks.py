"""Whether cleaned data is fit to learn from."""

import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recserve.trainer import Fitted, dataset, fit, schema_file
from recserve.trainer.checks import QualityError, examine
from recserve.trainer.checks.drift import distance
from recserve.trainer.checks.leakage import auc
from recserve.trainer.cleaning import clean
from recserve.trainer.split import split
from recserve.v1 import model_pb2
from trainer import generated

RATED = """
[[event_types]]
name = "rating"
positive_at_least = 3.0
"""
NUMBER = '\n[[{}_features]]\nname = "{}"\ntype = "FEATURE_TYPE_NUMERIC"\n'
WORD = '\n[[{}_features]]\nname = "{}"\ntype = "FEATURE_TYPE_CATEGORICAL"\n'
VERDICTS = {
    model_pb2.CHECK_VERDICT_PASSED: "passed",
    model_pb2.CHECK_VERDICT_WARNED: "warned",
    model_pb2.CHECK_VERDICT_FAILED: "failed",
    model_pb2.CHECK_VERDICT_SKIPPED: "skipped",
}


def ratings(count: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Ratings 1 to 5, later and later."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "user_id": [f"u{n}" for n in rng.integers(0, 80, count)],
            "item_id": [f"i{n}" for n in rng.integers(0, 40, count)],
            "value": rng.integers(1, 6, count),
            "timestamp": 1_600_000_000 + 60 * np.arange(count),
        }
    )
    return rows.drop_duplicates(["user_id", "item_id"]).reset_index(drop=True)


def report(
    folder: Path,
    rows: pd.DataFrame,
    schema: str = RATED,
    base: model_pb2.CleaningReport | None = None,
    allowed: tuple[str, ...] = (),
) -> model_pb2.CleaningReport:
    path = folder / "data.csv"
    rows.to_csv(path, index=False)
    parsed = schema_file.parse(schema)
    now = time.time()
    cleaned = clean(dataset.read(dataset.locate(path, parsed.source)), parsed, now)
    tables = cleaned.tables
    parts = split(tables.events, 0.2, clock=tables.clock, ordered=tables.ordered, seed=1)
    return examine(
        tables,
        parts.holdout,
        cleaned.report,
        parsed,
        base=None if base is None else model_pb2.ModelVersion(version=7, cleaning=base),
        allowed=frozenset(allowed),
        now=now,
        seed=1,
    )


def verdicts(found: model_pb2.CleaningReport) -> dict[str, str]:
    return {check.name: VERDICTS[check.verdict] for check in found.checks}


def check(found: model_pb2.CleaningReport, name: str) -> model_pb2.QualityCheck:
    return next(each for each in found.checks if each.name == name)


def test_sound_data_passes(tmp_path: Path) -> None:
    rows = ratings()
    rows["hour"] = np.arange(len(rows)) % 24

    assert verdicts(report(tmp_path, rows, RATED + NUMBER.format("context", "hour"))) == {
        "garbage": "passed",
        "duplicates": "passed",
        "values": "passed",
        "times": "passed",
        "future_times": "passed",
        "concentration": "passed",
        "leakage": "passed",
        "future_features": "skipped",
        "drift": "skipped",
    }


@pytest.mark.parametrize("kind", ["number", "middle", "word", "missing"])
def test_a_feature_that_tells_the_label_is_named(tmp_path: Path, kind: str) -> None:
    rows = ratings()
    liked = rows["value"] >= 3
    noise = np.random.default_rng(1).random(len(rows))
    rows["told"] = {
        "number": np.where(liked, noise, noise - 1),
        "middle": np.where(liked, noise + 1, np.where(noise < 0.5, noise, noise + 2)),
        "word": np.where(liked, "kept", "returned"),
        "missing": np.where(liked, noise.astype(str), ""),
    }[kind]
    schema = RATED + (WORD if kind == "word" else NUMBER).format("context", "told")

    with pytest.raises(
        QualityError, match=r"leakage: context.told alone tells.*--allow leakage"
    ) as caught:
        report(tmp_path, rows, schema)

    assert verdicts(caught.value.report)["leakage"] == "failed"
    assert check(caught.value.report, "leakage").figure > 0.995
    for allowing in (
        report(tmp_path, rows, schema, allowed=("leakage",)),
        report(tmp_path, rows, schema + '[cleaning]\nallowed_checks = ["leakage"]\n'),
    ):
        assert verdicts(allowing)["leakage"] == "failed"
        assert check(allowing, "leakage").allowed
    lenient = schema + "[cleaning]\nmax_feature_auc = 1.0\n"
    if kind in ("number", "word"):
        with pytest.raises(QualityError):
            report(tmp_path, rows, lenient)


def test_a_word_that_comes_once_tells_nothing(tmp_path: Path) -> None:
    rows = ratings()
    rows["session"] = [f"s{n}" for n in range(len(rows))]
    found = report(tmp_path, rows, RATED + WORD.format("context", "session"))

    assert verdicts(found)["leakage"] == "passed"
    assert check(found, "leakage").figure < 0.6


def test_an_item_that_counts_its_later_events_is_named(tmp_path: Path) -> None:
    rows = ratings()
    before = rows[: int(0.8 * len(rows))]
    rows["all_ratings"] = rows.groupby("item_id")["value"].transform("size")
    rows["past_ratings"] = rows["item_id"].map(before.groupby("item_id").size())

    known = report(tmp_path, rows, RATED + NUMBER.format("item", "past_ratings"))
    with pytest.raises(QualityError, match=r"item\.all_ratings is the count of"):
        report(tmp_path, rows, RATED + NUMBER.format("item", "all_ratings"))

    assert verdicts(known)["future_features"] == "passed"


def test_the_auc_counts_ties_half() -> None:
    positive = np.array([True, False, True, False])

    assert auc(np.array([2.0, 1.0, 3.0, 0.0]), positive) == 1.0
    assert auc(np.array([1.0, 1.0, 2.0, 0.0]), positive) == 0.875
    assert auc(np.zeros(4), positive) == 0.5


@pytest.mark.parametrize("count", [60, 2000])
def test_data_of_the_same_source_does_not_drift(tmp_path: Path, count: int) -> None:
    schema = RATED + NUMBER.format("context", "hour")
    first, later = ratings(count), ratings(count, seed=5)
    first["hour"], later["hour"] = (
        np.random.default_rng(seed).random(len(rows)) for seed, rows in ((1, first), (2, later))
    )
    base = report(tmp_path, first, schema)
    found = report(tmp_path, later, schema, base)

    assert verdicts(found)["drift"] == "passed"


def test_what_drifts_is_named_with_its_distance(tmp_path: Path) -> None:
    base = report(tmp_path, ratings())
    skewed = ratings(seed=1)
    skewed["value"] = np.minimum(skewed["value"], 3)
    other = ratings(seed=1)
    other["item_id"] = "new-" + other["item_id"]

    warned = report(tmp_path, skewed, base=base)

    assert verdicts(warned)["drift"] == "warned"
    assert "of version 7" in check(warned, "drift").finding
    assert "value 0." in check(warned, "drift").finding
    with pytest.raises(QualityError, match=r"drift: .* item 1.00"):
        report(tmp_path, other, base=base)


def test_the_distance_is_that_of_jensen_and_shannon() -> None:
    many = 10**12
    one = model_pb2.Distribution(count=many, shares=[1.0, 0.0])
    other = model_pb2.Distribution(count=many, shares=[0.0, 1.0])
    half = model_pb2.Distribution(count=many, shares=[0.5, 0.5])

    assert distance(one, one) == 0.0
    assert distance(one, other) == pytest.approx(1.0, abs=1e-6)
    assert distance(one, half) == pytest.approx(0.5579230452841438, abs=1e-6)


def test_the_summary_is_small_and_names_no_user(tmp_path: Path) -> None:
    summary = report(tmp_path, ratings()).summary

    assert {each.name for each in summary.distributions} == {"event_type", "value", "item"}
    assert summary.ByteSize() < 2000
    for each in summary.distributions:
        assert sum(each.shares) == pytest.approx(1.0, abs=1e-5)
        assert not any(value.startswith("u") for value in each.values)


def test_plain_faults_are_warned_of(tmp_path: Path) -> None:
    rows = ratings()
    rows["value"] = 5
    rows["timestamp"] = np.where(
        np.arange(len(rows)) < 0.6 * len(rows), 1_600_000_000, rows["timestamp"]
    )
    rows.loc[0, "timestamp"] = int(time.time()) + 3600
    rows["value"] = rows["value"].astype(str).where(np.arange(len(rows)) > 40, "?")

    found = report(tmp_path, rows, '[[event_types]]\nname = "rating"\n')

    told = verdicts(found)
    assert told["values"] == told["times"] == told["garbage"] == "warned"
    assert "bad_value 41 (row 1: item_id=" in check(found, "garbage").finding


@pytest.mark.integration
def test_a_warm_start_goes_on_with_other_switches_and_sees_drift(
    pointwise: Fitted, flat: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(pointwise.path.parents[1], store)
    later = tmp_path / "later.csv"
    generated.flat(seed=3).to_csv(later, index=False)
    file = tmp_path / "other.toml"
    numbers = "".join(NUMBER.format("candidate", f"f{n}") for n in range(1, 11))
    kind = pointwise.manifest.schema.event_types[0].name
    file.write_text(
        f'{numbers}[[event_types]]\nname = "{kind}"\npositive_at_least = 0.5\n'
        '[source]\nvalue_column = "label"\n[cleaning]\nmin_item_events = 2\n'
    )

    warm = fit(
        later, store, schema=file, mode="warm-start", base=1, hyper_parameters={"max_epochs": 1}
    )

    assert warm.manifest.schema.cleaning.min_item_events == 2
    assert warm.manifest.lineage.schema_digest != pointwise.manifest.lineage.schema_digest
    assert verdicts(warm.manifest.cleaning)["drift"] == "passed"
    assert len(warm.manifest.cleaning.summary.distributions) == 13
