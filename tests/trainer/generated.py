"""Small datasets with something to find."""

from pathlib import Path

import numpy as np
import pandas as pd

QUICK = {"embedding_width": 16, "candidate_count": 20, "max_epochs": 6, "history_length": 8}
"""Hyper-parameters with which a small dataset trains in seconds."""

CHAINS = 6
CHAIN_LENGTH = 10


def chains(users: int = 120, length: int = 14, seed: int = 0) -> pd.DataFrame:
    """Users who walk along chains of items: the next item follows from the last one.

    All begin within an hour, so a cut in time leaves each a history.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        chain, at = rng.integers(CHAINS), int(rng.integers(CHAIN_LENGTH))
        begin = 1_600_000_000 + int(rng.integers(0, 3600))
        for step in range(length):
            if rng.random() < 0.1:
                chain, at = rng.integers(CHAINS), int(rng.integers(CHAIN_LENGTH))
            item = f"i{chain}-{at}"
            rows.append((f"u{user}", item, begin + 3600 * step, f"c{chain}", float(at)))
            at = (at + 1) % CHAIN_LENGTH
    columns = ["user_id", "item_id", "timestamp", "chain", "place"]
    return pd.DataFrame(rows, columns=columns).drop_duplicates(["user_id", "item_id"])


CHAINS_SCHEMA = """
[[event_types]]
name = "view"
[[item_features]]
name = "chain"
type = "FEATURE_TYPE_CATEGORICAL"
[[item_features]]
name = "place"
type = "FEATURE_TYPE_NUMERIC"
"""


def write_chains(folder: Path, rows: pd.DataFrame | None = None) -> Path:
    """The chains as a dataset folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (chains() if rows is None else rows).to_csv(folder / "interactions.csv", index=False)
    (folder / "schema.toml").write_text(CHAINS_SCHEMA)
    return folder


def flat(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Ids, ten numbers of the pair, and a label that the numbers tell."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, 10))
    chance = 1 / (1 + np.exp(-numbers @ rng.normal(size=10)))
    table = pd.DataFrame(numbers.round(4), columns=[f"f{i}" for i in range(1, 11)])
    table.insert(0, "item_id", [f"i{i}" for i in rng.integers(0, 40, rows)])
    table.insert(0, "user_id", [f"u{u}" for u in rng.integers(0, 60, rows)])
    table["label"] = (chance > rng.random(rows)).astype(int)
    return table
