"""Datasets: the bundled sample, and those that are written for a benchmark."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

GENRES, VIEWERS, VIEWS = 50, 400, 10_000
FIRST_VIEW_SECONDS = 1_700_000_000
PAIR_FEATURES, FLAT_ROWS, FLAT_ITEMS = 10, 4000, 200


def histories(interactions: Path, user: str, item: str, time: str) -> dict[str, list[str]]:
    """The items of each user, oldest first; the last three arguments name the columns."""
    with interactions.open(newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: int(row[time]))
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row[user]].append(row[item])
    return found


def middle_user(found: dict[str, list[str]]) -> str:
    """The user whose history is of median length."""
    ordered = sorted(found, key=lambda user: (len(found[user]), user))
    return ordered[len(ordered) // 2]


def write_views(folder: Path, item_count: int) -> Path:
    """Users who view items of one genre each, out of so many items."""
    chance = random.Random(7)  # noqa: S311  # a dataset, no secret
    folder.mkdir(parents=True)
    _write(
        folder / "items.csv",
        ("item_id", "genre"),
        ((f"item-{n}", f"genre-{n % GENRES}") for n in range(item_count)),
    )
    _write(
        folder / "interactions.csv",
        ("user_id", "item_id", "event_type", "timestamp"),
        (
            (f"user-{n % VIEWERS}", f"item-{item}", "view", FIRST_VIEW_SECONDS + 60 * n)
            for n in range(VIEWS)
            for item in [chance.randrange(item_count // GENRES) * GENRES + n % VIEWERS % GENRES]
        ),
    )
    return folder


def write_pairs(file: Path) -> Path:
    """A flat file of ids, ten features of the pair and a label."""
    chance = random.Random(11)  # noqa: S311  # a dataset, no secret
    weights = [chance.gauss(0, 1) for _ in range(PAIR_FEATURES)]

    def row(number: int) -> tuple[object, ...]:
        features = [round(chance.gauss(0, 1), 4) for _ in range(PAIR_FEATURES)]
        signal = sum(w * x for w, x in zip(weights, features, strict=True))
        label = int(signal + chance.gauss(0, 0.5) > 0)
        return (f"user-{chance.randrange(400)}", f"item-{number % FLAT_ITEMS}", *features, label)

    names = [f"feature_{number}" for number in range(1, PAIR_FEATURES + 1)]
    _write(file, ("user_id", "item_id", *names, "label"), map(row, range(FLAT_ROWS)))
    return file


def _write(file: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
