"""Data that is broken: a clear report or a clear error, never a traceback."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recserve.trainer.command import cli
from trainer import generated

SCHEMA = (
    '[[event_types]]\nname = "label"\npositive_at_least = 0.5\n[source]\nvalue_column = "label"\n'
    + "".join(
        f'[[candidate_features]]\nname = "f{n}"\ntype = "FEATURE_TYPE_NUMERIC"\n'
        for n in range(1, 11)
    )
)
ROWS = generated.flat(400)
TEXT = ROWS.to_csv(index=False)
LINES = TEXT.splitlines()


def fitted(folder: Path, name: str, content: bytes, *options: str) -> Result:
    (folder / "schema.toml").write_text(SCHEMA)
    path = folder / name
    path.write_bytes(content)
    arguments = ["fit", path, "--store", folder / "store", "--schema", folder / "schema.toml"]
    return CliRunner().invoke(cli, [str(each) for each in [*arguments, *options]])


def changed(**columns: object) -> bytes:
    return ROWS.assign(**columns).to_csv(index=False).encode()


def parquet() -> bytes:
    stream = io.BytesIO()
    ROWS.to_parquet(stream)
    return stream.getvalue()


NOISE = np.random.default_rng(3).random(len(ROWS))
TIMES = 1_600_000_000 + 60 * np.arange(len(ROWS))
LATE = (np.arange(len(ROWS)) >= len(ROWS) - 40).astype(int)
GARBAGE = np.where(NOISE < 0.4, "?", ROWS["label"].astype(str))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("data.csv", b"", "has no columns"),
        ("data.csv", LINES[0].encode(), "has no rows"),
        ("data.csv", bytes(range(256)) * 40, "line 2 is binary; is it a CSV file at all"),
        ("data.csv", TEXT.encode("utf-16"), "it is UTF-16; convert it: `iconv -f utf-16"),
        ("data.csv", TEXT.encode() + b"J\xf6rg,i1", "line 402 has the byte 0xf6 in 'Jörg,i1'"),
        ("data.csv.gz", gzip.compress(TEXT.encode())[:-99], "cannot be read"),
        ("data.csv.gz", TEXT.encode(), "cannot be read"),
        ("data.parquet", parquet()[:-99], "cannot be read"),
        ("data.parquet", parquet()[:99], "cannot be read"),
        ("data.csv", TEXT.replace("f2", "f1", 1).encode(), "two columns have the same name, 'f1'"),
        ("data.csv", TEXT.replace("f2", "g2", 1).encode(), "has no column 'f2'"),
        ("data.csv", changed(user_id="u"), "a single user"),
        ("data.csv", changed(item_id="i"), "a single item"),
        ("data.csv", changed(label=1), "all labels are the same"),
        ("data.csv", changed(label=0), "no event is positive"),
        ("data.csv", changed(label=LATE, timestamp=TIMES), "no event before the holdout is"),
        ("data.csv", changed(label="good"), "nothing is left of the 400 rows"),
        ("data.csv", changed(label="1e400"), "bad_value dropped 400"),
        ("data.csv", changed(timestamp=4e9), "impossible_time dropped 400"),
        ("data.csv", changed(timestamp="soon"), "bad_time dropped 400"),
        ("data.csv", changed(label=GARBAGE), f"garbage: {(GARBAGE == '?').mean():.1%} of the rows"),
        ("data.csv", changed(f3=ROWS["label"] + NOISE / 2), "leakage: candidate.f3 alone tells"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    done = fitted(tmp_path, name, content)

    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    assert told in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "store").exists()


def spoiled(lines: list[str]) -> str:
    """A tenth of the rows spoiled in every way."""
    spoils: list[Callable[[str], str]] = [
        lambda line: line + ",more,and,more",
        lambda line: '"' + line,
        lambda line: line.replace("u", "", 1).replace(line.split(",")[0][1:], "", 1),
        lambda line: line.rsplit(",", 1)[0] + ",?",
        lambda line: line.rsplit(",", 1)[0] + ",1e400",
        lambda line: "u\0x" + line,
        lambda line: "x" * 300 + line,
        lambda line: "x" * 200_000 + line,
    ]
    return "\n".join(
        spoils[(number // 10) % len(spoils)](line) if number % 10 == 5 else line
        for number, line in enumerate(lines)
    )


@pytest.mark.integration
def test_a_tenth_of_garbage_is_counted_and_the_rest_learned_from(tmp_path: Path) -> None:
    content = spoiled(LINES)[:-20]  # and the last line is cut off

    done = fitted(tmp_path, "data.csv", content.encode(), "--max-epochs", "1", "--json")

    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "store/default/1/manifest.json").read_text())["cleaning"]
    dropped = {rule["name"]: int(rule["dropped"]) for rule in report["rules"] if "dropped" in rule}
    assert dropped == {
        "unreadable_row": 15,
        "missing_id": 5,
        "malformed_id": 5,
        "oversized_id": 5,
        "bad_value": 10,
        "missing_value": 1,
    }
    assert int(report["rows_read"]) == 400
    assert int(report["rows_kept"]) == 359
    garbage = report["checks"][0]
    assert (garbage["name"], garbage["verdict"]) == ("garbage", "CHECK_VERDICT_WARNED")
    assert garbage["figure"] == pytest.approx(41 / 400)
