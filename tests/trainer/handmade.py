"""Events and tables from a few numbers."""

import numpy as np

from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.tables import Events, FeatureTable, Tables


def no_features(count: int) -> FeatureTable:
    return FeatureTable(
        np.zeros((count, 0), np.float32),
        np.empty((count, 0), object),
        np.empty((count, 0, 1), object),
        FeatureLayout(),
    )


def events(users: list[int], items: list[int], positive: list[bool] | None = None) -> Events:
    """Positive events at times 0, 1, 2, …, given in the order of the users."""
    count = len(users)
    ones = np.ones(count, np.float32)
    return Events(
        user=np.array(users, np.int32),
        item=np.array(items, np.int32),
        type=np.zeros(count, np.int32),
        value=ones,
        time=np.arange(count, dtype=float),
        positive=np.array(positive if positive is not None else ones > 0),
        weight=ones,
        candidate=np.zeros((count, 0), np.float32),
        context=no_features(count),
        row=np.arange(count),
    )


def tables(made: Events, item_count: int, features: FeatureTable | None = None) -> Tables:
    """Tables with a clock, of so many items and as many users as have events."""
    user_count = int(made.user.max()) + 1
    return Tables(
        events=made,
        item_ids=np.array([f"i{item}" for item in range(item_count)], object),
        item_features=features or no_features(item_count),
        user_ids=np.array([f"u{user}" for user in range(user_count)], object),
        user_features=no_features(user_count),
        clock=True,
        ordered=True,
    )
