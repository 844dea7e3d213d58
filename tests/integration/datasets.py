"""Small datasets with a known truth."""

import csv
import random
from pathlib import Path

GROUPS, ITEMS_PER_GROUP, USERS, EVENTS_PER_USER = 5, 20, 150, 14
START_SECONDS = 1_700_000_000


def group_of(item_id: str) -> int:
    """The group of an item of the taste dataset."""
    return int(item_id.removeprefix("item-")) // ITEMS_PER_GROUP


def write_tastes(folder: Path) -> Path:
    """Users who view items of one group each, with times; canonical files with item features."""
    chance = random.Random(7)  # noqa: S311  # a fixture, no secret
    folder.mkdir()
    events = []
    for user in range(USERS):
        group = user % GROUPS
        for item in chance.sample(range(ITEMS_PER_GROUP), EVENTS_PER_USER):
            item_id = f"item-{group * ITEMS_PER_GROUP + item}"
            when = START_SECONDS + chance.randrange(30 * 86_400)
            events.append((f"user-{user}", item_id, "view", when))
    events.sort(key=lambda event: event[3])
    items = [(f"item-{n}", f"group{n // ITEMS_PER_GROUP}") for n in range(GROUPS * ITEMS_PER_GROUP)]
    _write(folder / "interactions.csv", "user_id,item_id,event_type,timestamp", events)
    _write(folder / "items.csv", "item_id,genre", items)
    return folder


def write_flat(file: Path, rows: int = 6000) -> list[float]:
    """A flat file of ids, ten numbers and a label; return the weights behind the labels."""
    chance = random.Random(11)  # noqa: S311  # a fixture, no secret
    weights = [chance.gauss(0, 1) for _ in range(10)]
    lines = []
    for _ in range(rows):
        numbers = [chance.gauss(0, 1) for _ in range(10)]
        signal = sum(w * x for w, x in zip(weights, numbers, strict=True))
        label = int(signal + chance.gauss(0, 0.5) > 0)
        ids = (f"user-{chance.randrange(400)}", f"item-{chance.randrange(200)}")
        lines.append((*ids, *numbers, label))
    columns = [f"feature_{number}" for number in range(1, 11)]
    _write(file, ",".join(["user_id", "item_id", *columns, "label"]), lines)
    return weights


def _write(file: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header.split(","))
        writer.writerows(rows)
