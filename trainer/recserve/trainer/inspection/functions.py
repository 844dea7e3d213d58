"""Of what a column is a function: the user, the item, or neither."""

from __future__ import annotations

from typing import Literal

import pandas as pd

Owner = Literal["user", "item", "neither"]

# Real data has a few slips; a true function stays above this.
CONSTANT_SHARE = 0.98


def owner(
    values: pd.Series[str], users: pd.Series[str], items: pd.Series[str]
) -> tuple[Owner, str]:
    """Judges by the groups that have more than one row with a value.

    A column that no such group speaks for belongs to neither; neither does one that is the
    same everywhere, or that is a function of both.

    Returns:
        The owner, and the reason in words.
    """
    shares = {"user": constant_share(values, users), "item": constant_share(values, items)}
    told = {
        kind: "no repeated one" if share is None else f"{share:.0%}"
        for kind, share in shares.items()
    }
    holds = [
        kind for kind, share in shares.items() if share is not None and share >= CONSTANT_SHARE
    ]
    reason = f"constant within repeated users: {told['user']}, items: {told['item']}"
    if len(holds) == 1:
        return ("user" if holds[0] == "user" else "item"), reason
    return "neither", reason


def constant_share(values: pd.Series[str], groups: pd.Series[str]) -> float | None:
    """The share of groups of two rows or more that have one value; None without such groups."""
    present = values != ""
    sizes = values[present].groupby(groups[present]).agg(["size", "nunique"])
    repeated = sizes[sizes["size"] > 1]
    if repeated.empty:
        return None
    return float((repeated["nunique"] == 1).mean())
