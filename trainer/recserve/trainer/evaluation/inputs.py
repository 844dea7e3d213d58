"""The inputs of the signatures, from tables."""

from __future__ import annotations

from typing import Any

from recserve.trainer.tables import FeatureTable, Floats, Tables


def item_inputs(tables: Tables, weight: Floats) -> dict[str, Any]:
    """The inputs of `encode_items` for the whole catalogue."""
    return {
        "item_ids": tables.item_ids,
        "item_popularity": weight,
        **feature_inputs("item", tables.item_features),
    }


def feature_inputs(prefix: str, table: FeatureTable) -> dict[str, Any]:
    """Features as the inputs of a signature."""
    return {
        f"{prefix}_numeric": table.numeric,
        f"{prefix}_categorical": table.categorical,
        f"{prefix}_multi_valued": table.multi_valued,
    }
