"""Datasets: the bundled sample, and those that are written for a benchmark."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

GENRES, VIEWERS, VIEWS = 50, 400, 10_000
FIRST_VIEW_SECONDS = 1_700_000_000
EVENT_TYPES = ("view", "cart", "rating")
ROWS_AT_ONCE = 100_000
WALK, OWN_GENRE, GOING_ON, YEAR = 165, 0.8, 0.33, 86_400 * 365
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


def write_events(file: Path, count: int) -> Path:
    """So many events of three types, a fiftieth as many users, few items in most of them."""
    chance = np.random.default_rng(5)
    file.parent.mkdir(parents=True, exist_ok=True)
    users, items = max(100, count // 50), max(50, count // 100)
    with file.open("w") as out:
        out.write("user_id,item_id,event_type,value,timestamp\n")
        for first in range(0, count, ROWS_AT_ONCE):
            size = min(ROWS_AT_ONCE, count - first)
            columns = (
                chance.integers(0, users, size),
                (chance.pareto(1.2, size) * 50).astype(np.int64) % items,
                chance.integers(0, 3, size),
                chance.integers(1, 6, size),
                FIRST_VIEW_SECONDS + 3 * np.arange(first, first + size),
            )
            out.writelines(
                f"user-{user},item-{item},{EVENT_TYPES[kind]},{value},{time}\n"
                for user, item, kind, value, time in zip(*columns, strict=True)
            )
    return file


def write_walks(file: Path, count: int) -> Path:
    """So many views with something to learn: users of one genre, who go on to the next item.

    A user has 165 views in a year, as many as in MovieLens 1M; most are of the user's own genre,
    where a third leads to the item after the last one and the rest to a popular one.
    """
    chance = np.random.default_rng(6)
    file.parent.mkdir(parents=True, exist_ok=True)
    items = max(GENRES * 4, count // 270)
    size = items // GENRES
    number = np.arange(count)
    user = number // WALK
    genre = np.where(chance.random(count) < OWN_GENRE, user % GENRES, chance.integers(GENRES))
    jumps = (chance.random(count) > GOING_ON) | (genre != np.roll(genre, 1)) | (number % WALK == 0)
    start = (chance.pareto(1.0, count) * size / 10).astype(np.int64) % size
    begun = np.maximum.accumulate(np.where(jumps, number, 0))
    item = genre * size + (start[begun] + number - begun) % size
    times = FIRST_VIEW_SECONDS + chance.integers(0, 86_400, user[-1] + 1)[user]
    times += YEAR // WALK * (number % WALK)
    with file.open("w") as out:
        out.write("user_id,item_id,event_type,timestamp\n")
        out.writelines(
            f"user-{each[0]},item-{each[1]},view,{each[2]}\n"
            for each in zip(user, item, times, strict=True)
        )
    return file


def _write(file: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
