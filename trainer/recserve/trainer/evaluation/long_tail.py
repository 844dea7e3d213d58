"""How recommendations spread over popular and rare items."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2

PARTS = 10


def deciles(rows: Ints, popularity: Floats) -> list[model_pb2.PopularityDecile]:
    """The shares of events and of recommendations that fall to each tenth of the catalogue.

    Args:
        rows: int `[Q, K]`, recommended items, -1 for none.
        popularity: float `[N]`, events on each item.

    Returns:
        The most popular tenth first; one entry per item where there are fewer than ten.
    """
    order = np.argsort(-popularity, kind="stable")
    top = rows[:, :CUT_OFF]
    recommended = np.bincount(top[top >= 0], minlength=len(popularity))
    events, shown = max(float(popularity.sum()), 1.0), max(int(recommended.sum()), 1)
    return [
        model_pb2.PopularityDecile(
            item_count=len(part),
            event_share=float(popularity[part].sum()) / events,
            recommendation_share=float(recommended[part].sum()) / shown,
        )
        for part in np.array_split(order, min(PARTS, len(order)))
    ]
