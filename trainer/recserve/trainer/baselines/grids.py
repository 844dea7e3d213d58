"""The baselines by name, each with the settings that are tried."""

from __future__ import annotations

from collections.abc import Sequence

from recserve.trainer.baselines import blend, ease, ials, item_knn
from recserve.trainer.baselines.method import Method

GRIDS: dict[str, Sequence[Method]] = {
    "item_knn": item_knn.GRID,
    "ials": ials.GRID,
    "ease": ease.GRID,
    "blend": blend.GRID,
}
"""In the order in which they are learned: the blend is with EASE."""
