"""A dataset where what items are about decides who wants them, and some items are new."""

import json
import random
from pathlib import Path

import numpy as np
import pandas as pd

TOPICS = {
    "cooking": "bread oven butter recipe kitchen flour sauce pan",
    "cycling": "bike wheel saddle road gear pedal chain helmet",
    "astronomy": "star telescope planet orbit moon galaxy comet lens",
    "gardening": "soil seed rose compost hedge lawn tulip spade",
    "chess": "opening gambit rook endgame bishop tactic pawn board",
}
KNOWN, NEW, DIMENSION, USERS, EVENTS_PER_USER = 16, 8, 12, 120, 10
START_SECONDS = 1_700_000_000

SCHEMA = """
[[event_types]]
name = "view"

[[user_features]]
name = "about"
type = "FEATURE_TYPE_TEXT"

[[user_features]]
name = "joined"
type = "FEATURE_TYPE_TIMESTAMP"

[[item_features]]
name = "description"
type = "FEATURE_TYPE_TEXT"

[[item_features]]
name = "image"
type = "FEATURE_TYPE_VECTOR"
dimension = 12

[[item_features]]
name = "released"
type = "FEATURE_TYPE_TIMESTAMP"

[[item_features]]
name = "price"
type = "FEATURE_TYPE_NUMERIC"

[[context_features]]
name = "search"
type = "FEATURE_TYPE_TEXT"

[[context_features]]
name = "local_time"
type = "FEATURE_TYPE_TIMESTAMP"

[[context_features]]
name = "photo"
type = "FEATURE_TYPE_VECTOR"
dimension = 2
"""


def topic_of(item_id: str) -> str:
    """The topic of an item."""
    return item_id.split("-")[0]


def is_new(item_id: str) -> bool:
    """Whether nobody has done anything with an item."""
    return "new" in item_id


def write_topics(folder: Path) -> Path:
    """A folder where each user views the items of one topic, in files of several forms."""
    chance = random.Random(5)  # noqa: S311  # a fixture, no secret
    noise = np.random.default_rng(5)
    folder.mkdir()
    (folder / "schema.toml").write_text(SCHEMA)
    centers = noise.normal(size=(len(TOPICS), DIMENSION))
    items = []
    for center, (topic, words) in zip(centers, TOPICS.items(), strict=True):
        for number in range(KNOWN + NEW):
            told = [*chance.sample(words.split(), 3), *chance.sample(_COMMON, 3)]
            chance.shuffle(told)
            items.append(
                {
                    "item_id": f"{topic}-{'new' if number >= KNOWN else 'known'}-{number}",
                    "description": " ".join(told).capitalize() + "!",
                    "image": (center + noise.normal(size=DIMENSION)).astype(np.float32).tolist(),
                    "released": START_SECONDS - chance.randrange(10**8),
                    "price": round(chance.lognormvariate(2, 1), 2),
                }
            )
    pd.DataFrame(items).to_parquet(folder / "items.parquet")
    events, users = [], []
    for user in range(USERS):
        topic = list(TOPICS)[user % len(TOPICS)]
        joined = pd.Timestamp(START_SECONDS - chance.randrange(10**7), unit="s")
        about = f"I am {chance.choice(_COMMON)}" if user % 3 else ""
        users.append((f"user-{user}", about, joined.isoformat() if user % 4 else ""))
        for number in chance.sample(range(KNOWN), EVENTS_PER_USER):
            time = START_SECONDS + chance.randrange(30 * 86_400)
            photo = json.dumps([round(noise.normal(), 3) for _ in range(2)]) if user % 2 else ""
            search = chance.choice(TOPICS[topic].split()) if user % 2 else ""
            event = (f"user-{user}", f"{topic}-known-{number}", "view", time, search, time, photo)
            events.append(event)
    pd.DataFrame(users, columns=["user_id", "about", "joined"]).to_csv(
        folder / "users.csv", index=False
    )
    columns = ["user_id", "item_id", "event_type", "timestamp", "search", "local_time", "photo"]
    pd.DataFrame(events, columns=columns).to_csv(folder / "interactions.csv", index=False)
    return folder


_COMMON = ["the", "a", "new", "very", "good", "old", "for", "with", "our", "best", "small", "red"]
